// SPDX-License-Identifier: Apache-2.0
/// Who is at the other end of a connection, as far as the kernel told; nothing in it was said by the peer itself.
///
/// What is nil is unknown, which is neither root nor nobody: whoever judges by it needs an answer for the unknown. The user is the one
/// that made the socket, even if the socket was handed on or its maker became somebody else since.
package struct PeerIdentity: Hashable, Sendable {
  /// The user's number, as this process's user namespace shows it.
  package let user: UInt32?
  /// The user's name; nil when there is no user or the number has no name here.
  package let userName: String?
  /// The unit of the system's service manager: `webapp.service`, `session-3.scope`; for a user's own services `user@1000.service`.
  package let unit: String?
  /// Why the user is unknown, or, if the user is known, why the unit is not; nil when both are known.
  package let gap: Gap?

  /// An identity from what was found out about its two halves.
  package init(user: Result<UInt32, Gap>, userName: String?, unit: Result<String, Gap>) {
    var gaps: [Gap] = []
    do {
      self.user = try user.get()
    } catch {
      self.user = nil
      gaps.append(error)
    }
    do {
      self.unit = try unit.get()
    } catch {
      self.unit = nil
      gaps.append(error)
    }
    self.userName = self.user == nil ? nil : userName
    gap = gaps.first
  }

  /// Nobody knows who this is.
  package static func unknown(_ gap: Gap) -> PeerIdentity {
    PeerIdentity(user: .failure(gap), userName: nil, unit: .failure(gap))
  }

  /// Why something of an identity is unknown.
  package enum Gap: Error, Hashable, Sendable {
    /// The kernel does not let us ask, or cannot answer; holds for every connection alike.
    case cannotAsk(SystemFailure)
    /// Nothing is at the other end: it was closed, or it is on another machine or in another network namespace.
    case noSuchSocket
    /// The connection itself is from another network namespace than ours, as one handed over by the service manager may be.
    case otherNetworkNamespace
    /// The peer had closed its socket before we asked, and this kernel no longer knows whose it was.
    case closedBefore
    /// The connection was broken off before we had asked.
    case brokenOff
    /// The user has no number in our user namespace.
    case userNotMapped
    /// The peer's process has ended, or we may not see it.
    case processNotSeen
    /// The peer's control group has been removed, or we may not see it.
    case cgroupNotSeen
    /// The control groups were read a moment ago and this one is newer; asked again soon there is an answer.
    case cgroupNotReadYet
    /// No unified control group hierarchy is mounted.
    case cgroupsNotMounted
    /// The peer belongs to no unit: a container, or a machine without systemd.
    case noUnit
  }
}

extension PeerIdentity.Gap: CustomStringConvertible {
  package var description: String {
    switch self {
    case .cannotAsk(let failure): "\(failure); allow AF_NETLINK in RestrictAddressFamilies= and load the kernel module tcp_diag"
    case .noSuchSocket: "no socket on this machine is at the other end"
    case .otherNetworkNamespace: "the listening socket is from another network namespace than the daemon"
    case .closedBefore: "the client had closed the connection before the kernel was asked"
    case .brokenOff: "the connection was broken off"
    case .userNotMapped: "the user is outside our user namespace; set PrivateUsers=no"
    case .processNotSeen: "the client's process has ended or is hidden"
    case .cgroupNotSeen: "the client's control group was removed or is hidden"
    case .cgroupNotReadYet: "the client's control group is too new"
    case .cgroupsNotMounted: "no unified control group hierarchy is mounted"
    case .noUnit: "the client belongs to no systemd unit"
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
internal import CLinux
internal import Glibc
package import Timekeeping

/// Finds out who is at the other end of a connection, without asking them and without privilege.
///
/// TCP: a netlink socket asks the kernel for the socket at the other end by its addresses, in the same network namespace only; about a
/// microsecond however many connections there are. Unix sockets: the kernel noted the peer when it connected. No call waits. To be asked
/// right after accepting and before the peer is told anything: by then it may have closed, but nothing has been promised to it. One
/// identity holds for the whole connection.
///
/// What is not believed: user 0 of a socket that no process holds (kernels before 6.18 say that of every closed one), a socket that
/// merely listens on the peer's port or is still connecting, an answer about a connection that was broken off meanwhile, whose addresses
/// may be another's by now, and "nobody" in a user namespace that does not show every user.
package final class PeerLookup {
  /// Why no TCP peer can be identified, if that is known from the beginning.
  package let permanentGap: PeerIdentity.Gap?

  private let channel: Descriptor?
  private let users: UserNames
  private var cgroups: CgroupNames
  private let showsEveryUser: Bool
  private var sequence: UInt32 = 0

  /// A look-up for this machine. Where asking is forbidden it answers for TCP with the reason, which ``permanentGap`` has for the log.
  package init(users: UserNames = UserNames(), cgroups: consuming CgroupNames = CgroupNames()) {
    self.users = users
    self.cgroups = cgroups
    let number = clinux_diag_open()
    permanentGap = number >= 0 ? nil : .cannotAsk(SystemFailure.last("open", "a netlink socket"))
    channel = number >= 0 ? Descriptor(owning: number) : nil
    showsEveryUser = PeerLookup.namespaceShowsEveryUser(BoundedFile.bytes(of: "/proc/self/uid_map", limit: 65_536) ?? [])
  }

  /// Reads all units ahead, some microseconds for each control group, so that the first client costs no more than others; for the start
  /// of the service.
  package func readUnits(at now: Moment) { cgroups.readAhead(at: now) }

  /// Who is at the other end of a connected socket.
  package func identify(_ socket: borrowing Socket, at now: Moment) -> PeerIdentity {
    clinux_family(socket.number) == AF_UNIX ? identifyOverUnix(socket.number, now) : identifyOverTCP(socket.number, now)
  }

  private func identifyOverTCP(_ number: Int32, _ now: Moment) -> PeerIdentity {
    guard let channel = channel.number else { return .unknown(permanentGap ?? .noSuchSocket) }
    var peer = clinux_tcp_socket()
    let answer = ask(channel, about: number, clinux_far_end, &peer)
    guard answer == 0 else { return .unknown(gap(answer, channel, number)) }
    let isOrphaned = peer.inode == 0 && peer.user == 0
    return identity(user: isOrphaned ? .failure(.closedBefore) : visible(peer.user), unit: unit(of: peer.cgroup, now))
  }

  private func identifyOverUnix(_ number: Int32, _ now: Moment) -> PeerIdentity {
    var (process, user): (Int32, UInt32) = (0, 0)
    let answer = unsafe clinux_unix_end(number, &process, &user)
    guard answer == 0 else { return .unknown(gap(answer)) }
    return identity(user: visible(user), unit: unit(ofProcess: process, connectedTo: number, now))
  }

  private func identity(user: Result<UInt32, PeerIdentity.Gap>, unit: Result<String, PeerIdentity.Gap>) -> PeerIdentity {
    PeerIdentity(user: user, userName: (try? user.get()).flatMap(users.name), unit: unit)
  }

  private func ask(_ channel: Int32, about number: Int32, _ end: clinux_end, _ found: inout clinux_tcp_socket) -> Int32 {
    sequence &+= 1
    return unsafe clinux_tcp_end(channel, number, end, sequence, &found)
  }

  /// What an error of a TCP look-up means. A kernel without inet_diag answers as if there were no such socket: it does not know our own
  /// either.
  private func gap(_ error: Int32, _ channel: Int32, _ number: Int32) -> PeerIdentity.Gap {
    guard error == ENOENT else { return gap(error) }
    var own = clinux_tcp_socket()
    let answer = ask(channel, about: number, clinux_near_end, &own)
    return answer == 0 ? .noSuchSocket : gap(answer == ENOENT ? EOPNOTSUPP : answer)
  }

  private func gap(_ error: Int32) -> PeerIdentity.Gap {
    switch error {
    case ENOTCONN: .brokenOff
    case EXDEV: .otherNetworkNamespace
    default: .cannotAsk(SystemFailure(call: "ask the kernel about", subject: "the other end of a connection", number: error))
    }
  }

  private func visible(_ user: UInt32) -> Result<UInt32, PeerIdentity.Gap> {
    user == PeerLookup.overflowUser && !showsEveryUser ? .failure(.userNotMapped) : .success(user)
  }

  private func unit(of cgroup: UInt64, _ now: Moment) -> Result<String, PeerIdentity.Gap> {
    // A kernel without control groups for sockets tells none.
    guard cgroup != 0 else { return .failure(.cgroupNotSeen) }
    switch cgroups.unit(of: cgroup, at: now) {
    case .found(let unit): return PeerLookup.named(unit)
    case .notSeen: return .failure(.cgroupNotSeen)
    case .notReadYet: return .failure(.cgroupNotReadYet)
    case .notMounted: return .failure(.cgroupsNotMounted)
    }
  }

  /// The unit of the process that connected a Unix socket.
  ///
  /// From Linux 6.13 on a process descriptor tells the control group; from 6.5 on it tells that the process whose `/proc` entry was read
  /// had not ended, so that no other had taken its number. Before, a process that connects and ends at once may be taken for one that got
  /// its number between connecting and the look-up, of which there are at most as many as fit into that moment; the user is right in any
  /// case.
  private func unit(ofProcess process: Int32, connectedTo number: Int32, _ now: Moment) -> Result<String, PeerIdentity.Gap> {
    let descriptor = clinux_unix_end_process(number)
    guard descriptor >= 0 else { return PeerLookup.unit(inProcessFileOf: process) }
    let holder = Descriptor(owning: descriptor)
    var cgroup: UInt64 = 0
    if unsafe clinux_process_cgroup(holder.number, &cgroup) == 0 {
      let found = unit(of: cgroup, now)
      if found != .failure(.cgroupsNotMounted) { return found }
    }
    let found = PeerLookup.unit(inProcessFileOf: process)
    return clinux_process_has_ended(holder.number) == 0 ? found : .failure(.processNotSeen)
  }

  private static func unit(inProcessFileOf process: Int32) -> Result<String, PeerIdentity.Gap> {
    guard process > 0, let bytes = BoundedFile.bytes(of: "/proc/\(process)/cgroup", limit: 65_536) else {
      return .failure(.processNotSeen)
    }
    return named(CgroupUnit(processFile: String(decoding: bytes, as: UTF8.self)))
  }

  private static func named(_ unit: CgroupUnit) -> Result<String, PeerIdentity.Gap> {
    unit.name.map { .success($0) } ?? .failure(.noUnit)
  }

  /// Whether `/proc/self/uid_map` says that every user has a number here; else the kernel shows those without one as ``overflowUser``.
  private static func namespaceShowsEveryUser(_ map: [UInt8]) -> Bool {
    let fields = String(decoding: map, as: UTF8.self).split { $0 == " " || $0 == "\n" }
    return fields == ["0", "0", "4294967295"]
  }

  private static let overflowUser: UInt32 = 65_534
}

extension Optional where Wrapped == Descriptor {
  /// The kernel's number for the descriptor, if there is one.
  var number: Int32? {
    switch self {
    case .some(let descriptor): descriptor.number
    case .none: nil
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
internal import CSystemd
internal import Glibc
package import LinuxSystem

/// A listening socket that the service manager opened and handed over (`LISTEN_FDS`), checked before anything is accepted on it.
///
/// It is closed with this object unless somebody takes it. Invariant: it is a stream socket that listens, does not block, and is
/// not passed on to programs we start.
package final class InheritedSocket {
  /// What the socket unit calls it (`FileDescriptorName=`); the unit's own name if it says nothing.
  package let name: String
  /// Where it listens.
  package let address: SocketAddress
  private var socket: Socket?

  private init(name: String, _ socket: consuming Socket) throws(InheritedSocketFailure) {
    self.name = name
    do throws(SystemFailure) {
      address = try socket.localAddress()
    } catch {
      throw .system(error)
    }
    self.socket = consume socket
  }

  /// Gives the socket away; nil if it was given already.
  package func take() -> Socket? { socket.take() }

  /// Takes over every socket that was handed to this process, in the order of the socket unit. Only the first call finds any: it removes
  /// the variables, so that no program we start believes they were meant for it. To be called before other threads run.
  package static func takeAll() throws(InheritedSocketFailure) -> [InheritedSocket] {
    var names: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
    let count = unsafe sd_listen_fds_with_names(1, &names)
    guard count >= 0 else {
      throw .system(SystemFailure(call: "take over", subject: "the sockets of the service manager", number: -count))
    }
    // The library hands over as many texts as descriptors, in memory that is ours.
    defer {
      for index in 0..<Int(count) { unsafe free(names?[index]) }
      unsafe free(names)
    }
    var sockets: [InheritedSocket] = []
    var failure: InheritedSocketFailure?
    for index in 0..<Int(count) {
      // Every descriptor is owned, also behind a bad one, so that none stays open unseen.
      let descriptor = Descriptor(owning: csystemd_first_descriptor + Int32(index))
      let name = unsafe names?[index].map { unsafe String(cString: $0) } ?? "unknown"
      do throws(InheritedSocketFailure) {
        sockets.append(try check(consume descriptor, name))
      } catch {
        failure = failure ?? error
      }
    }
    if let failure { throw failure }
    return sockets
  }

  private static func check(_ descriptor: consuming Descriptor, _ name: String) throws(InheritedSocketFailure) -> InheritedSocket {
    let number = descriptor.number
    guard sd_is_socket(number, AF_UNSPEC, Int32(SOCK_STREAM.rawValue), -1) > 0 else { throw .notAStreamSocket(name) }
    guard sd_is_socket(number, AF_UNSPEC, 0, 1) > 0 else { throw .notListening(name) }
    let isKnown = [AF_INET, AF_INET6, AF_UNIX].contains { sd_is_socket(number, $0, 0, 1) > 0 }
    guard isKnown else { throw .unknownFamily(name) }
    // The library has set close-on-exec; a helper that is not systemd may have left the socket blocking.
    let flags = fcntl(number, F_GETFL)
    guard flags >= 0, fcntl(number, F_SETFL, flags | O_NONBLOCK) == 0 else { throw .system(.last("unblock", name)) }
    return try InheritedSocket(name: name, Socket(descriptor))
  }
}

/// A descriptor was handed over that cannot be served.
package enum InheritedSocketFailure: Error, Hashable, Sendable {
  /// It is no socket, or one for datagrams.
  case notAStreamSocket(String)
  /// It is a connection, as `Accept=yes` would hand over.
  case notListening(String)
  /// It is neither IPv4, IPv6 nor Unix.
  case unknownFamily(String)
  /// A call failed.
  case system(SystemFailure)

  /// Whether the socket unit has to be changed, so that another start would fail alike.
  package var isLasting: Bool {
    switch self {
    case .notAStreamSocket, .notListening, .unknownFamily: true
    case .system: false
    }
  }

  /// What can be done about it.
  package var remedy: String {
    switch self {
    case .notAStreamSocket: "use ListenStream= in the socket unit"
    case .notListening: "set Accept=no in the socket unit"
    case .unknownFamily: "listen on an IPv4, IPv6 or Unix address in the socket unit"
    case .system: "look at the socket unit with: systemctl status posthoused.socket"
    }
  }
}

extension InheritedSocketFailure: CustomStringConvertible {
  package var description: String {
    switch self {
    case .notAStreamSocket(let name): "the descriptor \"\(name)\" from the service manager is not a stream socket"
    case .notListening(let name): "the socket \"\(name)\" from the service manager does not listen"
    case .unknownFamily(let name): "the socket \"\(name)\" from the service manager is of an unknown family"
    case .system(let failure): "\(failure)"
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
internal import CLinux
internal import Glibc
package import Timekeeping

/// One non-blocking stream socket.
///
/// No call waits: what cannot be done now is said so, and the loop tells when to try again.
package struct Socket: ~Copyable {
  private let descriptor: Descriptor

  /// Takes over an open stream socket.
  package init(_ descriptor: consuming Descriptor) { self.descriptor = descriptor }

  /// The kernel's number for it, for the poller only.
  package var number: Int32 { descriptor.number }

  /// A socket that listens on `address`; an abandoned Unix path is replaced, one that somebody serves is not.
  package static func listening(on address: SocketAddress, backlog: Int32 = 1024) throws(SystemFailure) -> Socket {
    let socket = Socket(
      try Descriptor.checked(clinux_socket(address.family, Int32(SOCK_STREAM.rawValue)), "open a socket for", "\(address)"))
    if case .unix(let path) = address {
      try socket.clearAbandoned(path)
    } else {
      try socket.set(SOL_SOCKET, SO_REUSEADDR, 1, "\(address)")
    }
    if case .v6 = address { try socket.set(Int32(IPPROTO_IPV6), IPV6_V6ONLY, 1, "\(address)") }
    let bound = unsafe address.withKernelForm { unsafe bind(socket.number, $0, $1) }
    guard bound == 0 else { throw SystemFailure.last("bind", "\(address)") }
    guard listen(socket.number, backlog) == 0 else { throw SystemFailure.last("listen on", "\(address)") }
    return socket
  }

  /// A socket on its way to `address`; when it is writable, ``connectResult()`` tells whether it arrived.
  package static func connecting(to address: SocketAddress, from source: SocketAddress? = nil) throws(SystemFailure) -> Socket {
    let socket = Socket(
      try Descriptor.checked(clinux_socket(address.family, Int32(SOCK_STREAM.rawValue)), "open a socket for", "\(address)"))
    if let source {
      let bound = unsafe source.withKernelForm { unsafe bind(socket.number, $0, $1) }
      guard bound == 0 else { throw SystemFailure.last("bind", "\(source)") }
    }
    let begun = unsafe address.withKernelForm { unsafe connect(socket.number, $0, $1) }
    guard begun == 0 || errno == EINPROGRESS else { throw SystemFailure.last("connect to", "\(address)") }
    return socket
  }

  /// Whether a connection that was begun has arrived.
  package func connectResult(_ address: SocketAddress) throws(SystemFailure) {
    var number: Int32 = 0
    var size = socklen_t(MemoryLayout<Int32>.size)
    guard unsafe getsockopt(self.number, SOL_SOCKET, SO_ERROR, &number, &size) == 0 else {
      throw SystemFailure.last("connect to", "\(address)")
    }
    guard number == 0 else { throw SystemFailure(call: "connect to", subject: "\(address)", number: number) }
  }

  /// The next waiting connection and where it comes from; nil when none waits.
  package func accept() throws(SystemFailure) -> Accepted? {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    let number = unsafe clinux_accept(self.number, &storage, &length)
    guard number >= 0 else {
      if [EAGAIN, EINTR, ECONNABORTED, EPROTO].contains(errno) { return nil }
      throw SystemFailure.last("accept a connection on", "a listening socket")
    }
    return Accepted(socket: Socket(Descriptor(owning: number)), peer: SocketAddress(storage, length: length))
  }

  /// A connection just accepted.
  package struct Accepted: ~Copyable {
    package let socket: Socket
    package let peer: SocketAddress

    /// Gives the socket away.
    package consuming func takeSocket() -> Socket { socket }
  }

  /// Its two ways, for whoever keeps it open.
  package var traffic: SocketTraffic { SocketTraffic(number: number) }

  /// Says that nothing more will be written.
  package func finishWriting() { _ = shutdown(number, Int32(SHUT_WR)) }

  /// Where the socket itself is bound.
  package func localAddress() throws(SystemFailure) -> SocketAddress {
    var storage = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    let answer = unsafe withUnsafeMutablePointer(to: &storage) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe getsockname(self.number, $0, &length) }
    }
    guard answer == 0 else { throw SystemFailure.last("look up", "a socket's own address") }
    return SocketAddress(storage, length: length)
  }

  /// The user at the other end of a Unix socket (SO_PEERCRED).
  package func peerUser() -> UInt32? {
    var (process, user, group): (pid_t, uid_t, gid_t) = (0, 0, 0)
    return unsafe clinux_peer(number, &process, &user, &group) == 0 ? user : nil
  }

  /// Who is at the other end, as far as the kernel tells.
  package func peerIdentity(by lookup: PeerLookup, at now: Moment) -> PeerIdentity { lookup.identify(self, at: now) }

  /// Small answers leave at once instead of waiting for more.
  package func sendWithoutDelay() {
    try? set(Int32(IPPROTO_TCP), TCP_NODELAY, 1, "a connection")
  }

  private func set(_ level: Int32, _ option: Int32, _ value: Int32, _ subject: String) throws(SystemFailure) {
    var value = value
    guard unsafe setsockopt(number, level, option, &value, socklen_t(MemoryLayout<Int32>.size)) == 0 else {
      throw SystemFailure.last("set an option of", subject)
    }
  }

  private func clearAbandoned(_ path: String) throws(SystemFailure) {
    let address = SocketAddress.unix(path)
    let probe = Socket(try Descriptor.checked(clinux_socket(AF_UNIX, Int32(SOCK_STREAM.rawValue)), "open a socket for", path))
    let answer = unsafe address.withKernelForm { unsafe connect(probe.number, $0, $1) }
    if answer == 0 || errno == EAGAIN { throw SystemFailure(call: "bind", subject: path, number: EADDRINUSE) }
    if errno == ECONNREFUSED { _ = unsafe unlink(path) }
  }
}

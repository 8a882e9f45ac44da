// SPDX-License-Identifier: Apache-2.0
internal import CLinux
internal import Glibc
internal import LinuxSystem

/// A listening TCP socket on a free port of 127.0.0.1.
package final class LoopbackListener: Sendable {
  /// The port that the kernel chose, or the one asked for.
  package let port: UInt16
  private let socket: Descriptor

  /// Listens; on `port`, which was this test's before, or on any free one.
  package init(port wanted: UInt16 = 0) throws {
    socket = try Descriptor.checked(
      Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0), "open", "a socket")
    let number = socket.number
    var on: Int32 = 1
    unsafe setsockopt(number, SOL_SOCKET, SO_REUSEADDR, &on, 4)
    let address = SocketAddress.v4([127, 0, 0, 1], port: wanted)
    guard unsafe address.withForm({ unsafe bind(number, $0, $1) }) == 0 else { throw SystemFailure.last("bind", "\(address)") }
    guard listen(number, 1024) == 0 else { throw SystemFailure.last("listen on", "\(address)") }
    var form = sockaddr_in()
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let answer = unsafe withUnsafeMutablePointer(to: &form) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe getsockname(number, $0, &length) }
    }
    guard answer == 0 else { throw SystemFailure.last("name", "a socket") }
    port = UInt16(bigEndian: form.sin_port)
  }

  /// The kernel's number for the socket, to hand to a program.
  package var number: Int32 { socket.number }

  /// The next connection, or nil when the listener was stopped.
  package func accept() -> Connection? {
    var form = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    while true {
      let number = unsafe clinux_accept(socket.number, &form, &length)
      if number >= 0 {
        var on: Int32 = 1
        unsafe setsockopt(number, Int32(IPPROTO_TCP), TCP_NODELAY, &on, 4)
        return Connection(Descriptor(owning: number))
      }
      guard errno == EINTR || errno == ECONNABORTED else { return nil }
    }
  }

  /// Stops listening: waiting and further connections are refused.
  package func stop() { _ = shutdown(socket.number, Int32(SHUT_RDWR)) }

  /// A port that was free a moment ago, for a server that cannot choose one itself and will set `SO_REUSEADDR`.
  package static func freePort() throws -> UInt16 { try LoopbackListener().port }
}

// SPDX-License-Identifier: Apache-2.0
internal import CLinux
internal import Glibc
internal import LinuxSystem

/// A listening TCP socket on a free port of 127.0.0.1.
package final class LoopbackListener: Sendable {
  /// The port that was found free, or the one asked for.
  package let port: UInt16
  private let socket: Descriptor

  /// A port below those that the kernel gives to clients: when its server has left it for a moment, no connection of another test takes it.
  private static var quietPort: UInt16 { .random(in: 10_240...32_000) }

  /// Listens; on `port`, which was this test's before, or on any free one.
  package init(port wanted: UInt16 = 0) throws {
    var port = wanted
    var made: Descriptor?
    repeat {
      if wanted == 0 { port = LoopbackListener.quietPort }
      do throws(SystemFailure) {
        made = try LoopbackListener.listening(on: port)
      } catch {
        guard wanted == 0, error.number == EADDRINUSE else { throw error }
      }
    } while made == nil
    guard let made else { throw HarnessFailure("a loop that ended has made a socket") }
    self.port = port
    socket = made
  }

  private static func listening(on port: UInt16) throws(SystemFailure) -> Descriptor {
    let socket = try Descriptor.checked(
      Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0), "open", "a socket")
    var on: Int32 = 1
    unsafe setsockopt(socket.number, SOL_SOCKET, SO_REUSEADDR, &on, 4)
    let address = SocketAddress.v4([127, 0, 0, 1], port: port)
    guard unsafe address.withForm({ unsafe bind(socket.number, $0, $1) }) == 0 else { throw SystemFailure.last("bind", "\(address)") }
    guard listen(socket.number, 1024) == 0 else { throw SystemFailure.last("listen on", "\(address)") }
    return socket
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

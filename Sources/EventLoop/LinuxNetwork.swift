// SPDX-License-Identifier: Apache-2.0
package import LinuxSystem
package import Timekeeping

/// The machine's own network.
@Loop package final class LinuxNetwork: Network {
  private let loop: EventLoop
  private let driver: EpollDriver

  /// The network as the loop sees it through its driver.
  package init(_ loop: EventLoop, _ driver: EpollDriver) {
    self.loop = loop
    self.driver = driver
  }

  package func listen(on address: SocketAddress) throws(SystemFailure) -> any Listener {
    try SocketListener(Socket.listening(on: address), loop, driver)
  }

  /// Serves a listening socket that somebody else opened.
  package func adopt(_ socket: consuming Socket) throws(SystemFailure) -> any Listener {
    try SocketListener(socket, loop, driver)
  }

  package func connect(
    to address: SocketAddress, from source: SocketAddress?, until deadline: Moment, begun: (any ByteStream) -> Void
  ) async throws(WireFailure) -> any ByteStream {
    let stream: SocketStream
    do throws(SystemFailure) {
      let socket = try Socket.connecting(to: address, from: source)
      if address.port != nil { socket.sendWithoutDelay() }
      stream = try SocketStream(socket, peer: address, loop, driver)
    } catch {
      throw .system(error)
    }
    stream.expectArrival()
    begun(stream)
    do throws(WireFailure) {
      try WireFailure.check(await stream.writable.wait(until: deadline))
    } catch {
      stream.close()
      throw error
    }
    do throws(SystemFailure) {
      try stream.connectResult()
    } catch {
      stream.close()
      throw .system(error)
    }
    return stream
  }
}

// SPDX-License-Identifier: Apache-2.0
package import LinuxSystem

/// A listening socket on the loop.
@Loop package final class SocketListener: Listener, PollTarget {
  package let address: SocketAddress
  private let loop: EventLoop
  private let driver: EpollDriver
  private var socket: Socket?
  private var watch: EpollDriver.Watch?
  private var isCancelled = false
  private let berth: Berth

  /// Puts a listening socket on the loop.
  package init(_ socket: consuming Socket, _ loop: EventLoop, _ driver: EpollDriver) throws(SystemFailure) {
    address = try socket.localAddress()
    self.loop = loop
    self.driver = driver
    berth = Berth(loop)
    let number = socket.number
    self.socket = consume socket
    watch = try driver.watch(number, for: self)
  }

  package func accept() async throws(AcceptFailure) -> any ByteStream {
    while !isCancelled {
      do throws(SystemFailure) {
        if let stream = try next() { return stream }
      } catch {
        throw .refused(error)
      }
      if await berth.wait() == .cancelled { break }
    }
    throw .cancelled
  }

  package func pollerReports(_ readiness: Readiness) { berth.wake() }

  package func cancel() {
    isCancelled = true
    berth.wake(.cancelled)
  }

  package func close() {
    if let watch { driver.forget(watch) }
    watch = nil
    socket = nil
    cancel()
  }

  private func next() throws(SystemFailure) -> (any ByteStream)? {
    guard let accepted = try socket?.accept() else { return nil }
    let peer = accepted.peer
    let connection = accepted.takeSocket()
    if peer.port != nil { connection.sendWithoutDelay() }
    return try SocketStream(connection, peer: peer, loop, driver)
  }
}

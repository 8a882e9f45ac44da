// SPDX-License-Identifier: Apache-2.0
package import LinuxSystem
package import Octets

/// A socket on the loop.
///
/// The kernel tells once when a direction opens (edge triggered); the flags remember it until a call says "not now". A short read also
/// says that nothing more is there, which saves a call, unless the end was announced already: no second edge would tell of that.
@Loop package final class SocketStream: ByteStream, PollTarget {
  package let peer: SocketAddress
  private let loop: EventLoop
  private let driver: EpollDriver
  private var socket: Socket?
  /// The socket's two ways; nil once it is closed.
  private var traffic: SocketTraffic?
  private var watch: EpollDriver.Watch?
  private var canRead = true
  private var canWrite = true
  private var hasEnded = false
  private var isCancelled = false
  private var reader: Berth?
  private var writer: Berth?

  /// Puts an open socket on the loop.
  package init(_ socket: consuming Socket, peer: SocketAddress, _ loop: EventLoop, _ driver: EpollDriver) throws(SystemFailure) {
    self.peer = peer
    self.loop = loop
    self.driver = driver
    let number = socket.number
    traffic = socket.traffic
    self.socket = consume socket
    watch = try driver.watch(number, for: self)
  }

  package func read(into queue: inout ByteQueue, room: Int) -> Transfer<WireFailure> {
    guard let result = traffic?.read(into: &queue, room: room, through: driver.readBuffer) else { return .ended }
    switch result {
    case .bytes(let count):
      if count < room { canRead = hasEnded }
      return .bytes(count)
    case .notNow:
      canRead = false
      return .notNow
    case .ended: return .ended
    case .failed(let failure): return .failed(.system(failure))
    }
  }

  package var isWorthReading: Bool { canRead }

  package func write(from queue: inout ByteQueue) -> Transfer<WireFailure> {
    guard let result = traffic?.write(from: &queue) else { return .ended }
    switch result {
    case .bytes(let count): return .bytes(count)
    case .notNow:
      canWrite = false
      return .notNow
    case .ended: return .ended
    case .failed(let failure): return .failed(.system(failure))
    }
  }

  package var readable: Prospect {
    if isCancelled { return .wake(.cancelled) }
    if canRead { return .wake(.ready) }
    if let reader { return .berth(reader) }
    let berth = Berth(loop, .lasting)
    reader = berth
    return .berth(berth)
  }

  package var writable: Prospect {
    if isCancelled { return .wake(.cancelled) }
    if canWrite { return .wake(.ready) }
    if let writer { return .berth(writer) }
    let berth = Berth(loop, .lasting)
    writer = berth
    return .berth(berth)
  }

  /// What became of a connection that was begun.
  func connectResult() throws(SystemFailure) { try socket?.connectResult(peer) }

  /// Says that a connection that was begun has not arrived yet.
  func expectArrival() { canWrite = false }

  package func pollerReports(_ readiness: Readiness) {
    if readiness.allowsReading {
      if readiness.tellsOfEnd { hasEnded = true }
      canRead = true
      reader?.wake()
    }
    if readiness.allowsWriting {
      canWrite = true
      writer?.wake()
    }
  }

  package func cancel() {
    isCancelled = true
    reader?.wake(.cancelled)
    writer?.wake(.cancelled)
  }

  package var holdsUnsentBytes: Bool { false }

  package var peerUser: UInt32? { socket?.peerUser() ?? nil }

  package func peerIdentity(by lookup: PeerLookup) -> PeerIdentity {
    socket?.peerIdentity(by: lookup, at: loop.moment) ?? .unknown(.brokenOff)
  }

  package func finishWriting() { socket?.finishWriting() }

  package func close() {
    if let watch { driver.forget(watch) }
    watch = nil
    traffic = nil
    socket = nil
    cancel()
    reader?.release()
    writer?.release()
  }
}

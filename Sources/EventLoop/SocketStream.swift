// SPDX-License-Identifier: Apache-2.0
package import LinuxSystem
package import Octets
package import Timekeeping

/// A socket on the loop.
///
/// The kernel tells once when a direction opens (edge triggered); the flags remember it until a call says "not now". A short read also
/// says that nothing more is there, which saves a call, unless the end was announced already: no second edge would tell of that.
@Loop package final class SocketStream: ByteStream, PollTarget {
  package let peer: SocketAddress
  private let loop: EventLoop
  private let driver: EpollDriver
  private var socket: Socket?
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
    self.socket = consume socket
    watch = try driver.watch(number, for: self)
  }

  package func read(into queue: inout ByteQueue, room: Int) -> Transfer<WireFailure> {
    guard let result = socket?.read(into: &queue, room: room) else { return .ended }
    switch result {
    case .notNow: canRead = false
    case .bytes(let count) where count < room: canRead = hasEnded
    case .bytes, .ended, .failed: break
    }
    return result.mapFailure(WireFailure.system)
  }

  package func write(from queue: inout ByteQueue) -> Transfer<WireFailure> {
    guard let result = socket?.write(from: &queue) else { return .ended }
    if result == .notNow { canWrite = false }
    return result.mapFailure(WireFailure.system)
  }

  package func waitUntilReadable(until deadline: Moment) async -> Wake {
    if isCancelled { return .cancelled }
    if canRead { return .ready }
    let berth = reader ?? Berth(loop)
    reader = berth
    return await berth.wait(until: deadline)
  }

  package func waitUntilWritable(until deadline: Moment) async -> Wake {
    if isCancelled { return .cancelled }
    if canWrite { return .ready }
    let berth = writer ?? Berth(loop)
    writer = berth
    return await berth.wait(until: deadline)
  }

  /// What became of a connection that was begun.
  func connectResult() throws(SystemFailure) { try socket?.connectResult(peer) }

  /// Says that a connection that was begun has not arrived yet.
  func expectArrival() { canWrite = false }

  package func pollerReports(_ readiness: Readiness) {
    if !readiness.isDisjoint(with: [.readable, .failed, .hungUp, .peerFinished]) {
      if !readiness.isDisjoint(with: [.failed, .hungUp, .peerFinished]) { hasEnded = true }
      canRead = true
      reader?.wake()
    }
    if !readiness.isDisjoint(with: [.writable, .failed, .hungUp]) {
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
    socket = nil
    cancel()
  }
}

// SPDX-License-Identifier: Apache-2.0
package import EventLoop
internal import Glibc
package import LinuxSystem
package import Octets
internal import Timekeeping

/// One end of a simulated connection.
@Loop package final class SimulatedStream: ByteStream {
  package let peer: SocketAddress
  private let loop: EventLoop
  private let latency: Duration
  private weak var other: SimulatedStream?
  private var arrived = ByteQueue()
  private var onTheWay = 0
  private var hasEnded = false
  private var isBroken = false
  private var isCancelled = false
  private(set) var isClosed = false
  /// Whether the news has come that the other end reads no more.
  private var isPeerGone = false
  private let identify: () -> PeerIdentity
  private let reader: Berth
  private let writer: Berth

  init(peer: SocketAddress, _ loop: EventLoop, _ latency: Duration, _ identify: @escaping () -> PeerIdentity) {
    self.peer = peer
    self.identify = identify
    self.loop = loop
    self.latency = latency
    reader = Berth(loop)
    writer = Berth(loop)
  }

  func pair(with other: SimulatedStream) {
    self.other = other
    other.other = self
  }

  package func read(into queue: inout ByteQueue, room: Int) -> Transfer<WireFailure> {
    if isBroken { return .failed(.system(SystemFailure(call: "read from", subject: "a connection", number: ECONNRESET))) }
    guard !arrived.isEmpty else { return hasEnded || isClosed ? .ended : .notNow }
    let count = min(room, arrived.count)
    queue.append(arrived.bytes.extracting(first: count))
    arrived.consume(count)
    other?.writer.wake()
    return .bytes(count)
  }

  package func write(from queue: inout ByteQueue) -> Transfer<WireFailure> {
    guard !isBroken, !isClosed, !isPeerGone, let other else {
      return .failed(.system(SystemFailure(call: "write to", subject: "a connection", number: EPIPE)))
    }
    let count = min(queue.count, SimulatedStream.window - other.arrived.count - onTheWay)
    guard count > 0 else { return .notNow }
    let bytes = queue.bytes.extracting(first: count).array
    queue.consume(count)
    onTheWay += count
    loop.schedule(at: loop.moment + latency) {
      self.onTheWay -= count
      guard !other.isBroken, !other.isClosed else { return }
      other.arrived.append(bytes)
      other.reader.wake()
    }
    return .bytes(count)
  }

  package var readable: Prospect {
    if isCancelled { return .wake(.cancelled) }
    return !arrived.isEmpty || hasEnded || isBroken ? .wake(.ready) : .berth(reader)
  }

  /// Waits though nothing can come, as a connection on its way does.
  func sleep(until deadline: Moment) async throws(WireFailure) {
    if isCancelled { throw .cancelled }
    if await reader.wait(until: deadline) == .cancelled { throw .cancelled }
  }

  package var writable: Prospect {
    if isCancelled { return .wake(.cancelled) }
    guard let other, !isBroken, !isPeerGone, other.arrived.count + onTheWay >= SimulatedStream.window else { return .wake(.ready) }
    return .berth(writer)
  }

  package func cancel() {
    isCancelled = true
    reader.wake(.cancelled)
    writer.wake(.cancelled)
  }

  package var holdsUnsentBytes: Bool { false }

  package var peerUser: UInt32? { nil }

  package func peerIdentity(by lookup: PeerLookup) -> PeerIdentity { identify() }

  package func finishWriting() {
    guard let other else { return }
    loop.schedule(at: loop.moment + latency) {
      other.hasEnded = true
      other.reader.wake()
      other.writer.wake()
    }
  }

  package func close() {
    guard !isClosed else { return }
    isClosed = true
    finishWriting()
    if let other {
      loop.schedule(at: loop.moment + latency) {
        other.isPeerGone = true
        other.writer.wake()
      }
    }
    cancel()
  }

  /// Cuts the connection for both ends.
  package func breakBoth() {
    for end in [self, other].compactMap({ $0 }) {
      end.isBroken = true
      end.reader.wake()
      end.writer.wake()
    }
  }

  private static let window = 65_536
}

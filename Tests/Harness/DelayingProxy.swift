// SPDX-License-Identifier: Apache-2.0
internal import CLinux
internal import Glibc
internal import LinuxSystem
internal import Synchronization

/// A TCP proxy that makes a port look far away: every byte travels for a while, in both directions, with any number of them on the way.
///
/// Two threads for each connection. A byte leaves when its time has come, never before; the bandwidth is the loopback's.
package final class DelayingProxy: Sendable {
  /// Its port on 127.0.0.1.
  package let port: UInt16
  private let listener: LoopbackListener
  private let open = Mutex<[Connection]>([])

  /// Listens on any free port, and stands before `target`; what is said there takes `delay` each way. It ends with the rig.
  package init(_ rig: Rig, before target: UInt16, delay: Duration) throws {
    let listener = try LoopbackListener()
    self.listener = listener
    port = listener.port
    try Crew.detach {
      while let near = listener.accept() {
        do {
          let far = try Connection(port: target)
          self.open.withLock { $0 += [near, far] }
          try Crew.detach { DelayingProxy.pump(near, far, delay) }
          try Crew.detach { DelayingProxy.pump(far, near, delay) }
        } catch {
          near.shutDown()
        }
      }
    }
    rig.atEnd {
      listener.stop()
      for connection in self.open.withLock({ $0 }) { connection.shutDown() }
    }
  }

  /// Carries bytes in one direction until that ends, and then the end itself.
  private static func pump(_ source: Connection, _ sink: Connection, _ delay: Duration) {
    var onTheWay: [(due: ContinuousClock.Instant, bytes: [UInt8])] = []
    var hasEnded = false
    do {
      while true {
        while let first = onTheWay.first, first.due <= .now {
          try sink.send(first.bytes, .in(.seconds(60)))
          onTheWay.removeFirst()
        }
        if hasEnded, onTheWay.isEmpty { break }
        let patience = onTheWay.first.map { $0.due - .now } ?? .seconds(60)
        if hasEnded {
          Deadline.pause(max(.zero, patience))
        } else if let bytes = try source.whateverComes(within: patience) {
          hasEnded = bytes.isEmpty
          if !hasEnded { onTheWay.append((.now + delay, bytes)) }
        }
      }
    } catch {
      // The other side is gone: there is nothing to carry any more.
    }
    source.shutDown()
    sink.shutDown()
  }
}

// SPDX-License-Identifier: Apache-2.0
package import EventLoop
package import LinuxSystem
package import Octets
package import TLS
internal import TLSTerms
package import Timekeeping

/// TLS over another stream.
///
/// The session below knows bytes only; this moves them. Ciphertext that the way out does not take at once waits here, and no more
/// plaintext is encrypted meanwhile, so that a slow peer bounds our memory.
@Loop package final class TLSStream: ByteStream {
  /// What the handshake found out; nil before it is complete.
  package var tlsPeer: TLSPeer? { session.peer }
  private let lower: any ByteStream
  private let session: TLSSession
  private var incoming = ByteQueue()
  private var outgoing = ByteQueue()

  /// TLS that is about to begin over an open stream.
  package init(_ lower: any ByteStream, _ session: TLSSession) {
    self.lower = lower
    self.session = session
  }

  package var peer: SocketAddress { lower.peer }

  package var peerUser: UInt32? { lower.peerUser }

  package func peerIdentity(by lookup: PeerLookup) -> PeerIdentity { lower.peerIdentity(by: lookup) }

  package var holdsUnsentBytes: Bool { !outgoing.isEmpty || lower.holdsUnsentBytes }

  /// Completes the handshake; afterwards the peer is who the policy demands.
  package func handshake(until deadline: Moment) async throws(WireFailure) {
    while true {
      let progress = session.handshake(from: &incoming, to: &outgoing)
      if case .failed(let failure) = progress {
        _ = lower.write(from: &outgoing)
        throw .tls(failure)
      }
      try await drain(until: deadline)
      if progress == .progressed { return }
      switch lower.read(into: &incoming, room: TLSStream.portion) {
      case .bytes: continue
      case .notNow: try WireFailure.check(await lower.readable.wait(until: deadline))
      case .ended: session.inputEnded()
      case .failed(let failure): throw failure
      }
    }
  }

  package func read(into queue: inout ByteQueue, room: Int) -> Transfer<WireFailure> {
    let before = queue.count
    while true {
      switch session.read(from: &incoming, into: &queue, atMost: room, to: &outgoing) {
      case .progressed: return .bytes(queue.count - before)
      case .closed: return .ended
      case .failed(let failure):
        _ = lower.write(from: &outgoing)
        return .failed(.tls(failure))
      case .wantsInput: break
      }
      if !outgoing.isEmpty { _ = lower.write(from: &outgoing) }
      switch lower.read(into: &incoming, room: TLSStream.portion) {
      case .bytes: continue
      case .notNow:
        incoming.releaseIfEmpty()
        return .notNow
      case .ended: session.inputEnded()
      case .failed(let failure): return .failed(failure)
      }
    }
  }

  package func write(from queue: inout ByteQueue) -> Transfer<WireFailure> {
    let before = queue.count
    if outgoing.isEmpty {
      if case .failed(let failure) = session.write(from: &queue, to: &outgoing, until: TLSStream.portion) { return .failed(.tls(failure)) }
    }
    while !outgoing.isEmpty {
      switch lower.write(from: &outgoing) {
      case .bytes: continue
      case .notNow: return queue.count < before ? .bytes(before - queue.count) : .notNow
      case .ended: return .ended
      case .failed(let failure): return .failed(failure)
      }
    }
    outgoing.releaseIfEmpty()
    return .bytes(before - queue.count)
  }

  package var readable: Prospect { lower.readable }

  package var writable: Prospect { lower.writable }

  package func cancel() { lower.cancel() }

  package func finishWriting() {
    session.close(to: &outgoing)
    _ = lower.write(from: &outgoing)
    lower.finishWriting()
  }

  package func close() {
    session.close(to: &outgoing)
    if !outgoing.isEmpty { _ = lower.write(from: &outgoing) }
    lower.close()
  }

  /// The bytes that tie a login to this connection; nil where the kind is not defined for it.
  package func channelBinding(_ kind: TLSChannelBinding) -> [UInt8]? { session.channelBinding(kind) }

  /// The newest ticket for a later connection to the same peer; to be asked for when the connection ends.
  package func takeTicket() -> TLSTicket? { session.takeTicket() }

  private func drain(until deadline: Moment) async throws(WireFailure) {
    while !outgoing.isEmpty {
      switch lower.write(from: &outgoing) {
      case .bytes: continue
      case .notNow: try WireFailure.check(await lower.writable.wait(until: deadline))
      case .ended: throw .ended
      case .failed(let failure): throw failure
      }
    }
  }

  private static let portion = 65_536
}

// SPDX-License-Identifier: Apache-2.0
import EventLoop
import LinuxSystem
import Octets
import SMTP
import Settings
import TLS
import TLSTerms
import TLSTransport
import Timekeeping

/// The talk over one connection to an upstream: commands out, replies in, each wait with its deadline.
///
/// It knows the form of replies and nothing of their meaning. Whatever goes wrong becomes a ``Setback`` that says where.
struct UpstreamDialogue: ~Copyable {
  /// The connection, with commands that have not left yet.
  var wire: Wire
  private var reader = ReplyReader()
  private let loop: EventLoop
  private let begun: Moment
  private let rules: [JudgementRule]

  /// A talk that begins on an open stream; replies are judged by the operator's `rules` first.
  @Loop init(_ wire: consuming Wire, _ loop: EventLoop, rules: [JudgementRule] = []) {
    self.wire = wire
    self.loop = loop
    self.rules = rules
    begun = loop.moment
  }

  /// For how long it has been going on.
  @Loop var age: Duration { loop.moment - begun }

  /// The next reply; commands that wait leave first.
  @Loop mutating func reply(at stage: UpstreamStage, within limit: Duration) async throws(Setback) -> UpstreamReply {
    let deadline = loop.moment + limit
    while true {
      do throws(ReplyFault) {
        if let reply = try reader.next(from: &wire.input) { return reply }
      } catch {
        throw Setback(stage, .malformedReply(error))
      }
      do throws(WireFailure) {
        try await wire.fill(until: deadline)
      } catch {
        throw Setback(stage, UpstreamFailure(error))
      }
    }
  }

  /// A whole reply that has come without being waited for, if there is one.
  @Loop mutating func earlyReply() -> UpstreamReply? {
    _ = wire.stream.read(into: &wire.input, room: 4096)
    do throws(ReplyFault) {
      return try reader.next(from: &wire.input)
    } catch {
      return nil
    }
  }

  /// The next reply when it is the one hoped for; any other is a setback.
  @Loop mutating func agreement(at stage: UpstreamStage, within limit: Duration) async throws(Setback) -> UpstreamReply {
    let reply = try await reply(at: stage, within: limit)
    let setback = setback(stage, reply)
    guard setback.judgement == .proceed else { throw setback }
    return reply
  }

  /// A reply that stops the conversation, judged.
  func setback(_ stage: UpstreamStage, _ reply: UpstreamReply) -> Setback { Setback(stage, reply, rules: rules) }

  /// Sends what waits.
  @Loop mutating func flush(at stage: UpstreamStage, within limit: Duration) async throws(Setback) {
    do throws(WireFailure) {
      try await wire.flush(until: loop.moment + limit)
    } catch {
      throw Setback(stage, UpstreamFailure(error))
    }
  }

  /// Goes over to TLS. Whatever was said before counts no more, and must not have run ahead.
  @Loop mutating func secure(
    _ session: TLSSession, within limit: Duration
  ) async throws(Setback) -> (peer: TLSPeer, binding: ChannelBinding?) {
    guard wire.input.isEmpty, !reader.isInsideReply else { throw Setback(.startTLS, .plaintextBehindStartTLS) }
    let stream = TLSStream(wire.stream, session)
    do throws(WireFailure) {
      try await stream.handshake(until: loop.moment + limit)
    } catch {
      throw Setback(.tls, UpstreamFailure(error))
    }
    guard let peer = stream.tlsPeer else { throw Setback(.tls, .handshakeFailed("the handshake ended without a peer")) }
    wire.stream = stream
    // TLS 1.3 has the exporter, older versions the certificate (RFC 9266).
    let exported = stream.channelBinding(.exporter).map { ChannelBinding(.exporter, bytes: $0) }
    return (peer, exported ?? stream.channelBinding(.serverEndPoint).map { ChannelBinding(.serverEndPoint, bytes: $0) })
  }
}

extension UpstreamFailure {
  /// What a failed connection means for the upstream.
  init(_ failure: WireFailure) {
    switch failure {
    case .ended: self = .connectionLost("the upstream closed the connection")
    case .timedOut: self = .timedOut
    case .cancelled: self = .connectionLost("this relay is stopping")
    case .lineTooLong: self = .connectionLost("the upstream sent a line that is too long")
    case .system(let failure): self = .connectionLost(failure.reason)
    case .tls(let failure): self.init(failure)
    }
  }
}

extension UpstreamFailure {
  /// What a failed handshake means for the upstream; the words are those of the TLS room, which name what was found.
  init(_ failure: TLSFailure) {
    switch failure {
    case .untrustedIssuer, .selfSigned, .notPinned, .badCertificate: self = .certificateUntrusted("\(failure)")
    case .expired, .notYetValid: self = .certificateExpired("\(failure)")
    case .hostNameMismatch: self = .hostNameMismatch("\(failure)")
    case .protocolTooOld: self = .tlsTooOld("\(failure)")
    case .plainText: self = .peerSpeaksPlaintext
    case .refused, .nothingInCommon, .truncated, .damaged, .malformed: self = .handshakeFailed("\(failure)")
    }
  }
}

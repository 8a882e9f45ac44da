// SPDX-License-Identifier: Apache-2.0
import EventLoop
import Mail
import Octets
import SMTP
import Spool

/// A message's bytes on their way in: what the decoder has let through so far.
///
/// A message that stays small is kept here and goes into the journal. One that grows is handed to the spool's ``BodyIntake`` piece by
/// piece, the trace lines first, as soon as its headers are known.
@Loop struct IncomingBody {
  /// What is known about the bytes.
  private(set) var decoder: DataDecoder
  /// The number the message will have; its trace lines name it.
  let id: MessageID
  private var bytes: [UInt8] = []
  private var intake: BodyIntake?
  private var refusal: SpoolRefusal?

  /// A body of which nothing has come.
  init(_ decoder: DataDecoder, _ id: MessageID) {
    self.decoder = decoder
    self.id = id
  }

  /// Whether DATA has come to its end, good or bad.
  var isComplete: Bool { decoder.hasEnded || decoder.violation != nil }

  /// Takes bytes and answers how many.
  mutating func take(_ input: Span<UInt8>) -> Int { decoder.take(input, appendingTo: &bytes) }

  /// Whether ``stream(trace:into:)`` must be called before more is taken, to bound our memory.
  var isLarge: Bool {
    guard !decoder.isTooLarge else { return false }
    return intake != nil ? bytes.count >= IncomingBody.portion : bytes.count >= IncomingBody.keptInMemory && decoder.survey.isComplete
  }

  /// Hands what has come to the spool. What the spool refuses is swallowed to its end, where ``finish(trace:)`` tells.
  mutating func stream(trace: () -> [UInt8], into spool: Spool) async {
    defer { bytes.removeAll(keepingCapacity: true) }
    guard refusal == nil else { return }
    let intake = self.intake ?? spool.beginBody(of: id)
    if self.intake == nil { intake.append(trace().span) }
    self.intake = intake
    intake.append(bytes.span)
    guard intake.needsDrain else { return }
    do throws(SpoolRefusal) {
      try await intake.drain()
    } catch {
      refusal = error
    }
  }

  /// The whole message, the trace lines in front.
  mutating func finish(trace: () -> [UInt8]) async throws(SpoolRefusal) -> LetterBody {
    if let refusal { throw refusal }
    defer { bytes = [] }
    guard let intake else {
      bytes.insert(contentsOf: trace(), at: 0)
      return .memory(bytes)
    }
    intake.append(bytes.span)
    return try await intake.finish()
  }

  /// The message belongs to the spool from now on.
  mutating func handOver() { intake = nil }

  /// Gives up what was handed to the spool, unless the spool has taken it over.
  mutating func discard() {
    intake?.discard()
    intake = nil
    bytes = []
  }

  private static let keptInMemory = 131_072
  private static let portion = 65_536
}

// SPDX-License-Identifier: Apache-2.0
import EventLoop
import Mail
import Octets
import SMTP
import Spool

/// A message's bytes on their way in: what the decoder has let through so far.
///
/// A message that stays small is kept here. One that grows is decoded into the spool's ``BodyIntake``, the trace lines first, as soon as
/// its headers are known; its length and the memory there is decide whether it goes into the journal or to a file of its own. One that
/// cannot be kept is swallowed to its end, where the client looks for the reply. Invariant: ``MessageMemory`` knows of every byte that is
/// held here or by the intake.
@Loop struct IncomingBody: ~Copyable {
  /// What is known about the bytes.
  private(set) var decoder: DataDecoder
  /// The number the message will have; its trace lines name it.
  let id: MessageID
  private let memory: MessageMemory
  private var bytes: [UInt8] = []
  private var intake: BodyIntake?
  /// The body in the end, where it went through the intake.
  private var finished: LetterBody?
  /// What the memory has let it grow to.
  private var share = 0
  /// How many bytes the client said it would send; it may have lied.
  private let announced: Int
  /// What the memory was told last.
  private var noted = 0
  private var refusal: BodyRefusal?

  /// A body of which nothing has come.
  init(_ decoder: DataDecoder, _ id: MessageID, announced: Int?, _ memory: MessageMemory) {
    self.decoder = decoder
    self.id = id
    self.announced = announced ?? 0
    self.memory = memory
  }

  /// What came of bytes that were offered.
  struct Progress {
    /// How many were taken.
    let taken: Int
    /// Whether ``stream(_:into:)`` must be called before more is taken, to bound our memory.
    let isLarge: Bool
    /// Whether DATA has come to its end, good or bad.
    let isComplete: Bool
  }

  /// Takes bytes, up to the end of the message.
  mutating func take(_ input: Span<UInt8>) -> Progress {
    let taken = input.isEmpty ? 0 : decode(input)
    return Progress(taken: taken, isLarge: isLarge, isComplete: decoder.hasEnded || decoder.violation != nil)
  }

  /// Takes bytes and answers how many.
  private mutating func decode(_ input: Span<UInt8>) -> Int {
    let taken: Int
    if let intake {
      taken = intake.take(about: input.count) { decoder.take(input, appendingTo: &$0) }
    } else {
      // The trace lines will stand in front.
      if bytes.capacity == 0 { bytes.reserveCapacity(input.count + IncomingBody.roomForTrace) }
      taken = decoder.take(input, appendingTo: &bytes)
    }
    note()
    if memory.isExhausted, refusal == nil { refuse(.memory) }
    if decoder.isDropped || refusal != nil, holdsAnything { discard() }
    return taken
  }

  private var isLarge: Bool {
    if refusal != nil { return false }
    if let intake { return intake.needsDrain || memory.isShort && intake.bytesInMemory >= IncomingBody.smallPiece }
    return bytes.count >= (memory.isShort ? IncomingBody.smallPiece : IncomingBody.keptHere) && decoder.survey.isComplete
  }

  /// Hands what has come to the spool. What the spool refuses is swallowed to its end, where ``seal(trace:)`` tells.
  mutating func stream(_ opening: () -> (trace: [UInt8], envelope: Envelope), into spool: Spool) async {
    if intake == nil {
      let (trace, envelope) = opening()
      await begin(trace, envelope, spool)
    }
    guard let intake, intake.needsDrain || memory.isShort else { return }
    memory.beginDrain()
    do throws(SpoolRefusal) {
      try await intake.drain()
      note()
      returnShare()
    } catch {
      refuse(.spool(error))
    }
    memory.endDrain()
  }

  /// Whether the spool has what came, trace lines and all.
  var isStreamed: Bool { intake != nil }

  /// Whether it came to its end without the spool though it is long: one that is all headers.
  var isLongAndHere: Bool { intake == nil && bytes.count >= IncomingBody.keptHere }

  /// Brings what the spool has to its end; to be called before ``seal(trace:)`` where it has anything.
  mutating func finishStream() async {
    guard let intake, refusal == nil else { return }
    do throws(SpoolRefusal) { finished = try await intake.finish() } catch { refuse(.spool(error)) }
  }

  /// The whole message, the trace lines in front.
  mutating func seal(trace: () -> [UInt8]) throws(BodyRefusal) -> LetterBody {
    if let refusal { throw refusal }
    if let finished { return finished }
    precondition(intake == nil, "what the spool has is brought to its end first")
    bytes.insert(contentsOf: trace(), at: 0)
    return .memory(bytes)
  }

  /// The message belongs to the spool from now on.
  mutating func handOver() {
    intake = nil
    discard()
  }

  /// Gives up what was handed to the spool, unless the spool has taken it over.
  mutating func discard() {
    intake?.discard()
    intake = nil
    finished = nil
    returnShare()
    dropBytes()
  }

  private var holdsAnything: Bool { intake != nil || !bytes.isEmpty }

  /// The body is the intake's from now on, the trace lines in front.
  private mutating func begin(_ lines: [UInt8], _ envelope: Envelope, _ spool: Spool) async {
    let intake = spool.beginBody(of: id, for: envelope)
    let expected = announced > bytes.count ? announced + lines.count : intake.mostInMemory
    if expected <= intake.mostInMemory, await memory.takeShare(expected) {
      share = expected
      intake.expect(expected)
    } else {
      intake.goToFile()
    }
    intake.append(lines.span)
    intake.append(bytes.span)
    self.intake = intake
    dropBytes()
  }

  private mutating func returnShare() {
    if share > 0 { memory.returnShare(share) }
    share = 0
  }

  private mutating func refuse(_ why: BodyRefusal) {
    refusal = why
    discard()
  }

  private mutating func dropBytes() {
    bytes = []
    note()
  }

  private mutating func note() {
    let holds = bytes.count + (intake?.bytesInMemory ?? 0)
    if holds != noted { memory.note(noted, became: holds) }
    noted = holds
  }

  private static let roomForTrace = 640
  /// What grows beyond this is the intake's.
  private static let keptHere = 65_536
  /// The least that is worth a write when memory is short.
  private static let smallPiece = 16_384
}

/// Why a message that came in was not kept.
enum BodyRefusal: Error {
  /// The spool does not take it.
  case spool(SpoolRefusal)
  /// Too many messages were on their way in.
  case memory

  /// What happened, why, and what to do, for the log.
  var words: String {
    switch self {
    case .spool(let refusal): refusal.words
    case .memory: "messages on their way in take as much memory as Listen.MaxMemory= allows"
    }
  }

  /// What the client is told.
  var reply: Reply {
    switch self {
    case .spool(.tooLarge): Reply(552, EnhancedStatus(5, 3, 4), "the message is too large to be stored")
    case .spool(.full), .spool(.failing), .spool(.closed): .cannotStore
    case .memory: Reply(452, EnhancedStatus(4, 3, 1), "too many messages are coming in at present; try again later")
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
internal import Mail
internal import Octets
internal import Timekeeping

/// A change in a message's state: what an attempt brought, or what an operator ordered.
///
/// It holds only what is new. The outcomes of earlier attempts stand in the records before, to which ``previous`` leads back, as far as the
/// message's accepted record, which has all that was known when it was written.
struct SettledRecord: Sendable {
  var id: MessageID
  /// When it happened.
  var time: WallTime
  /// When the message is due next; of a failed one, when it may be forgotten.
  var nextAttempt: WallTime
  /// The settlement before this one, if it is still needed.
  var previous: RecordLocation
  /// The state from now on; nil when nothing remains of the message.
  var state: QueueState?
  var attempts: UInt16
  /// Whether recipients that had failed before are open again.
  var reopensFailed: Bool
  /// The outcomes of this attempt by the recipients' places.
  var outcomes: [(index: UInt16, outcome: Outcome)]
  /// Whether a body in `bodies/` goes when this is durable; not stored.
  var removesBody = false

  /// How long the fixed part is; the fields follow.
  static let fixedLength = 40
  private static let outcomeTag: UInt8 = 1
  private static let reopens: UInt8 = 1

  /// Adds the meta of the record.
  func encodeMeta(into bytes: inout [UInt8]) {
    let row = (
      id.number.littleEndian, time.microseconds.littleEndian, nextAttempt.microseconds.littleEndian, previous.sequence.littleEndian,
      previous.units.littleEndian, state?.rawValue ?? 0, reopensFailed ? SettledRecord.reopens : 0, attempts.littleEndian,
      UInt16(outcomes.count).littleEndian, UInt16(0)
    )
    bytes.put(row: row, length: SettledRecord.fixedLength)
    let limit = OutcomeField.textLimit(recipients: outcomes.count)
    for (index, outcome) in outcomes {
      bytes.putField(SettledRecord.outcomeTag) { bytes in
        bytes.put(index)
        OutcomeField.encode(outcome, into: &bytes, textLimit: limit)
      }
    }
  }

  /// The record whose meta was read and checked.
  init(meta: Span<UInt8>) throws(RecordDefect) {
    let fixed = try Fixed(meta)
    id = fixed.id
    time = fixed.time
    nextAttempt = fixed.nextAttempt
    previous = fixed.previous
    state = fixed.state
    attempts = fixed.attempts
    reopensFailed = fixed.reopensFailed
    outcomes = []
    var cursor = FieldCursor(meta, from: SettledRecord.fixedLength)
    while try cursor.advance() {
      guard cursor.tag == SettledRecord.outcomeTag else { continue }
      guard cursor.content.count >= 2 else { throw .malformed("an outcome has no recipient") }
      let content = meta.extracting(cursor.content)
      outcomes.append((content.number(UInt16.self, at: 0), try OutcomeField.decode(content.extracting(2..<content.count))))
    }
    guard outcomes.count == fixed.outcomes else { throw .malformed("its outcomes are not as many as it says") }
  }

  /// The verdicts in a record's meta.
  static func verdicts(_ meta: Span<UInt8>) throws(RecordDefect) -> [RecipientVerdict] {
    var verdicts: [RecipientVerdict] = []
    var cursor = FieldCursor(meta, from: fixedLength)
    while try cursor.advance() {
      guard cursor.tag == outcomeTag else { continue }
      guard cursor.content.count >= 2 else { throw .malformed("an outcome has no recipient") }
      let content = meta.extracting(cursor.content)
      let verdict = try OutcomeField.verdict(content.extracting(2..<content.count))
      verdicts.append(RecipientVerdict(index: content.number(UInt16.self, at: 0), verdict: verdict))
    }
    return verdicts
  }

  /// A settlement from its parts.
  init(
    id: MessageID, time: WallTime, state: QueueState?, attempts: UInt16, nextAttempt: WallTime,
    outcomes: [(index: UInt16, outcome: Outcome)] = [], reopensFailed: Bool = false
  ) {
    self.id = id
    self.time = time
    self.state = state
    self.attempts = attempts
    self.nextAttempt = nextAttempt
    self.outcomes = outcomes
    self.reopensFailed = reopensFailed
    previous = .none
  }

  /// The part of the meta that has the same place in every record.
  struct Fixed {
    var id: MessageID
    var time: WallTime
    var nextAttempt: WallTime
    var previous: RecordLocation
    var state: QueueState?
    var reopensFailed: Bool
    var attempts: UInt16
    var outcomes: Int

    init(_ meta: Span<UInt8>) throws(RecordDefect) {
      guard meta.count >= SettledRecord.fixedLength else { throw .cutOff }
      id = MessageID(number: meta.number(UInt64.self, at: 0))
      time = WallTime(microseconds: meta.number(Int64.self, at: 8))
      nextAttempt = WallTime(microseconds: meta.number(Int64.self, at: 16))
      previous = RecordLocation(sequence: meta.number(UInt32.self, at: 24), units: meta.number(UInt32.self, at: 28))
      state = QueueState(rawValue: meta[32])
      guard state != nil || meta[32] == 0 else { throw .malformed("it is in an unknown state") }
      reopensFailed = meta[33] & SettledRecord.reopens != 0
      attempts = meta.number(UInt16.self, at: 34)
      outcomes = Int(meta.number(UInt16.self, at: 36))
      guard id.number != 0 else { throw .malformed("it names no message") }
    }
  }
}

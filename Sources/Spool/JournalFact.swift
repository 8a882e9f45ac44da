// SPDX-License-Identifier: Apache-2.0
internal import Mail
internal import Octets
internal import Timekeeping

/// What one record means for the queue: all that is needed to build the index, without envelopes and words.
///
/// Reading a segment yields facts, and so does its summary; applied in the order of the journal they give the queue.
struct JournalFact: Hashable, Sendable {
  var kind: Kind
  /// The state from now on; nil when nothing remains.
  var state: QueueState?
  var flags: Flags
  var attempts: UInt16
  /// How many recipients an accepted message has.
  var recipients: UInt16
  /// The message; of a `trimmed` fact the oldest segment that is still needed.
  var id: UInt64
  var location: RecordLocation
  /// The record's length in units of 8 bytes.
  var lengthUnits: UInt32
  /// The body's size.
  var size: Int
  var nextAttempt: Int64
  /// What it says about single recipients.
  var verdicts: [RecipientVerdict]

  /// The kinds of facts.
  enum Kind: UInt8 {
    case accepted = 1
    case settled = 2
    case trimmed = 3
  }

  /// Properties of a fact.
  struct Flags: OptionSet, Hashable {
    let rawValue: UInt8
    static let relocated = Flags(rawValue: 1)
    static let bodyInFile = Flags(rawValue: 2)
    static let reopensFailed = Flags(rawValue: 4)
  }

  /// The fact in a record; nil when it is a summary.
  init?(_ header: RecordHeader, meta: Span<UInt8>, at location: RecordLocation) throws(RecordDefect) {
    self.location = location
    lengthUnits = UInt32(header.recordLength / SpoolFormat.alignment)
    switch header.kind {
    case .accepted:
      let fixed = try AcceptedRecord.Fixed(meta)
      kind = .accepted
      state = fixed.state
      flags = Flags(rawValue: fixed.flags.rawValue & 3)
      attempts = fixed.attempts
      recipients = UInt16(fixed.recipients)
      id = fixed.id.number
      size = fixed.size
      nextAttempt = fixed.nextAttempt.microseconds
      guard flags.contains(.bodyInFile) ? header.bodyLength == 0 : header.bodyLength == size else {
        throw .malformed("its body is not as long as it says")
      }
      verdicts = flags.contains(.relocated) ? try EnvelopeFields.verdicts(meta, from: AcceptedRecord.fixedLength) : []
    case .settled:
      let fixed = try SettledRecord.Fixed(meta)
      kind = .settled
      state = fixed.state
      flags = fixed.reopensFailed ? .reopensFailed : []
      (attempts, recipients, id, size) = (fixed.attempts, 0, fixed.id.number, 0)
      nextAttempt = fixed.nextAttempt.microseconds
      verdicts = fixed.outcomes > 0 && fixed.state != nil ? try SettledRecord.verdicts(meta) : []
    case .trimmed:
      guard meta.count >= 8 else { throw .cutOff }
      (kind, state, flags, attempts, recipients, size, nextAttempt, verdicts) = (.trimmed, nil, [], 0, 0, 0, 0, [])
      id = meta.number(UInt64.self, at: 0)
    case .summary:
      return nil
    }
  }

  /// How long the part is that every stored fact has.
  static let storedLength = 40

  /// Adds the fact as a summary stores it.
  func encode(into bytes: inout [UInt8]) {
    let row = (
      kind.rawValue, state?.rawValue ?? 0, attempts.littleEndian, recipients.littleEndian, UInt16(verdicts.count).littleEndian,
      id.littleEndian, location.units.littleEndian, lengthUnits.littleEndian, (UInt64(size) | UInt64(flags.rawValue) << 56).littleEndian,
      nextAttempt.littleEndian
    )
    bytes.put(row: row, length: JournalFact.storedLength)
    for verdict in verdicts {
      bytes.put(verdict.index)
      bytes.append(verdict.verdict.rawValue)
      bytes.append(0)
    }
    if !verdicts.count.isMultiple(of: 2) { bytes.put(UInt32(0)) }
  }

  /// How many bytes ``encode(into:)`` adds.
  var encodedLength: Int { JournalFact.storedLength + SpoolFormat.aligned(verdicts.count * 4) }

  /// The fact stored at `offset` in the summary of a segment; nil when it makes no sense.
  init?(stored bytes: Span<UInt8>, at offset: Int, sequence: UInt32) {
    guard bytes.count - offset >= JournalFact.storedLength, let kind = Kind(rawValue: bytes[offset]) else { return nil }
    let count = Int(bytes.number(UInt16.self, at: offset + 6))
    guard bytes.count - offset - JournalFact.storedLength >= SpoolFormat.aligned(count * 4) else { return nil }
    self.kind = kind
    state = QueueState(rawValue: bytes[offset + 1])
    guard state != nil || bytes[offset + 1] == 0 else { return nil }
    attempts = bytes.number(UInt16.self, at: offset + 2)
    recipients = bytes.number(UInt16.self, at: offset + 4)
    id = bytes.number(UInt64.self, at: offset + 8)
    location = RecordLocation(sequence: sequence, units: bytes.number(UInt32.self, at: offset + 16))
    lengthUnits = bytes.number(UInt32.self, at: offset + 20)
    let size = bytes.number(UInt64.self, at: offset + 24)
    self.size = Int(size & 0xff_ffff_ffff_ffff)
    flags = Flags(rawValue: UInt8(size >> 56))
    nextAttempt = bytes.number(Int64.self, at: offset + 32)
    verdicts = []
    for index in 0..<count {
      let place = offset + JournalFact.storedLength + index * 4
      guard let verdict = Outcome.Verdict(rawValue: bytes[place + 2]) else { return nil }
      verdicts.append(RecipientVerdict(index: bytes.number(UInt16.self, at: place), verdict: verdict))
    }
  }
}

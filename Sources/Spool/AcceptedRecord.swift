// SPDX-License-Identifier: Apache-2.0
internal import Mail
internal import Octets
internal import Timekeeping

/// A message as the journal keeps it: the envelope and the state it was in when the record was written.
///
/// A message comes in with a fresh one; cleaning writes another one with the present state, which takes the place of everything that
/// stands before it about this message.
struct AcceptedRecord: Sendable {
  var id: MessageID
  var envelope: Envelope
  /// One for each recipient, or empty when there is none at all.
  var outcomes: [Outcome?]
  var state: QueueState
  var attempts: UInt16
  var nextAttempt: WallTime
  var body: LetterBody
  var isRelocated: Bool

  /// The fresh record of a letter.
  init(_ letter: Letter) {
    id = letter.id
    envelope = letter.envelope
    outcomes = []
    state = letter.isHeld ? .held : .queued
    attempts = 0
    nextAttempt = letter.envelope.holdUntil ?? letter.envelope.accepted
    body = letter.body
    isRelocated = false
  }

  /// Takes in what a later change says about the recipients.
  mutating func take(_ change: SettledRecord) {
    if outcomes.isEmpty { outcomes = Array(repeating: nil, count: envelope.recipients.count) }
    if change.reopensFailed {
      for place in outcomes.indices where outcomes[place]?.verdict == .failed { outcomes[place]?.verdict = .deferred }
    }
    for (index, outcome) in change.outcomes where Int(index) < outcomes.count { outcomes[Int(index)] = outcome }
  }

  /// How long the fixed part is; the fields follow.
  static let fixedLength = 48

  /// Adds the meta of the record.
  func encodeMeta(into bytes: inout [UInt8]) {
    var flags: Flags = isRelocated ? .relocated : []
    var checksum: UInt32 = 0
    if case .file(let file) = body {
      flags.insert(.bodyInFile)
      checksum = file.checksum
    }
    let row = (
      id.number.littleEndian, envelope.accepted.microseconds.littleEndian, nextAttempt.microseconds.littleEndian,
      UInt64(body.size).littleEndian, state.rawValue, flags.rawValue, attempts.littleEndian,
      UInt16(envelope.recipients.count).littleEndian, UInt16(0), checksum.littleEndian, UInt32(0)
    )
    bytes.put(row: row, length: AcceptedRecord.fixedLength)
    EnvelopeFields.encode(envelope, outcomes: outcomes, into: &bytes)
  }

  /// The record whose meta was read; the caller has checked it against its checksum. The body is empty unless it is in a file.
  init(meta: Span<UInt8>) throws(RecordDefect) {
    let fixed = try Fixed(meta)
    id = fixed.id
    state = fixed.state
    attempts = fixed.attempts
    nextAttempt = fixed.nextAttempt
    isRelocated = fixed.flags.contains(.relocated)
    body = fixed.flags.contains(.bodyInFile) ? .file(BodyFile(size: fixed.size, checksum: fixed.bodyFileChecksum)) : .memory([])
    (envelope, outcomes) = try EnvelopeFields.decode(meta, from: AcceptedRecord.fixedLength, accepted: fixed.accepted)
    guard envelope.recipients.count == fixed.recipients else { throw .malformed("its recipients are not as many as it says") }
  }

  /// Properties of the record.
  struct Flags: OptionSet {
    let rawValue: UInt8
    /// Written by cleaning.
    static let relocated = Flags(rawValue: 1)
    /// The body is in `bodies/`.
    static let bodyInFile = Flags(rawValue: 2)
  }

  /// The part of the meta that has the same place in every record.
  struct Fixed {
    var id: MessageID
    var accepted: WallTime
    var nextAttempt: WallTime
    var size: Int
    var state: QueueState
    var flags: Flags
    var attempts: UInt16
    var recipients: Int
    var bodyFileChecksum: UInt32

    init(_ meta: Span<UInt8>) throws(RecordDefect) {
      guard meta.count >= AcceptedRecord.fixedLength else { throw .cutOff }
      guard let state = QueueState(rawValue: meta[32]) else { throw .malformed("it is in an unknown state") }
      id = MessageID(number: meta.number(UInt64.self, at: 0))
      accepted = WallTime(microseconds: meta.number(Int64.self, at: 8))
      nextAttempt = WallTime(microseconds: meta.number(Int64.self, at: 16))
      size = meta.number(Int.self, at: 24)
      self.state = state
      flags = Flags(rawValue: meta[33])
      attempts = meta.number(UInt16.self, at: 34)
      recipients = Int(meta.number(UInt16.self, at: 36))
      bodyFileChecksum = meta.number(UInt32.self, at: 40)
      guard id.number != 0, recipients > 0, size >= 0 else { throw .malformed("its fixed part makes no sense") }
    }
  }
}

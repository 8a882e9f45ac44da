// SPDX-License-Identifier: Apache-2.0
package import Mail
package import Timekeeping

/// What memory keeps of a message: 48 bytes; everything else stands in the journal.
package struct QueueEntry: Sendable {
  /// The message.
  package var id: MessageID { MessageID(number: number) }
  /// Its size in bytes; saturates at 4 GiB.
  package var size: Int { Int(storedSize) }
  /// How often delivery was tried.
  package internal(set) var attempts: UInt16
  /// How many recipients it has, settled or not.
  package internal(set) var recipients: UInt16
  /// Where it stands.
  package internal(set) var state: QueueState
  var flags: Flags
  let number: UInt64
  private var storedSize: UInt32
  /// The length of its accepted record in units of 8 bytes.
  var lengthUnits: UInt32
  private var next: Int64
  /// Where its accepted record stands.
  var accepted: RecordLocation
  /// Where the newest settlement behind that stands, or ``RecordLocation/none``.
  var settled: RecordLocation

  /// When it is due; of a failed message, when it may be forgotten.
  package internal(set) var nextAttempt: WallTime {
    get { WallTime(microseconds: next) }
    set { next = newValue.microseconds }
  }

  /// Properties of an entry.
  struct Flags: OptionSet {
    let rawValue: UInt8
    /// The body is in `bodies/`.
    static let bodyInFile = Flags(rawValue: 1)
    /// A settlement is not on stable storage yet.
    static let isSettling = Flags(rawValue: 2)
  }

  /// The entry of the message that a fact of acceptance tells of.
  init(_ fact: JournalFact) {
    number = fact.id
    attempts = fact.attempts
    recipients = fact.recipients
    state = fact.state ?? .queued
    flags = fact.flags.contains(.bodyInFile) ? .bodyInFile : []
    storedSize = UInt32(clamping: fact.size)
    lengthUnits = fact.lengthUnits
    next = fact.nextAttempt
    accepted = fact.location
    settled = .none
  }

  /// The entry of a message whose record is still to be written.
  init(_ record: AcceptedRecord) {
    number = record.id.number
    attempts = record.attempts
    recipients = UInt16(record.envelope.recipients.count)
    state = record.state
    flags = []
    if case .file = record.body { flags = .bodyInFile }
    storedSize = UInt32(clamping: record.body.size)
    lengthUnits = 0
    next = record.nextAttempt.microseconds
    accepted = .none
    settled = .none
  }
}

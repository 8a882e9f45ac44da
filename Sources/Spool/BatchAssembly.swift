// SPDX-License-Identifier: Apache-2.0
internal import Mail
internal import Octets

/// A batch in the making, with everything that rides in it and those who wait for it.
///
/// The order in it matters: messages first, then messages moved by cleaning, then settlements, so that a change always stands behind
/// the record that it changes; last the note from where on the journal is needed.
struct BatchAssembly {
  /// What will be written.
  private(set) var batch = JournalBatch()
  /// The messages that the first records bring.
  private(set) var arrivals: [Arrival] = []
  /// The settlements behind them.
  private(set) var wave = SettlementQueue.Wave()
  /// From which segment on the journal is needed once this is durable.
  private(set) var trim: UInt32?
  /// Whether it moves messages for cleaning.
  private(set) var isMoving = false

  /// A message that comes in or is moved.
  struct Arrival {
    var entry: QueueEntry
    /// Who waits for it.
    var waiter: Waiter?
    /// Where the record stands that this one takes the place of.
    var replaces: RecordLocation?
  }

  /// Those who wait for the messages.
  var waiters: [Waiter] { arrivals.compactMap(\.waiter) }

  /// Adds a message that comes in, unless it is larger than a record may be.
  mutating func add(_ record: AcceptedRecord, waiter: Waiter, _ limits: SpoolLimits) throws(SpoolRefusal) {
    guard record.envelope.recipients.count <= SpoolLimits.recipients else {
      throw .tooLarge("a message has at most \(SpoolLimits.recipients) recipients here")
    }
    let length = batch.append(.accepted, body: record.bodyInRecord, limit: limits.recordLimit) { record.encodeMeta(into: &$0) }
    guard let length else {
      throw .tooLarge("the envelope and the body together are longer than \(limits.recordLimit) bytes")
    }
    append(record, length, waiter: waiter, replaces: nil)
  }

  /// Adds a message that is moved, in the state its entry tells; leaves it out when the batch has no room.
  mutating func add(_ relocation: Relocation, present: QueueEntry, _ limits: SpoolLimits) {
    var record = relocation.record
    // What waits in the settlement queue stands behind this record in the journal, with all that it changes.
    (record.state, record.attempts, record.nextAttempt) = (present.state, present.attempts, present.nextAttempt)
    let room = limits.segmentSize.bytes * 3 / 4 - batch.length
    let verdicts = record.outcomes.count
    guard
      let length = batch.append(.accepted, body: record.bodyInRecord, verdicts: verdicts, limit: room, meta: record.encodeMeta)
    else { return }
    append(record, length, waiter: nil, replaces: relocation.accepted)
    isMoving = true
  }

  /// Adds settlements; `previous` tells where the newest one before of a message stands.
  mutating func ride(_ wave: SettlementQueue.Wave, previous: (MessageID) -> RecordLocation) {
    self.wave = wave
    for place in wave.settlements.indices {
      self.wave.settlements[place].previous = previous(wave.settlements[place].id)
      batch.append(.settled, verdicts: wave.settlements[place].outcomes.count, meta: self.wave.settlements[place].encodeMeta)
    }
  }

  /// Adds the note from where on the journal is needed.
  mutating func trim(to sequence: UInt32) {
    trim = sequence
    batch.append(.trimmed) { $0.put(UInt64(sequence)) }
  }

  private mutating func append(_ record: AcceptedRecord, _ length: Int, waiter: Waiter?, replaces: RecordLocation?) {
    var entry = QueueEntry(record)
    entry.lengthUnits = UInt32(length / SpoolFormat.alignment)
    arrivals.append(Arrival(entry: entry, waiter: waiter, replaces: replaces))
  }
}

extension AcceptedRecord {
  /// The body as far as it stands in the record itself.
  fileprivate var bodyInRecord: [UInt8] {
    switch body {
    case .memory(let bytes): bytes
    case .file: []
    }
  }
}

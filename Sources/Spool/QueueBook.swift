// SPDX-License-Identifier: Apache-2.0
internal import Mail
internal import Timekeeping

/// The queue as it stands: every message's entry, who of several recipients is settled, and which segments are needed for it.
///
/// A change counts here at once, before it is written; a message counts only when it is written. Invariant: the ledger counts exactly
/// the accepted records that the index points to.
struct QueueBook {
  /// The messages.
  private(set) var index: QueueIndex
  /// Who is settled of messages with several recipients.
  private(set) var verdicts: VerdictTable
  /// The segments in use.
  var ledger: SegmentLedger
  /// How many messages are in each state.
  private(set) var counts: QueueCounts
  /// How many messages cleaning has moved.
  private(set) var moved = 0
  /// Where the newest settlement of a message stands that has left the index, while its going is not on stable storage.
  private var departing: [UInt64: RecordLocation] = [:]

  /// The queue that recovery found.
  init(_ recovered: RecoveredJournal) {
    index = recovered.queue.index
    verdicts = recovered.queue.verdicts
    ledger = recovered.ledger
    counts = QueueCounts(recovered.queue.index)
  }

  /// Takes in a change that is still to be written; answers it as it is to be written, or nil when there is no such message.
  mutating func change(_ change: SettledRecord) -> SettledRecord? {
    guard let place = index.find(change.id.number) else { return nil }
    let entry = index[place]
    counts.move(from: entry.state, to: change.state)
    if let state = change.state {
      index[place].state = state
      index[place].attempts = change.attempts
      index[place].nextAttempt = change.nextAttempt
      let news = change.outcomes.map { RecipientVerdict(index: $0.index, verdict: $0.outcome.verdict) }
      if change.reopensFailed { verdicts.reopenFailed(change.id.number) }
      verdicts.add(news, to: change.id.number, recipients: Int(entry.recipients))
      return change
    }
    var change = change
    change.removesBody = entry.flags.contains(.bodyInFile)
    change.outcomes = []
    if entry.attempts > 0 { departing[entry.number] = entry.settled }
    ledger.subtract(entry.accepted, units: entry.lengthUnits)
    index.remove(at: place)
    verdicts.remove(change.id.number)
    return change
  }

  /// Where the newest settlement of a message stands.
  func newestSettlement(of id: MessageID) -> RecordLocation {
    index.find(id.number).map { index[$0].settled } ?? departing[id.number] ?? .none
  }

  /// The entry that a relocation was read for, if nothing about it changed since.
  func entry(for relocation: Relocation) -> QueueEntry? {
    guard let place = index.find(relocation.record.id.number), index[place].accepted == relocation.accepted,
      index[place].settled == relocation.settled
    else { return nil }
    return index[place]
  }

  /// Notes that a settlement stands at a place.
  mutating func note(_ settlement: SettledRecord, at location: RecordLocation) {
    if let place = index.find(settlement.id.number) {
      index[place].settled = location
    } else if !departing.isEmpty, departing[settlement.id.number] != nil {
      departing[settlement.id.number] = settlement.state == nil ? nil : location
    }
  }

  /// Notes that a message stands at a place.
  mutating func enter(_ arrival: BatchAssembly.Arrival, at location: RecordLocation) {
    var entry = arrival.entry
    entry.accepted = location
    guard let old = arrival.replaces else {
      counts.move(from: nil, to: entry.state)
      index.insert(entry)
      ledger.add(location, units: entry.lengthUnits)
      return
    }
    guard let place = index.find(entry.number), index[place].accepted == old else { return }
    moved += 1
    ledger.subtract(old, units: index[place].lengthUnits)
    ledger.add(location, units: entry.lengthUnits)
    index[place].accepted = location
    index[place].lengthUnits = entry.lengthUnits
    index[place].settled = .none
  }
}

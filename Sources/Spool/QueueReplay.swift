// SPDX-License-Identifier: Apache-2.0
internal import Mail
internal import Timekeeping

/// The queue that comes out when the facts of a journal are taken in one after the other.
struct QueueReplay: Sendable {
  /// The messages.
  private(set) var index = QueueIndex()
  /// Who is settled of messages with several recipients.
  private(set) var verdicts = VerdictTable()
  /// The largest message number that was seen.
  private(set) var highestID: UInt64 = 0
  /// The oldest segment that is still needed, as far as the journal says.
  private(set) var oldest: UInt32 = 0

  /// Takes in what a segment's header says.
  mutating func apply(_ header: SegmentHeader) {
    highestID = max(highestID, header.highestID)
    oldest = max(oldest, header.oldest)
  }

  /// Takes in one fact; facts come in the order of the journal.
  mutating func apply(_ fact: JournalFact) {
    switch fact.kind {
    case .accepted:
      highestID = max(highestID, fact.id)
      index.insert(QueueEntry(fact))
      verdicts.remove(fact.id)
      verdicts.add(fact.verdicts, to: fact.id, recipients: Int(fact.recipients))
    case .settled:
      highestID = max(highestID, fact.id)
      guard let place = index.find(fact.id) else { return }
      guard let state = fact.state else {
        index.remove(at: place)
        verdicts.remove(fact.id)
        return
      }
      index[place].state = state
      index[place].attempts = fact.attempts
      index[place].nextAttempt = WallTime(microseconds: fact.nextAttempt)
      index[place].settled = fact.location
      if fact.flags.contains(.reopensFailed) { verdicts.reopenFailed(fact.id) }
      verdicts.add(fact.verdicts, to: fact.id, recipients: Int(index[place].recipients))
    case .trimmed:
      oldest = max(oldest, UInt32(clamping: fact.id))
    }
  }

  /// Forgets the messages of segments that were given back: whatever settled them may be gone already.
  mutating func forgetTrimmed() {
    let oldest = oldest
    var gone: [UInt64] = []
    index.removeAll { entry in
      guard entry.accepted.sequence < oldest else { return false }
      gone.append(entry.number)
      return true
    }
    for id in gone { verdicts.remove(id) }
  }
}

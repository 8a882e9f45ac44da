// SPDX-License-Identifier: Apache-2.0
internal import EventLoop
internal import LinuxSystem
package import Mail
package import Timekeeping

/// A message read back from the spool.
package struct StoredLetter: Sendable {
  /// Its number.
  package let id: MessageID
  /// Who sends it to whom.
  package let envelope: Envelope
  /// The last outcome of each recipient; nil for one that was never tried.
  package let outcomes: [Outcome?]
  /// Where it stands.
  package let state: QueueState
  /// How often delivery was tried.
  package let attempts: Int
  /// When it is due; of a failed message, when it may be forgotten.
  package let nextAttempt: WallTime
  /// How many bytes the body has.
  package let size: Int
  /// Where the body is; an empty one in memory when it was not asked for.
  package let body: LetterBody

  /// The recipients that are still to be served, by their places in the envelope.
  package var openRecipients: [Int] {
    envelope.recipients.indices.filter { outcomes[$0].map { $0.verdict == .deferred } ?? true }
  }

  /// How much memory its body takes; more than its length, since it grew while it came.
  package var bytesInMemory: Int { if case .memory(let bytes) = body { bytes.capacity } else { 0 } }

  /// A letter as it was just accepted, before anything was tried.
  package init(fresh letter: Letter) {
    id = letter.id
    envelope = letter.envelope
    outcomes = StoredLetter.untried(letter.envelope.recipients.count)
    state = letter.isHeld ? .held : .queued
    attempts = 0
    nextAttempt = letter.envelope.holdUntil ?? letter.envelope.accepted
    size = letter.body.size
    body = letter.body
  }

  init(_ record: AcceptedRecord, size: Int) {
    id = record.id
    envelope = record.envelope
    outcomes = record.outcomes.isEmpty ? StoredLetter.untried(record.envelope.recipients.count) : record.outcomes
    state = record.state
    attempts = Int(record.attempts)
    nextAttempt = record.nextAttempt
    self.size = size
    body = record.body
  }

  /// No outcome for any recipient; one literal for the common message, since a count costs a look at the table of generic types.
  private static func untried(_ recipients: Int) -> [Outcome?] { recipients == 1 ? [nil] : Array(repeating: nil, count: recipients) }
}

extension Spool {
  /// Reads a message with its body; a large body stays in its file, to be read with ``read(body:of:)``.
  ///
  /// A message that turns out to be damaged is set aside in `corrupt/`, told of in ``damages``, and taken out of the queue.
  package func read(_ id: MessageID) async throws(SpoolFailure) -> StoredLetter {
    while true {
      guard let entry = entry(id) else { throw .notFound }
      let reader = RecordReader(disk, journal.book.ledger.segments)
      switch await workers.perform(loop, { reader.attempt(entry, body: .wanted) }) {
      case .success(let record):
        // What was written while the worker was reading is read anew; what is still to be written is added.
        guard let present = self.entry(id), present.accepted == entry.accepted, present.settled == entry.settled else { continue }
        return StoredLetter(withPending(record), size: record.body.size)
      case .failure(.system(let failure)): throw .system(failure)
      case .failure(.damaged(let defect)):
        // The record may have been moved, and its segment used again, while the worker was reading.
        if let present = self.entry(id), present.accepted == entry.accepted, present.settled == entry.settled {
          throw .damaged(await giveUp(entry, defect))
        }
      }
    }
  }

  /// A record with what is still to be written about its message.
  private func withPending(_ record: AcceptedRecord) -> AcceptedRecord {
    var record = record
    for change in journal.pendingChanges(of: record.id) { record.take(change) }
    if let present = entry(record.id) {
      (record.state, record.attempts, record.nextAttempt) = (present.state, present.attempts, present.nextAttempt)
    }
    return record
  }

  /// Reads messages without their bodies, for a list; those that are gone meanwhile or cannot be read are left out.
  package func describe(_ ids: [MessageID]) async -> [StoredLetter] {
    let entries = ids.compactMap { entry($0) }
    let reader = RecordReader(disk, journal.book.ledger.segments)
    let records = await workers.perform(loop) {
      entries.compactMap { entry -> (record: AcceptedRecord, size: Int)? in
        guard case .success(let record) = reader.attempt(entry, body: .notWanted) else { return nil }
        return (record, entry.size)
      }
    }
    return records.map { StoredLetter(withPending($0.record), size: $0.size) }
  }

  /// A reader of a large body, of a letter fresh or stored.
  package func read(body: BodyFile, of id: MessageID) -> BodyReader { BodyReader(self, id, body) }

  /// Sets a damaged message aside and takes it out of the queue, unless it cannot be set aside; answers what happened.
  @discardableResult func giveUp(_ entry: QueueEntry, _ defect: RecordDefect) async -> String {
    let slot = journal.book.ledger.segment(entry.accepted.sequence)?.slot ?? 0
    let path = SpoolFormat.segmentPath(slot)
    let range = entry.accepted.offset..<entry.accepted.offset + Int(entry.lengthUnits) * SpoolFormat.alignment
    let piece = DamagedPiece(
      name: "\(entry.accepted.sequence)-\(range.lowerBound)",
      words: "message \(entry.id), bytes \(range.lowerBound) to \(range.upperBound) of \"\(path)\", is damaged: \(defect.words)")
    let failure = await workers.perform(loop) { [disk] in piece.attempt(on: disk, path, range) }
    if let failure {
      let words = "\(piece.words); it could not be set aside: \(failure)"
      if !damage.open.contains(words) { damage.open.append(words) }
      return words
    }
    let words = "\(piece.words); set aside as \"\(piece.path)\" and taken out of the queue"
    damage.setAside.append(words)
    damage.pieces += 1
    if let present = self.entry(entry.id), present.accepted == entry.accepted {
      let now = loop.wallTime
      apply(SettledRecord(id: entry.id, time: now, state: nil, attempts: entry.attempts, nextAttempt: now), present)
    }
    return words
  }
}

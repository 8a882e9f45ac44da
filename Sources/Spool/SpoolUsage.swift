// SPDX-License-Identifier: Apache-2.0
internal import EventLoop
package import LinuxSystem
package import Mail
internal import Octets
internal import Timekeeping

/// What the spool holds and takes up.
package struct SpoolUsage: Hashable, Sendable {
  /// How many messages wait for their time.
  package var queued: Int
  /// How many messages are held.
  package var held: Int
  /// How many messages have failed and are kept to be seen.
  package var failed: Int
  /// The bytes of all segment files, empty ones too.
  package var journalBytes: Int64
  /// The bytes of the records that are needed.
  package var liveBytes: Int64
  /// The bytes of the bodies in files.
  package var bodyBytes: Int64
  /// What is free on the file system, as last seen.
  package var space: DiskSpace?
}

extension Spool {
  /// What the spool holds and takes up.
  package var usage: SpoolUsage {
    SpoolUsage(
      queued: journal.book.counts.queued, held: journal.book.counts.held, failed: journal.book.counts.failed,
      journalBytes: Int64(journal.book.ledger.totalBytes + journal.pool.bytes), liveBytes: Int64(journal.book.ledger.liveBytes),
      bodyBytes: bodyBytes, space: space.last)
  }

  /// Why new mail is refused at present, for `MAIL FROM` and the status; nil when it is taken. `size` is what the sender announced.
  package func refusal(for size: Int = 0) -> SpoolRefusal? {
    if isClosed { return .closed }
    watchSpace()
    if let problem = journal.problem { return .failing(SpoolProblem.journal(problem.failure).words) }
    if let failure = space.failure { return .failing(SpoolProblem.body(failure).words) }
    if let failure = journal.pool.failure, !journal.pool.hasSpare { return .full(SpoolProblem.preparation(failure).words) }
    if let space = space.last {
      if space.freeBytes - Int64(size) < Int64(limits.reserve.bytes) {
        return .full(SpoolProblem.reserve(free: space.freeBytes, reserve: limits.reserve).words)
      }
      if space.freeFiles < limits.reservedFiles {
        return .full(SpoolProblem.files(free: space.freeFiles, reserve: limits.reservedFiles).words)
      }
    }
    if let messages = limits.messages, journal.book.index.count >= messages { return .full(SpoolProblem.messages(messages).words) }
    if let quota = limits.quota {
      let used = Int64(journal.book.ledger.liveBytes) + bodyBytes
      if used + Int64(size) > Int64(quota.bytes) { return .full(SpoolProblem.quota(used: used, quota: quota).words) }
    }
    return nil
  }

  /// What is wrong with the spool, in a sentence for the status; nil when nothing is.
  package var problem: String? {
    if isClosed { return nil }
    if let words = refusal()?.words { return words }
    guard let bodyTrouble, loop.moment < bodyTrouble.until else { return nil }
    return SpoolProblem.largeBody(bodyTrouble.failure).words
  }

  /// The message's entry, if there is one.
  package func entry(_ id: MessageID) -> QueueEntry? { journal.book.index.find(id.number).map { journal.book.index[$0] } }

  /// Calls `body` with every message from a number on, in the order of their numbers, until it answers false.
  package func forEachEntry(from id: MessageID? = nil, _ body: (borrowing QueueEntry) -> Bool) {
    journal.book.index.forEach(from: id?.number ?? 0, body)
  }

  /// Looks at the file system's free space again when the last look is a while ago; the answer comes later.
  private func watchSpace() {
    guard space.isStale(at: loop.moment) else { return }
    space.isLooking = true
    workers.run({ [disk] in SpaceWatch.look(disk) }) { self.space.note($0, at: self.loop.moment) }
  }

  /// Looks at the file system's free space now.
  func refreshSpace() async {
    space.isLooking = true
    space.note(await workers.perform(loop) { [disk] in SpaceWatch.look(disk) }, at: loop.moment)
  }
}

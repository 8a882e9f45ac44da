// SPDX-License-Identifier: Apache-2.0
internal import LinuxSystem

/// Something a worker does for the journal.
enum Chore: Sendable {
  /// Makes an empty segment ready.
  case prepare(SegmentPool.Preparation)
  /// Removes files that nobody needs; one that cannot be removed is found again at the next start.
  case remove([String])
  /// Writes the summary of a segment that was left.
  case summarize(SegmentFile, SegmentIdentity, end: Int)

  /// What came of it.
  enum Report: Sendable {
    case prepared(Result<SegmentFile, SystemFailure>)
    case removed
    case summarized(sequence: UInt32)
  }

  /// Does it, on a worker.
  func execute(_ disk: any Disk) -> Report {
    switch self {
    case .prepare(let preparation):
      return .prepared(Result { () throws(SystemFailure) in try preparation.execute(disk) })
    case .remove(let paths):
      for path in paths { _ = Result { () throws(SystemFailure) in try disk.remove(path) } }
      return .removed
    case .summarize(let segment, let identity, let end):
      // A summary only makes the next start quicker; whatever hinders it does no harm.
      _ = Result { () throws(SystemFailure) in try Chore.summarize(segment, identity, end) }
      return .summarized(sequence: identity.sequence)
    }
  }

  private static func summarize(_ segment: SegmentFile, _ identity: SegmentIdentity, _ end: Int) throws(SystemFailure) {
    var walk = SegmentWalk(segment.file, identity, until: .committed(end), bodies: .trusted)
    var facts: [JournalFact] = []
    while true {
      switch try walk.next() {
      case .record(let header, let offset):
        let location = RecordLocation(sequence: identity.sequence, offset: offset)
        guard let fact = try? JournalFact(header, meta: walk.meta, at: location) else { return }
        facts.append(fact)
      case .damage:
        return
      case .end:
        let record = SegmentSummary.encode(facts, at: end, of: identity)
        guard end + record.count <= segment.size else { return }
        try segment.file.write([record], at: Int64(end))
        try segment.file.sync()
        return
      }
    }
  }
}

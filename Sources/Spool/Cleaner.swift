// SPDX-License-Identifier: Apache-2.0
internal import LinuxSystem
internal import Octets
internal import Timekeeping

/// Moves the messages out of the oldest segment when the journal is more waste than mail, so that the segment can be given back.
///
/// Only the oldest segment is ever cleaned, since a settlement must outlive the message it settles. It reads a slice of the messages
/// that are still needed, has them written anew in the next batch, and then rests three times as long as reading and writing took: at
/// most a quarter of the time the disk works for cleaning.
struct Cleaner {
  private let limits: SpoolLimits
  private var sequence: UInt32 = 0
  private var candidates: [Candidate] = []
  private var begun: Moment?
  private var isWriting = false
  private var rest: Moment?

  /// A cleaner that has not looked yet.
  init(_ limits: SpoolLimits) { self.limits = limits }

  /// A message that stood in the segment when it was listed.
  struct Candidate: Sendable {
    var id: UInt64
    var location: RecordLocation
  }

  /// What a worker brings.
  enum Finding: Sendable {
    /// The messages in a segment.
    case listed(UInt32, [Candidate])
    /// Messages to be written anew, and those that cannot be read.
    case read([Relocation], damaged: [(QueueEntry, RecordDefect)])
    /// The disk failed.
    case failed
  }

  /// When to look again though nothing else happens.
  func nextWake(_ ledger: SegmentLedger) -> Moment? { begun == nil && isWorthwhile(ledger) ? rest : nil }

  /// Whether there is something to clean and time for it.
  func isReady(_ ledger: SegmentLedger, at now: Moment) -> Bool {
    begun == nil && isWorthwhile(ledger) && rest.map { $0 <= now } ?? true
  }

  /// What a worker shall do now, if anything.
  mutating func next(_ book: QueueBook, _ disk: any Disk, at now: Moment) -> (@Sendable () -> Finding)? {
    guard isReady(book.ledger, at: now), let oldest = book.ledger.segments.first else { return nil }
    begun = now
    if sequence != oldest.sequence || candidates.isEmpty { return { Cleaner.list(oldest, disk) } }
    var entries: [QueueEntry] = []
    var bytes = 0
    while bytes < limits.batchLimit / 4, let candidate = candidates.popLast() {
      guard let place = book.index.find(candidate.id), book.index[place].accepted == candidate.location else { continue }
      entries.append(book.index[place])
      bytes += Int(book.index[place].lengthUnits) * SpoolFormat.alignment
    }
    let reader = RecordReader(disk, book.ledger.segments)
    return { [entries] in Cleaner.read(entries, reader) }
  }

  /// Takes what a worker brought: the messages to be written anew, and those that cannot be.
  mutating func finish(_ finding: Finding, at now: Moment) -> (relocations: [Relocation], damaged: [(QueueEntry, RecordDefect)]) {
    switch finding {
    case .listed(let sequence, let candidates):
      (self.sequence, self.candidates) = (sequence, candidates)
      takeRest(at: now)
      return ([], [])
    case .read(let relocations, let damaged):
      isWriting = true
      return (relocations, damaged)
    case .failed:
      begun = nil
      rest = now + .seconds(10)
      return ([], [])
    }
  }

  /// Takes note that nothing that was moved is still to be written.
  mutating func written(at now: Moment) {
    guard isWriting else { return }
    isWriting = false
    takeRest(at: now)
  }

  private mutating func takeRest(at now: Moment) {
    let spent = begun.map { now - $0 } ?? .zero
    begun = nil
    rest = now + max(spent * 3, .milliseconds(1))
  }

  private func isWorthwhile(_ ledger: SegmentLedger) -> Bool {
    guard ledger.totalBytes > 2 * ledger.liveBytes + 4 * limits.segmentSize.bytes, let oldest = ledger.segments.first else { return false }
    return oldest.liveCount > 0 && !oldest.isPinned
  }

  private static func list(_ segment: SegmentLedger.Use, _ disk: any Disk) -> Finding {
    do throws(SystemFailure) {
      let file = try disk.open(SpoolFormat.segmentPath(segment.slot), .read)
      var walk = SegmentWalk(file, segment.identity, until: .committed(segment.end), bodies: .trusted)
      var candidates: [Candidate] = []
      while true {
        switch try walk.next() {
        case .record(let header, let offset):
          guard header.kind == .accepted, header.metaLength >= 8 else { continue }
          let location = RecordLocation(sequence: segment.sequence, offset: offset)
          candidates.append(Candidate(id: walk.meta.number(UInt64.self, at: 0), location: location))
        case .damage: continue
        case .end: return .listed(segment.sequence, candidates)
        }
      }
    } catch { return .failed }
  }

  private static func read(_ entries: [QueueEntry], _ reader: RecordReader) -> Finding {
    var relocations: [Relocation] = []
    var damaged: [(QueueEntry, RecordDefect)] = []
    for entry in entries {
      switch reader.attempt(entry, body: .wanted) {
      case .success(let record): relocations.append(Relocation(record: record, accepted: entry.accepted, settled: entry.settled))
      case .failure(.damaged(let defect)): damaged.append((entry, defect))
      case .failure(.system): return .failed
      }
    }
    return .read(relocations, damaged: damaged)
  }
}

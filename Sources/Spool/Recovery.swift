// SPDX-License-Identifier: Apache-2.0
internal import LinuxSystem
internal import Mail
internal import Octets

/// Builds the queue from what is on the disk, on a worker.
///
/// Segments are taken in the order of the journal, from their summaries where there are any. A torn tail is dropped: nothing in it was
/// acknowledged. Damage anywhere else is set aside in `corrupt/` and reported; everything else is served.
struct Recovery {
  private let disk: any Disk
  private let limits: SpoolLimits
  private let progress: RecoveryProgress
  private var result: RecoveredJournal
  private var isPartlyUnreadable = false
  private static let deviceFails: Int32 = 5  // EIO

  /// Recovers the spool on `disk`, making it when there is none.
  static func run(_ disk: any Disk, _ limits: SpoolLimits, _ progress: RecoveryProgress) throws(SpoolFailure) -> RecoveredJournal {
    try SpoolFailure.system { () throws(SystemFailure) in
      for directory in [SpoolFormat.journalDirectory, SpoolFormat.bodiesDirectory] { try disk.makeDirectory(directory) }
    }
    let lock = try SpoolLock.take(disk)
    var recovery = Recovery(disk: disk, limits: limits, progress: progress, result: RecoveredJournal(lock: lock))
    let chain = try JournalChain(disk)
    try recovery.replay(chain)
    try recovery.collectSpares(chain)
    try recovery.matchBodies()
    // What another process made before it was killed may be in memory only.
    try SpoolFailure.system { () throws(SystemFailure) in
      for directory in [SpoolFormat.journalDirectory, SpoolFormat.bodiesDirectory, ""] { try disk.syncDirectory(directory) }
    }
    recovery.result.report.messages = recovery.result.queue.index.count
    recovery.result.report.damage.pieces = DamagedPiece.count(on: disk)
    return recovery.result
  }

  /// The same as a value, for a worker's answer.
  static func attempt(_ disk: any Disk, _ limits: SpoolLimits, _ progress: RecoveryProgress) -> Result<RecoveredJournal, SpoolFailure> {
    do throws(SpoolFailure) { return .success(try run(disk, limits, progress)) } catch { return .failure(error) }
  }

  private mutating func replay(_ chain: JournalChain) throws(SpoolFailure) {
    let total = chain.links.reduce(0) { $0 + ($1.committedEnd ?? $1.fileSize) }
    progress.begin(total: total)
    for (place, link) in chain.links.enumerated() {
      result.queue.apply(link.header)
      var use = SegmentLedger.Use(identity: link.identity, slot: link.slot, size: link.fileSize, end: SpoolFormat.recordsOffset)
      do throws(SystemFailure) {
        try read(link, into: &use, isNewest: place == chain.links.count - 1)
      } catch {
        // Where the newest segment ends must be known. An older one that cannot be read now stays as it is, for a better day.
        guard place < chain.links.count - 1, error.number == Recovery.deviceFails else { throw .system(error) }
        use.end = min(link.committedEnd ?? link.fileSize, link.fileSize)
        use.isPinned = true
        isPartlyUnreadable = true
        result.report.damage.open.append("\(error); the mail in it is not served, and the next start tries again")
      }
      result.ledger.append(use)
      progress.advance(by: link.committedEnd ?? link.fileSize)
    }
    result.nextSequence = chain.highestSequence + 1
    result.nextSlot = chain.nextSlot
    result.queue.forgetTrimmed()
    result.report.damage.open += chain.complaints(oldest: result.queue.oldest)
    countLive()
  }

  private mutating func countLive() {
    _ = result.ledger.removeSegments(before: min(result.queue.oldest, result.ledger.last?.sequence ?? 0))
    var ledger = result.ledger
    result.queue.index.forEach { entry in
      ledger.add(entry.accepted, units: entry.lengthUnits)
      return true
    }
    result.ledger = ledger
  }

  private mutating func read(_ link: JournalChain.Link, into use: inout SegmentLedger.Use, isNewest: Bool) throws(SystemFailure) {
    let file = try disk.open(SpoolFormat.segmentPath(link.slot), isNewest ? .readWrite : .read)
    var pieces: [(Range<Int>, RecordDefect)] = []
    let replay = try SegmentReplay(file, link, .summaries, into: &result.queue) { pieces.append(($0, $1)) }
    use.end = replay.end
    if replay.isSummarized { result.report.segmentsSummarized += 1 } else { result.report.segmentsRead += 1 }
    for (range, defect) in pieces { setAside(range, defect, of: link, file, &use) }
    guard isNewest, let walk = replay.walk else { return }
    result.report.hadTornTail = replay.isTorn
    takeTail(file, link, walk, replay.summaryLength)
  }

  /// Makes the newest segment fit to be written on: what is left of a torn batch must not come to life behind new records.
  private mutating func takeTail(_ file: any DiskFile, _ link: JournalChain.Link, _ walk: SegmentWalk, _ summary: Int) {
    var walk = walk
    let outcome = Result { () throws(SystemFailure) in
      let remains = try walk.remains()
      for offset in remains { try file.write([[UInt8](repeating: 0, count: SpoolFormat.recordHeaderLength)], at: Int64(offset)) }
      // The last batch is served from now on, but may be in memory only: its writer may have been killed before the sync, or after one
      // that failed, which the kernel does not try again by itself. So it is written once more.
      let start = walk.batchStart == SpoolFormat.recordsOffset ? 0 : walk.batchStart
      try file.write([try file.read(walk.position - start, at: Int64(start))], at: Int64(start))
      try file.sync()
    }
    guard case .success = outcome else { return }
    result.tail = SegmentFile(slot: link.slot, file: file, size: link.fileSize)
    result.tailSummary = summary
  }

  private mutating func setAside(
    _ range: Range<Int>, _ defect: RecordDefect, of link: JournalChain.Link, _ file: any DiskFile, _ use: inout SegmentLedger.Use
  ) {
    let place = "bytes \(range.lowerBound) to \(range.upperBound) of \"\(SpoolFormat.segmentPath(link.slot))\""
    let piece = DamagedPiece(name: "\(link.header.sequence)-\(range.lowerBound)", words: "\(place) are damaged: \(defect.words)")
    do throws(SystemFailure) {
      try piece.save(on: disk, from: file, range)
      result.report.damage.setAside.append("\(piece.words); set aside as \"\(piece.path)\", everything else is served")
    } catch {
      use.isPinned = true
      result.report.damage.open.append("\(piece.words); it could not be set aside (\(error)), so the segment is kept")
    }
  }

  private mutating func collectSpares(_ chain: JournalChain) throws(SpoolFailure) {
    let used = Set(result.ledger.segments.map(\.slot))
    let left = chain.strangers + chain.links.map(\.slot).filter { !used.contains($0) }
    for slot in left {
      let path = SpoolFormat.segmentPath(slot)
      try SpoolFailure.system { () throws(SystemFailure) in
        let file = try disk.open(path, .readWrite)
        if result.spares.count < limits.spareSegments, try file.size() == Int64(limits.segmentSize.bytes) {
          result.spares.append(SegmentFile(slot: slot, file: file, size: limits.segmentSize.bytes))
        } else {
          try disk.remove(path)
        }
      }
    }
  }

  /// Removes the bodies that belong to no message, and finds out which are missing.
  private mutating func matchBodies() throws(SpoolFailure) {
    var found: Set<UInt64> = []
    for name in try SpoolFailure.system({ () throws(SystemFailure) in try disk.names(in: SpoolFormat.bodiesDirectory) }) {
      guard let id = MessageID(name) else { continue }
      if let place = result.queue.index.find(id.number), result.queue.index[place].flags.contains(.bodyInFile) {
        found.insert(id.number)
      } else {
        dealWithOrphan(id)
      }
    }
    var (bytes, missing): (Int64, [MessageID]) = (0, [])
    result.queue.index.forEach { entry in
      guard entry.flags.contains(.bodyInFile) else { return true }
      if found.contains(entry.number) { bytes += Int64(entry.size) } else { missing.append(entry.id) }
      return true
    }
    result.bodyBytes = bytes
    result.report.damage.open += missing.map { "the body of message \($0) cannot be found in \"\(SpoolFormat.bodiesDirectory)\"" }
  }

  /// A body that belongs to no message is what a crash leaves, unless the message may be in what could not be read.
  private mutating func dealWithOrphan(_ id: MessageID) {
    if isPartlyUnreadable { return }
    let path = SpoolFormat.bodiesDirectory + "/\(id)"
    if result.report.damages.isEmpty {
      if case .success = Result(catching: { () throws(SystemFailure) in try disk.remove(path) }) { result.report.orphansRemoved += 1 }
      return
    }
    let place = SpoolFormat.corruptDirectory + "/\(id).body"
    let outcome = Result { () throws(SystemFailure) in
      try disk.makeDirectory(SpoolFormat.corruptDirectory)
      try disk.rename(path, to: place)
      try disk.syncDirectory(SpoolFormat.corruptDirectory)
    }
    guard case .success = outcome else { return }
    result.report.damage.setAside.append("the body \"\(path)\" belongs to no message that can be read; set aside as \"\(place)\"")
  }
}

// SPDX-License-Identifier: Apache-2.0
package import LinuxSystem
package import Mail
internal import Octets

/// Reads a spool without a daemon and without changing anything: for looking into one, checking it and saving mail out of it.
///
/// While a daemon has the spool open, this sees it as of one moment, perhaps with a batch half written at its end.
package struct OfflineSpool: Sendable {
  private let disk: any Disk
  private let queue: QueueReplay
  private let segments: [SegmentLedger.Use]
  /// What was found.
  package private(set) var findings = Findings()

  /// What was found in a spool.
  package struct Findings: Hashable, Sendable {
    /// How many segments the journal has.
    package internal(set) var segments = 0
    /// How many records were read.
    package internal(set) var records = 0
    /// How many messages are in the queue.
    package internal(set) var messages = 0
    /// Whether the journal ends in something that was never acknowledged, as after a crash.
    package internal(set) var endsTorn = false
    /// What is damaged, in sentences.
    package internal(set) var damages: [String] = []
  }

  /// How closely to look.
  package enum Care: Sendable {
    /// As a start of the daemon does.
    case quick
    /// Every record and every body is read and compared with its checksum.
    case thorough
  }

  /// Reads the spool on `disk`.
  package init(_ disk: any Disk, _ care: Care) throws(SpoolFailure) {
    self.disk = disk
    let chain = try JournalChain(disk)
    var queue = QueueReplay()
    var segments: [SegmentLedger.Use] = []
    var findings = Findings()
    for link in chain.links {
      queue.apply(link.header)
      let path = SpoolFormat.segmentPath(link.slot)
      do throws(SystemFailure) {
        let replay = try SegmentReplay(try disk.open(path, .read), link, care == .quick ? .summaries : .records, into: &queue) {
          findings.damages.append("bytes \($0.lowerBound) to \($0.upperBound) of \"\(path)\" are damaged: \($1.words)")
        }
        segments.append(.init(identity: link.identity, slot: link.slot, size: link.fileSize, end: replay.end))
        findings.records += replay.records
        findings.endsTorn = replay.isTorn
      } catch { throw .system(error) }
    }
    queue.forgetTrimmed()
    findings.segments = segments.count
    findings.messages = queue.index.count
    findings.damages += chain.complaints(oldest: queue.oldest)
    self.queue = queue
    self.segments = segments
    self.findings = findings
    if care == .thorough { checkBodies() }
  }

  /// Calls `body` with every message's entry, in the order of their numbers, until it answers false.
  package func forEachEntry(_ body: (borrowing QueueEntry) -> Bool) { queue.index.forEach(body) }

  /// A message with its body, unless that is in a file of its own: see ``read(body:of:_:)``.
  package func letter(_ id: MessageID) throws(SpoolFailure) -> StoredLetter {
    try letter(id, .wanted)
  }

  /// A message without its body.
  package func outline(_ id: MessageID) throws(SpoolFailure) -> StoredLetter { try letter(id, .notWanted) }

  private func letter(_ id: MessageID, _ body: RecordReader.BodyWish) throws(SpoolFailure) -> StoredLetter {
    guard let place = queue.index.find(id.number) else { throw .notFound }
    let entry = queue.index[place]
    switch RecordReader(disk, segments).attempt(entry, body: body) {
    case .success(let record): return StoredLetter(record, size: body == .wanted ? record.body.size : entry.size)
    case .failure(.system(let failure)): throw .system(failure)
    case .failure(.damaged(let defect)): throw .damaged("message \(id) is damaged: \(defect.words)")
    }
  }

  /// Calls `take` with a large body piece by piece; throws at the end when it was not whole.
  package func read(body: BodyFile, of id: MessageID, _ take: ([UInt8]) -> Void) throws(SpoolFailure) {
    var checksum = CRC32C()
    var offset = 0
    do throws(SystemFailure) {
      let file = try disk.open(SpoolFormat.bodiesDirectory + "/\(id)", .read)
      while offset < body.size {
        let bytes = try file.read(min(SegmentWindow.stride, body.size - offset), at: Int64(offset))
        if bytes.isEmpty { break }
        checksum.add(bytes.span)
        offset += bytes.count
        take(bytes)
      }
    } catch { throw .system(error) }
    guard offset == body.size, checksum.value == body.checksum else {
      throw .damaged("the body of message \(id) is damaged: \(offset < body.size ? "it is cut off" : "its checksum does not fit")")
    }
  }

  private mutating func checkBodies() {
    var large: [MessageID] = []
    queue.index.forEach { entry in
      if entry.flags.contains(.bodyInFile) { large.append(entry.id) }
      return true
    }
    for id in large {
      do throws(SpoolFailure) {
        guard case .file(let file) = try letter(id).body else { continue }
        try read(body: file, of: id) { _ in }
      } catch { findings.damages.append("\(error)") }
    }
  }
}

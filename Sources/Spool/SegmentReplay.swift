// SPDX-License-Identifier: Apache-2.0
internal import LinuxSystem

/// Takes one segment's facts into a queue, from its summary or record by record.
struct SegmentReplay {
  /// Where the records end.
  private(set) var end: Int
  /// Whether the summary was taken.
  private(set) var isSummarized = false
  /// How many records were read.
  private(set) var records = 0
  /// How many bytes a summary of what was read would take.
  private(set) var summaryLength = 0
  /// Whether the segment ends in something that was never acknowledged.
  private(set) var isTorn = false
  /// The walk, at its end; nil when the summary was taken.
  private(set) var walk: SegmentWalk?

  /// How closely to look.
  enum Depth: Sendable {
    /// Summaries are believed where there are any.
    case summaries
    /// Every record is read and every checksum compared.
    case records
  }

  /// Reads the segment in `file`; `damage` hears of every piece that cannot be used.
  init(
    _ file: any DiskFile, _ link: JournalChain.Link, _ depth: Depth, into queue: inout QueueReplay,
    damage: (Range<Int>, RecordDefect) -> Void
  ) throws(SystemFailure) {
    if depth == .summaries, let end = link.committedEnd, let facts = try SegmentSummary.read(file, at: end, of: link.identity) {
      for fact in facts { queue.apply(fact) }
      self.end = end
      isSummarized = true
      return
    }
    let known = link.committedEnd.map { SegmentWalk.End.committed(min($0, link.fileSize)) } ?? .unknown(fileSize: link.fileSize)
    var walk = SegmentWalk(file, link.identity, until: known)
    end = walk.position
    walking: while true {
      switch try walk.next() {
      case .record(let header, let offset):
        records += 1
        do throws(RecordDefect) {
          let location = RecordLocation(sequence: link.header.sequence, offset: offset)
          guard let fact = try JournalFact(header, meta: walk.meta, at: location) else { continue }
          queue.apply(fact)
          summaryLength += fact.encodedLength
        } catch { damage(offset..<offset + header.recordLength, error) }
      case .damage(let range, let defect): damage(range, defect)
      case .end(let torn):
        isTorn = torn
        break walking
      }
    }
    end = walk.position
    if let end = link.committedEnd, end > link.fileSize { damage(link.fileSize..<end, .cutOff) }
    self.walk = walk
  }
}

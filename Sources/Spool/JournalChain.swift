// SPDX-License-Identifier: Apache-2.0
internal import LinuxSystem

/// Which segment files make up the journal, found by following the headers back from the newest one.
struct JournalChain: Sendable {
  /// The segments, oldest first.
  private(set) var links: [Link] = []
  /// The numbers of the files that are not part of it.
  private(set) var strangers: [UInt32] = []
  /// The numbers of the files whose header is damaged in both copies; they are left alone.
  private(set) var damaged: [UInt32] = []
  /// Segments that should be there and are not.
  private(set) var gaps: [ClosedRange<UInt32>] = []
  /// The first number never used in a file name.
  private(set) var nextSlot: UInt32 = 1
  /// The largest sequence number that was seen.
  private(set) var highestSequence: UInt32 = 0

  /// One segment.
  struct Link: Sendable {
    var header: SegmentHeader
    var slot: UInt32
    /// How long its file is.
    var fileSize: Int
    /// Where its committed records end; nil where that is not known, as of the newest one.
    var committedEnd: Int?

    var identity: SegmentIdentity { SegmentIdentity(sequence: header.sequence, salt: header.salt) }
  }

  /// Reads the headers of all segment files.
  init(_ disk: any Disk) throws(SpoolFailure) {
    var found: [Link] = []
    let names: [String]
    do throws(SystemFailure) { names = try disk.names(in: SpoolFormat.journalDirectory) } catch { throw .system(error) }
    for name in names.sorted() {
      guard let slot = SpoolFormat.slot(ofSegment: name) else { continue }
      nextSlot = max(nextSlot, slot + 1)
      let file: any DiskFile
      let size: Int
      let start: [UInt8]
      do throws(SystemFailure) {
        file = try disk.open(SpoolFormat.segmentPath(slot), .read)
        size = Int(try file.size())
        start = try file.read(SpoolFormat.recordsOffset, at: 0)
      } catch { throw .system(error) }
      switch SegmentHeader.decode(start.span) {
      case .valid(let header): found.append(Link(header: header, slot: slot, fileSize: size))
      case .foreign(let version): throw .foreignFormat(path: SpoolFormat.segmentPath(slot), version: version)
      case .damaged: damaged.append(slot)
      case .blank: strangers.append(slot)
      }
    }
    follow(found.sorted { $0.header.sequence < $1.header.sequence })
  }

  private mutating func follow(_ found: [Link]) {
    guard var link = found.last else { return }
    highestSequence = link.header.sequence
    var rest = found.dropLast()
    var newestFirst = [link]
    while link.header.previousSequence >= max(1, link.header.oldest), let candidate = rest.last {
      let wanted = link.header.previousSequence
      guard candidate.header.sequence <= wanted else {
        strangers.append(candidate.slot)
        rest.removeLast()
        continue
      }
      rest.removeLast()
      var next = candidate
      if candidate.header.sequence == wanted {
        next.committedEnd = Int(clamping: link.header.previousEnd)
      } else {
        gaps.append(candidate.header.sequence + 1...wanted)
      }
      newestFirst.append(next)
      link = next
    }
    if rest.isEmpty, link.header.previousSequence >= max(1, link.header.oldest) {
      gaps.append(max(1, link.header.oldest)...link.header.previousSequence)
    }
    strangers += rest.map(\.slot)
    links = newestFirst.reversed()
  }

  /// What is missing or damaged among the segments from `oldest` on, in sentences.
  func complaints(oldest: UInt32) -> [String] {
    let missing = gaps.filter { $0.upperBound >= oldest }.map { gap in
      let which = gap.count == 1 ? "segment \(gap.lowerBound)" : "segments \(gap.lowerBound) to \(gap.upperBound)"
      return "\(which) of the journal cannot be found; the mail in it is lost unless you can bring the file back"
    }
    return missing
      + damaged.map { "the header of \"\(SpoolFormat.segmentPath($0))\" is damaged; the file is left alone, and mail in it is not served" }
  }
}

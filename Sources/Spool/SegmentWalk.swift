// SPDX-License-Identifier: Apache-2.0
internal import LinuxSystem
internal import Octets

/// Walks over the records of one segment in order, and tells a torn tail from damage.
///
/// Where the next segment says how far this one was committed, everything before that place must be whole. In the last segment the first
/// record that is not whole ends the journal, unless a record behind it belongs to a batch that began later: that batch was
/// written only after everything before it had been synced, so what is broken before it was whole once.
struct SegmentWalk {
  private let identity: SegmentIdentity
  private let end: End
  private let bodies: BodyCheck
  private var window: SegmentWindow
  /// Where the next record should start.
  private(set) var position = SpoolFormat.recordsOffset

  /// A walk over the segment in `file`.
  init(_ file: any DiskFile, _ identity: SegmentIdentity, until end: End, bodies: BodyCheck = .checked) {
    self.identity = identity
    self.end = end
    self.bodies = bodies
    window = SegmentWindow(file, stride: bodies == .checked ? SegmentWindow.stride : SegmentWindow.shortStride)
  }

  /// Where the batch of the record found last starts.
  private(set) var batchStart = SpoolFormat.recordsOffset

  /// What is known about the end of the segment.
  enum End {
    /// It was committed up to here.
    case committed(Int)
    /// It is the last one; the file is so long.
    case unknown(fileSize: Int)

    fileprivate var limit: Int {
      switch self {
      case .committed(let end): end
      case .unknown(let size): size
      }
    }
  }

  /// Whether the bodies' checksums are looked at.
  enum BodyCheck {
    case checked
    case trusted
  }

  /// What the walk came upon.
  enum Step {
    /// A record that is whole; ``meta`` shows its meta until the next step.
    case record(RecordHeader, offset: Int)
    /// A piece that cannot be used.
    case damage(Range<Int>, RecordDefect)
    /// The end: ``position`` is where the records end, `torn` whether something that was never acknowledged follows.
    case end(torn: Bool)
  }

  /// The bytes of the meta of the record found last.
  var meta: Span<UInt8> {
    @_lifetime(borrow self)
    get { window[metaRange.lowerBound, metaRange.count] }
  }

  private var metaRange = 0..<0

  /// Goes on to the next record.
  mutating func next() throws(SystemFailure) -> Step {
    if position >= end.limit { return .end(torn: false) }
    guard let header = try header(at: position) else { return try unreadable(position) }
    let length = header.recordLength
    if header.kind == .summary, case .unknown = end { return .end(torn: false) }
    if let defect = try defect(of: header) {
      if case .unknown = end, try evidence(from: position + length, that: position) == nil { return .end(torn: true) }
      let range = position..<position + length
      position = range.upperBound
      return .damage(range, defect)
    }
    let offset = position
    metaRange = offset + SpoolFormat.recordHeaderLength..<offset + SpoolFormat.recordHeaderLength + header.metaLength
    position += length
    batchStart = header.batchStart
    return .record(header, offset: offset)
  }

  /// Where behind the end something still looks like a record of this segment: the rests of a torn batch.
  mutating func remains() throws(SystemFailure) -> [Int] {
    var offsets: [Int] = []
    var offset = position
    while let (found, _) = try nextHeader(from: offset) {
      offsets.append(found)
      offset = found + SpoolFormat.alignment
    }
    return offsets
  }

  /// The whole record found last must be loaded for ``meta``; a header that does not fit into the segment is none.
  private mutating func header(at offset: Int) throws(SystemFailure) -> RecordHeader? {
    guard offset + SpoolFormat.recordHeaderLength <= end.limit, try window.load(offset, SpoolFormat.recordHeaderLength),
      let header = RecordHeader(window[offset, SpoolFormat.recordHeaderLength], at: offset, of: identity),
      header.metaLength <= SpoolFormat.metaLimit, offset + header.recordLength <= end.limit || header.kind == .summary
    else { return nil }
    return header
  }

  private mutating func defect(of header: RecordHeader) throws(SystemFailure) -> RecordDefect? {
    let start = position + SpoolFormat.recordHeaderLength
    let needed = header.metaLength + (bodies == .checked ? header.bodyLength : 0)
    guard try window.load(position, SpoolFormat.recordHeaderLength + needed) else { return .cutOff }
    var checksum = CRC32C()
    checksum.add(window[start, header.metaLength])
    guard checksum.value == header.metaChecksum else { return .checksum("envelope") }
    guard bodies == .checked else { return nil }
    checksum = CRC32C()
    checksum.add(window[start + header.metaLength, header.bodyLength])
    return checksum.value == header.bodyChecksum ? nil : .checksum("body")
  }

  private mutating func unreadable(_ place: Int) throws(SystemFailure) -> Step {
    switch end {
    case .committed(let limit):
      position = try nextHeader(from: place + SpoolFormat.alignment)?.offset ?? limit
    case .unknown:
      guard try evidence(from: place + SpoolFormat.alignment, that: place) != nil,
        let next = try nextHeader(from: place + SpoolFormat.alignment)
      else { return .end(torn: try !isBlank(place)) }
      position = next.offset
    }
    return .damage(place..<position, .malformed("no record can be made out there"))
  }

  /// Where a record stands, at or behind `start`, that was written after everything up to `place` had been synced.
  private mutating func evidence(from start: Int, that place: Int) throws(SystemFailure) -> Int? {
    var offset = start
    while let (found, header) = try nextHeader(from: offset) {
      if header.batchStart > place { return found }
      offset = found + SpoolFormat.alignment
    }
    return nil
  }

  private mutating func nextHeader(from start: Int) throws(SystemFailure) -> (offset: Int, header: RecordHeader)? {
    var offset = start
    while offset + SpoolFormat.recordHeaderLength <= end.limit, try window.load(offset, SpoolFormat.recordHeaderLength) {
      let last = min(offset + window.available(from: offset), end.limit) - SpoolFormat.recordHeaderLength
      while offset <= last {
        let marked = mark(from: offset, through: last)
        if let marked, let header = try header(at: marked) { return (marked, header) }
        offset = (marked ?? last / SpoolFormat.alignment * SpoolFormat.alignment) + SpoolFormat.alignment
      }
    }
    return nil
  }

  /// The first place at which a record may begin; all the bytes up to `last` are loaded. Megabytes behind a tear are searched like this.
  private func mark(from start: Int, through last: Int) -> Int? {
    let bytes = window[start, last - start + 1]
    var index = 0
    while index < bytes.count {
      if bytes[index] == UInt8(truncatingIfNeeded: SpoolFormat.recordMagic) { return start + index }
      index += SpoolFormat.alignment
    }
    return nil
  }

  private mutating func isBlank(_ place: Int) throws(SystemFailure) -> Bool {
    let count = min(64, end.limit - place)
    guard try window.load(place, count) else { return true }
    return window[place, count].isZero
  }
}

// SPDX-License-Identifier: Apache-2.0
internal import Octets

/// What stands at the start of a segment, twice: which part of the journal it is, and where the part before it ended.
///
/// The chain of headers, followed from the largest sequence number back through ``previousSequence``, is the journal; a file that is not on
/// it was abandoned before anything in it was acknowledged, or is waiting to be used again. ``previousEnd`` says how much of the
/// segment before was committed: what stands behind that was refused to its sender. The salt goes into every record's checksum,
/// so that neither a stale record of a recycled segment nor a forged one in somebody's mail is ever taken for ours.
struct SegmentHeader: Hashable, Sendable {
  /// The place in the journal; grows by one or more from segment to segment.
  var sequence: UInt32
  /// Random, made when the segment was begun.
  var salt: UInt64
  /// The segment before; 0 for none.
  var previousSequence: UInt32
  /// Where the committed records of the segment before end; 0 for none.
  var previousEnd: Int64
  /// The oldest segment that was still needed when this one was begun.
  var oldest: UInt32
  /// The length of the file.
  var size: Int64
  /// The largest message number given out before.
  var highestID: UInt64

  /// The two copies with the zeros between them: everything before the records.
  func encoded() -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(SpoolFormat.recordsOffset)
    for end in [SpoolFormat.secondHeaderOffset, SpoolFormat.recordsOffset] {
      let start = bytes.count
      bytes.append(contentsOf: SpoolFormat.segmentMagic.bytes)
      bytes.put(SpoolFormat.version)
      bytes.put(UInt16(0))
      bytes.put(sequence)
      bytes.put(salt)
      bytes.put(previousSequence)
      bytes.put(oldest)
      bytes.put(previousEnd)
      bytes.put(size)
      bytes.put(highestID)
      bytes.put(UInt32(0))
      var checksum = CRC32C()
      checksum.add(bytes.span.extracting(start..<bytes.count))
      bytes.put(checksum.value)
      bytes.append(contentsOf: repeatElement(0, count: end - bytes.count))
    }
    return bytes
  }

  /// What the first ``SpoolFormat/recordsOffset`` bytes of a file say about it.
  static func decode(_ bytes: Span<UInt8>) -> Reading {
    var best: SegmentHeader?
    var foreign: UInt16?
    var damagedCopies = 0
    var isBlank = false
    for offset in [0, SpoolFormat.secondHeaderOffset] where offset + SpoolFormat.segmentHeaderLength <= bytes.count {
      let copy = bytes.extracting(offset..<offset + SpoolFormat.segmentHeaderLength)
      guard copy.extracting(0..<8).equals(SpoolFormat.segmentMagic) else {
        isBlank = isBlank || copy.isZero
        continue
      }
      let version = copy.number(UInt16.self, at: 8)
      guard version == SpoolFormat.version else {
        foreign = version
        continue
      }
      guard let header = SegmentHeader(copy) else {
        damagedCopies += 1
        continue
      }
      if header.sequence > best?.sequence ?? 0 { best = header }
    }
    if let best { return .valid(best) }
    if let foreign { return .foreign(version: foreign) }
    // Half a copy beside none is a beginning that was never synced: both copies are written at once.
    return damagedCopies > 0 && !isBlank ? .damaged : .blank
  }

  /// The ways a file's start can be read.
  enum Reading: Hashable, Sendable {
    /// A segment of ours.
    case valid(SegmentHeader)
    /// A segment of another version of the format.
    case foreign(version: UInt16)
    /// A segment whose header was damaged in both copies.
    case damaged
    /// No segment: zeros, or something else.
    case blank
  }

  /// The header in a copy whose magic and version are known to be right; nil when the checksum is not.
  private init?(_ copy: Span<UInt8>) {
    var checksum = CRC32C()
    checksum.add(copy.extracting(0..<SpoolFormat.segmentHeaderLength - 4))
    guard checksum.value == copy.number(UInt32.self, at: SpoolFormat.segmentHeaderLength - 4) else { return nil }
    self.init(
      sequence: copy.number(UInt32.self, at: 12), salt: copy.number(UInt64.self, at: 16),
      previousSequence: copy.number(UInt32.self, at: 24), previousEnd: copy.number(Int64.self, at: 32),
      oldest: copy.number(UInt32.self, at: 28), size: copy.number(Int64.self, at: 40), highestID: copy.number(UInt64.self, at: 48))
  }

  /// A header from its parts.
  init(
    sequence: UInt32, salt: UInt64, previousSequence: UInt32, previousEnd: Int64, oldest: UInt32, size: Int64, highestID: UInt64
  ) {
    self.sequence = sequence
    self.salt = salt
    self.previousSequence = previousSequence
    self.previousEnd = previousEnd
    self.oldest = oldest
    self.size = size
    self.highestID = highestID
  }
}

extension StaticString {
  /// The UTF-8 of the literal.
  fileprivate var bytes: [UInt8] { Array(description.utf8) }
}

extension Span where Element == UInt8 {
  /// Whether there is nothing but zeros.
  var isZero: Bool {
    for index in indices where self[index] != 0 { return false }
    return true
  }
}

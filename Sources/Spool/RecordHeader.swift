// SPDX-License-Identifier: Apache-2.0
internal import Octets

/// What stands before every record: its kind, the lengths and checksums of its two parts, and a checksum of its own.
///
/// A record is header, meta and body, padded with zeros to a multiple of 8. The header's own checksum also covers what is not in it: the
/// segment's sequence number and salt, and the record's offset. So a length is trusted only where this header belongs, and a walk
/// over a segment need not read the bodies. ``batchStart`` is where the record's batch began: everything before that was synced
/// before this record was written, which tells a torn tail from damage.
struct RecordHeader: Hashable, Sendable {
  /// What the record says.
  var kind: Kind
  /// Where its batch starts in the segment.
  var batchStart: Int
  /// How many bytes its meta has.
  var metaLength: Int
  /// The CRC32C of its meta.
  var metaChecksum: UInt32
  /// How many bytes its body has.
  var bodyLength: Int
  /// The CRC32C of its body.
  var bodyChecksum: UInt32

  /// The kinds of records.
  enum Kind: UInt8, Hashable, Sendable {
    /// A message, with its body or the mention of it, in its state at that time.
    case accepted = 1
    /// What became of a message.
    case settled = 2
    /// From which segment on the journal is needed.
    case trimmed = 3
    /// The facts of a whole segment, for a quick start.
    case summary = 4
  }

  /// How much room the whole record takes.
  var recordLength: Int { SpoolFormat.aligned(SpoolFormat.recordHeaderLength + metaLength + bodyLength) }

  /// Adds the header as it stands at `offset` of the segment.
  func encode(into bytes: inout [UInt8], at offset: Int, of segment: SegmentIdentity) {
    let start = bytes.count
    let row = (
      SpoolFormat.recordMagic.littleEndian, kind.rawValue, UInt8(0), UInt32(batchStart / SpoolFormat.alignment).littleEndian,
      UInt32(metaLength).littleEndian, metaChecksum.littleEndian, UInt32(bodyLength).littleEndian, bodyChecksum.littleEndian, UInt32(0)
    )
    bytes.put(row: row, length: SpoolFormat.recordHeaderLength - 4)
    bytes.put(segment.checksum(of: bytes.span.extracting(start..<bytes.count), at: offset))
  }

  /// The header in the first 32 of `bytes`, which were read at `offset`; nil where no record of this segment starts.
  init?(_ bytes: Span<UInt8>, at offset: Int, of segment: SegmentIdentity) {
    guard bytes.count >= SpoolFormat.recordHeaderLength, bytes.number(UInt16.self, at: 0) == SpoolFormat.recordMagic,
      let kind = Kind(rawValue: bytes[2]),
      segment.checksum(of: bytes.extracting(0..<28), at: offset) == bytes.number(UInt32.self, at: 28)
    else { return nil }
    self.kind = kind
    batchStart = Int(bytes.number(UInt32.self, at: 4)) * SpoolFormat.alignment
    metaLength = Int(bytes.number(UInt32.self, at: 8))
    metaChecksum = bytes.number(UInt32.self, at: 12)
    bodyLength = Int(bytes.number(UInt32.self, at: 16))
    bodyChecksum = bytes.number(UInt32.self, at: 20)
  }

  /// A header whose checksums are still to be computed.
  init(kind: Kind, batchStart: Int, metaLength: Int, bodyLength: Int) {
    self.kind = kind
    self.batchStart = batchStart
    self.metaLength = metaLength
    self.bodyLength = bodyLength
    metaChecksum = 0
    bodyChecksum = 0
  }
}

/// What makes the records of one segment its own.
struct SegmentIdentity: Hashable, Sendable {
  /// The segment's place in the journal.
  var sequence: UInt32
  /// The segment's random number.
  var salt: UInt64

  /// The checksum of a record header at `offset`: over sequence, salt and offset, then its first 28 bytes.
  func checksum(of header: Span<UInt8>, at offset: Int) -> UInt32 {
    var checksum = CRC32C()
    for number in [UInt64(sequence), salt, UInt64(offset)] { checksum.add(number) }
    checksum.add(header)
    return checksum.value
  }
}

/// The place of a record in the journal; a later record has a larger one.
struct RecordLocation: Hashable, Comparable, Sendable {
  /// The segment; 0 in ``none``.
  var sequence: UInt32
  /// The offset in units of 8 bytes.
  var units: UInt32

  /// No place.
  static let none = RecordLocation(sequence: 0, units: 0)

  /// The offset in bytes.
  var offset: Int { Int(units) * SpoolFormat.alignment }

  /// The record at `offset` of a segment.
  init(sequence: UInt32, offset: Int) {
    self.init(sequence: sequence, units: UInt32(offset / SpoolFormat.alignment))
  }

  /// The record at a place as it is stored.
  init(sequence: UInt32, units: UInt32) {
    self.sequence = sequence
    self.units = units
  }

  static func < (left: RecordLocation, right: RecordLocation) -> Bool {
    (left.sequence, left.units) < (right.sequence, right.units)
  }
}

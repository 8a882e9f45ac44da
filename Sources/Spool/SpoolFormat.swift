// SPDX-License-Identifier: Apache-2.0
/// The figures of the format on disk that `docs/spool.md` describes; a change here is a new version there.
enum SpoolFormat {
  /// The version this house reads and writes.
  static let version: UInt16 = 1
  /// The first eight bytes of a segment.
  static let segmentMagic: StaticString = "PosthSeg"
  /// How long one copy of a segment's header is; the rest of its block is zero.
  static let segmentHeaderLength = 64
  /// Where the second copy of a segment's header stands.
  static let secondHeaderOffset = 4096
  /// Where the records of a segment start.
  static let recordsOffset = 8192
  /// The first two bytes of a record.
  static let recordMagic: UInt16 = 0x5250
  /// How long a record's header is.
  static let recordHeaderLength = 32
  /// Records start at multiples of this.
  static let alignment = 8
  /// No batch is longer than this, unless it is one record; so much behind the end of the journal may hold the rests of a torn batch.
  static let batchLimit = 4 * 1_048_576
  /// The longest part of a record that is not body.
  static let metaLimit = 8 * 1_048_576

  /// The directory of the segments.
  static let journalDirectory = "journal"
  /// The directory of the large bodies.
  static let bodiesDirectory = "bodies"
  /// The directory where damaged pieces are set aside.
  static let corruptDirectory = "corrupt"
  /// The file whose lock keeps a second daemon out.
  static let lockFile = "lock"

  /// The name of the segment file with this number.
  static func segmentPath(_ slot: UInt32) -> String {
    let digits = String(slot)
    return journalDirectory + "/" + String(repeating: "0", count: max(0, 4 - digits.utf8.count)) + digits + ".seg"
  }

  /// The number in the name of a segment file; nil when it is not such a name.
  static func slot(ofSegment name: String) -> UInt32? {
    guard name.hasSuffix(".seg"), let slot = UInt32(name.dropLast(4)), segmentPath(slot) == journalDirectory + "/" + name else {
      return nil
    }
    return slot
  }

  /// `length` rounded up to where a record may start.
  static func aligned(_ length: Int) -> Int { (length + alignment - 1) & ~(alignment - 1) }
}

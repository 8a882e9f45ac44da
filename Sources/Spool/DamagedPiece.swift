// SPDX-License-Identifier: Apache-2.0
internal import LinuxSystem

/// A piece of the spool that cannot be used, kept in `corrupt/` for a person to look at: the bytes, and a text that says what they are.
struct DamagedPiece {
  /// What the files are called, without their endings.
  var name: String
  /// What is wrong.
  var words: String

  /// Where the bytes are kept.
  var path: String { SpoolFormat.corruptDirectory + "/" + name + ".bin" }

  /// How many pieces are kept; none when that cannot be found out.
  static func count(on disk: any Disk) -> Int {
    do throws(SystemFailure) {
      return try disk.names(in: SpoolFormat.corruptDirectory).count { $0.hasSuffix(".txt") }
    } catch { return 0 }
  }

  /// Keeps the bytes in `range` of the file at `path`; answers what hindered it.
  func attempt(on disk: any Disk, _ path: String, _ range: Range<Int>) -> SystemFailure? {
    do throws(SystemFailure) {
      try save(on: disk, from: try disk.open(path, .read), range)
      return nil
    } catch { return error }
  }

  /// Keeps the bytes in `range` of `file`; does nothing when they are kept already.
  func save(on disk: any Disk, from file: any DiskFile, _ range: Range<Int>) throws(SystemFailure) {
    try disk.makeDirectory(SpoolFormat.corruptDirectory)
    let textPath = SpoolFormat.corruptDirectory + "/" + name + ".txt"
    let present = try disk.names(in: SpoolFormat.corruptDirectory)
    if present.contains(name + ".txt") { return }
    if present.contains(name + ".bin") { try disk.remove(path) }
    let copy = try disk.open(path, .create)
    var offset = range.lowerBound
    while offset < range.upperBound {
      let bytes = try file.read(min(SegmentWindow.stride, range.upperBound - offset), at: Int64(offset))
      if bytes.isEmpty { break }
      try copy.write([bytes], at: Int64(offset - range.lowerBound))
      offset += bytes.count
    }
    try copy.sync()
    let text = try disk.open(textPath, .create)
    try text.write([Array((words + "\n").utf8)], at: 0)
    try text.sync()
    try disk.syncDirectory(SpoolFormat.corruptDirectory)
    try disk.syncDirectory("")
  }
}

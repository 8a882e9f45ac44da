// SPDX-License-Identifier: Apache-2.0
internal import LinuxSystem

/// The part of a segment file that is in memory while somebody walks over it.
struct SegmentWindow {
  private let file: any DiskFile
  private var bytes: [UInt8] = []
  private var start = 0
  private let stride: Int

  /// How much is read at a time where all of it is looked at.
  static let stride = 1 << 20
  /// The same where the bodies are skipped, which may be as long.
  static let shortStride = 1 << 16

  /// A window over a file, nothing read yet; `stride` is how much is read at a time.
  init(_ file: any DiskFile, stride: Int) {
    self.file = file
    self.stride = stride
  }

  /// Makes sure that `count` bytes at `offset` are in memory; false when the file ends before.
  mutating func load(_ offset: Int, _ count: Int) throws(SystemFailure) -> Bool {
    if offset >= start, offset + count <= start + bytes.count { return true }
    bytes = try file.read(max(stride, count), at: Int64(offset))
    start = offset
    return count <= bytes.count
  }

  /// Bytes that were loaded.
  subscript(_ offset: Int, _ count: Int) -> Span<UInt8> {
    @_lifetime(borrow self)
    get { bytes.span.extracting(offset - start..<offset - start + count) }
  }

  /// How many bytes are in memory from `offset` on.
  func available(from offset: Int) -> Int { offset < start ? 0 : max(0, start + bytes.count - offset) }
}

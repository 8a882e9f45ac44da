// SPDX-License-Identifier: Apache-2.0
/// A number of bytes, so that sizes cannot be mixed up with other numbers.
package struct ByteCount: Hashable, Comparable, Sendable {
  /// How many bytes; never negative.
  package let bytes: Int

  /// A size of so many bytes.
  package init(bytes: Int) {
    precondition(bytes >= 0, "a size is not negative")
    self.bytes = bytes
  }

  /// A size in units of 1,024 bytes.
  package static func kibibytes(_ count: Int) -> ByteCount { ByteCount(bytes: count * 1024) }

  /// A size in units of 1,048,576 bytes.
  package static func mebibytes(_ count: Int) -> ByteCount { ByteCount(bytes: count * 1_048_576) }

  package static func < (left: ByteCount, right: ByteCount) -> Bool { left.bytes < right.bytes }

  package static func + (left: ByteCount, right: ByteCount) -> ByteCount { ByteCount(bytes: left.bytes + right.bytes) }
}

extension ByteCount: CustomStringConvertible {
  /// The size in the largest unit that keeps it whole, as the settings are written: `25M`, `1536K`, `100`.
  package var description: String {
    var (count, unit) = (bytes, 0)
    while count != 0, count.isMultiple(of: 1024), unit < 3 {
      count /= 1024
      unit += 1
    }
    return "\(count)\(["", "K", "M", "G"][unit])"
  }
}

// SPDX-License-Identifier: Apache-2.0
/// Text put together as bytes, without a string for each piece: trace lines, records, replies.
extension [UInt8] {
  /// Adds the UTF-8 of a text.
  @inlinable package mutating func append(text: String) { append(contentsOf: text.utf8) }

  /// Adds a literal.
  @inlinable package mutating func append(_ literal: StaticString) {
    unsafe append(contentsOf: UnsafeBufferPointer(start: literal.utf8Start, count: literal.utf8CodeUnitCount))
  }

  /// Adds a number from 0 up in decimal digits, with zeros in front where it has fewer than `width`.
  package mutating func append(decimal number: Int, width: Int = 1) {
    precondition(number >= 0, "only a count or a part of a date is written")
    let start = count
    var rest = number
    while rest > 0 || count - start < width {
      append(UInt8(ascii: "0") + UInt8(rest % 10))
      rest /= 10
    }
    self[start...].reverse()
  }
}

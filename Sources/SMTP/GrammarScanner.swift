// SPDX-License-Identifier: Apache-2.0
internal import Octets

/// A place in one line of a peer's bytes, moved forward by what the grammar expects there.
///
/// It borrows the line and never copies it; everything it hands out is a range of positions. A step that does not fit leaves it where it
/// was.
package struct GrammarScanner: ~Escapable {
  /// The whole line, without its end.
  package let bytes: Span<UInt8>
  /// The position of the next byte.
  package private(set) var position: Int

  /// A scanner at the start of `bytes`.
  @_lifetime(copy bytes)
  package init(_ bytes: Span<UInt8>) {
    self.bytes = bytes
    position = 0
  }

  /// Whether nothing is left.
  package var isAtEnd: Bool { position == bytes.count }

  /// The next byte; nil at the end.
  package var next: UInt8? { position < bytes.count ? bytes[position] : nil }

  /// Steps over `byte` if it is next, and says whether it was.
  @_lifetime(self: copy self)
  package mutating func take(_ byte: UInt8) -> Bool {
    guard next == byte else { return false }
    position += 1
    return true
  }

  /// Steps over `text`, given in upper case, if it is next in either case.
  @_lifetime(self: copy self)
  package mutating func takeIgnoringCase(_ text: StaticString) -> Bool {
    guard bytes.extracting(position..<bytes.count).startsIgnoringCase(with: text) else { return false }
    position += text.utf8CodeUnitCount
    return true
  }

  /// Steps over the bytes that satisfy `belongs`, and says where they stand.
  @_lifetime(self: copy self)
  package mutating func take(while belongs: (UInt8) -> Bool) -> Range<Int> {
    let start = position
    while position < bytes.count, belongs(bytes[position]) { position += 1 }
    return start..<position
  }

  /// Steps over spaces, and says whether there were any.
  @_lifetime(self: copy self)
  @discardableResult package mutating func takeSpaces() -> Bool {
    !take(while: { $0 == 0x20 }).isEmpty
  }

  /// Steps over a number in decimal digits; nil when there is none or it has more than `digits`. What no `Int` can hold is `Int.max`.
  @_lifetime(self: copy self)
  package mutating func takeNumber(digits: Int) -> Int? {
    let start = position
    let range = take(while: { $0.isASCIIDigit })
    guard !range.isEmpty, range.count <= digits else {
      position = start
      return nil
    }
    var number = 0
    for index in range {
      let (tenfold, overflow) = number.multipliedReportingOverflow(by: 10)
      let (sum, carry) = tenfold.addingReportingOverflow(Int(bytes[index] - 0x30))
      if overflow || carry { return .max }
      number = sum
    }
    return number
  }
}

// SPDX-License-Identifier: Apache-2.0
/// Text put together as bytes, without a string for each piece: trace lines, records, replies, the log.
extension [UInt8] {
  /// Adds the UTF-8 of a text.
  @inlinable package mutating func append(text: String) { append(text.utf8.span) }

  /// Adds a literal.
  @inlinable package mutating func append(_ literal: StaticString) {
    unsafe append(contentsOf: UnsafeBufferPointer(start: literal.utf8Start, count: literal.utf8CodeUnitCount))
  }

  /// Adds a number from 0 up in decimal digits, with zeros in front where it has fewer than `width`.
  package mutating func append(decimal number: Int, width: Int = 1) {
    let digits = DecimalDigits(number, width: width)
    append(digits.bytes)
  }
}

/// Text written into room that was made for it beforehand: whoever writes many short pieces asks for the room once.
extension OutputSpan where Element == UInt8 {
  /// Adds the UTF-8 of a text.
  @_lifetime(self: copy self)
  @inlinable package mutating func append(text: String) { append(text.utf8.span) }

  /// Adds a literal.
  @_lifetime(self: copy self)
  @inlinable package mutating func append(_ literal: StaticString) {
    unsafe append(literal.utf8Start, literal.utf8CodeUnitCount)
  }

  /// Adds bytes that somebody lends.
  @_lifetime(self: copy self)
  @inlinable package mutating func append(_ more: Span<UInt8>) {
    unsafe more.withUnsafeBufferPointer { if let start = $0.baseAddress { unsafe append(start, $0.count) } }
  }

  /// Adds a number from 0 up in decimal digits, with zeros in front where it has fewer than `width`.
  @_lifetime(self: copy self)
  package mutating func append(decimal number: Int, width: Int = 1) { append(DecimalDigits(number, width: width).bytes) }

  /// Adds `count` bytes that stand at `start`.
  @_lifetime(self: copy self)
  @inlinable package mutating func append(_ start: UnsafePointer<UInt8>, _ count: Int) {
    precondition(count <= freeCapacity, "there is room for what is written")
    unsafe withUnsafeMutableBufferPointer { room, initialized in
      unsafe (room.baseAddress! + initialized).initialize(from: start, count: count)
      initialized += count
    }
  }
}

extension String {
  /// A text of at most `capacity` bytes of UTF-8, which `body` writes.
  @inlinable package init(capacity: Int, _ body: (inout OutputSpan<UInt8>) -> Void) {
    unsafe self.init(unsafeUninitializedCapacity: capacity) { room in
      var text = unsafe OutputSpan(buffer: room, initializedCount: 0)
      body(&text)
      return unsafe text.finalize(for: room)
    }
  }
}

/// A number in decimal digits, without a string being made.
package struct DecimalDigits {
  private var places = InlineArray<20, UInt8>(repeating: UInt8(ascii: "0"))
  private let start: Int

  /// A number from 0 up, with zeros in front where it has fewer digits than `width`, which is at most 19.
  package init(_ number: Int, width: Int = 1) {
    precondition(number >= 0 && width > 0 && width < 20, "only a count or a part of a date is written")
    var start = 20
    var rest = UInt(number)
    while rest > 0 || 20 - start < width {
      start -= 1
      places[start] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
      rest /= 10
    }
    self.start = start
  }

  /// The digits.
  package var bytes: Span<UInt8> {
    @_lifetime(borrow self)
    get { places.span.extracting(start..<20) }
  }
}

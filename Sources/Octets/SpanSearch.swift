// SPDX-License-Identifier: Apache-2.0
internal import COctets

/// Searching, comparing and copying borrowed bytes.
extension Span where Element == UInt8 {
  /// Where the first `byte` stands at or behind `start`, found by the C library's vectorised search.
  package func firstIndex(of byte: UInt8, from start: Int = 0) -> Int? {
    precondition(start >= 0 && start <= count, "a search starts inside the bytes")
    let rest = count - start
    let found = unsafe withUnsafeBufferPointer { bytes in
      guard let base = bytes.baseAddress else { return rest }
      return unsafe coctets_find(base + start, byte, rest)
    }
    return found == rest ? nil : start + found
  }

  /// Where the last `byte` stands.
  package func lastIndex(of byte: UInt8) -> Int? {
    var index = count
    while index > 0 {
      index -= 1
      if self[index] == byte { return index }
    }
    return nil
  }

  /// A copy as an array.
  package var array: [UInt8] {
    unsafe withUnsafeBufferPointer { unsafe [UInt8]($0) }
  }

  /// Whether these bytes are exactly the UTF-8 of `text`.
  package func equals(_ text: StaticString) -> Bool {
    guard count == text.utf8CodeUnitCount else { return false }
    let start = unsafe text.utf8Start
    for index in 0..<count where unsafe self[index] != start[index] { return false }
    return true
  }

  /// Whether these bytes are `text` but for the case of ASCII letters; `text` is given in upper case.
  package func equalsIgnoringCase(_ text: StaticString) -> Bool {
    count == text.utf8CodeUnitCount && startsIgnoringCase(with: text)
  }

  /// Whether these bytes begin with `text` but for the case of ASCII letters; `text` is given in upper case.
  package func startsIgnoringCase(with text: StaticString) -> Bool {
    guard count >= text.utf8CodeUnitCount else { return false }
    let start = unsafe text.utf8Start
    for index in 0..<text.utf8CodeUnitCount where unsafe self[index].asciiUppercased != start[index] { return false }
    return true
  }

  /// The text these bytes show; what is not UTF-8 becomes U+FFFD.
  package var decodedText: String { unsafe withUnsafeBufferPointer { unsafe String(decoding: $0, as: UTF8.self) } }

  /// The text these bytes are when they are valid UTF-8.
  package var utf8Text: String? {
    unsafe withUnsafeBufferPointer { unsafe String(validating: $0, as: UTF8.self) }
  }
}

extension UInt8 {
  /// This byte with an ASCII letter made upper case.
  @inlinable package var asciiUppercased: UInt8 { self &- 0x61 < 26 ? self & 0xdf : self }

  /// This byte with an ASCII letter made lower case.
  @inlinable package var asciiLowercased: UInt8 { self &- 0x41 < 26 ? self | 0x20 : self }

  /// Whether this byte is an ASCII digit.
  @inlinable package var isASCIIDigit: Bool { self &- 0x30 < 10 }

  /// Whether this byte is an ASCII letter.
  @inlinable package var isASCIILetter: Bool { (self | 0x20) &- 0x61 < 26 }
}

extension [UInt8] {
  /// Adds bytes that somebody lends.
  @inlinable package mutating func append(_ more: Span<UInt8>) {
    unsafe more.withUnsafeBufferPointer { unsafe append(contentsOf: $0) }
  }
}

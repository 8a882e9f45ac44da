// SPDX-License-Identifier: Apache-2.0
internal import COctets

/// The kinds of bytes that decide what a text may be: a line, a word, an answer.
package struct ByteKinds: OptionSet, Hashable, Sendable {
  package let rawValue: UInt32
  package init(rawValue: UInt32) { self.rawValue = rawValue }
  /// Below 0x20, and 0x7f: what ends lines and moves cursors.
  package static let control = ByteKinds(rawValue: COCTETS_CONTROL.rawValue)
  /// The space.
  package static let space = ByteKinds(rawValue: COCTETS_SPACE.rawValue)
  /// The double quote and the backslash.
  package static let quoting = ByteKinds(rawValue: COCTETS_QUOTING.rawValue)
  /// Above 0x7f.
  package static let beyondASCII = ByteKinds(rawValue: COCTETS_BEYOND_ASCII.rawValue)
}

extension Span where Element == UInt8 {
  /// The kinds that occur in these bytes.
  package var kinds: ByteKinds {
    // The bytes are lent for the length of the call.
    unsafe withUnsafeBufferPointer { unsafe ByteKinds(rawValue: coctets_kinds($0.baseAddress, $0.count)) }
  }
}

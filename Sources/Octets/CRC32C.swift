// SPDX-License-Identifier: Apache-2.0
internal import COctets

/// The Castagnoli checksum (RFC 3720, appendix B.4), continued piece by piece.
///
/// It tells a torn or rotten record from a whole one; it is no protection against somebody who wants to deceive.
package struct CRC32C: Hashable, Sendable {
  /// The checksum of everything added so far.
  package private(set) var value: UInt32

  /// The checksum of nothing.
  package init() { value = 0 }

  /// Continues over more bytes.
  package mutating func add(_ bytes: RawSpan) {
    value = unsafe bytes.withUnsafeBytes { unsafe coctets_crc32c(value, $0.baseAddress, $0.count) }
  }

  /// Continues over the eight bytes of a number, the least significant first.
  package mutating func add(_ number: UInt64) {
    value = unsafe withUnsafeBytes(of: number.littleEndian) { unsafe coctets_crc32c(value, $0.baseAddress, $0.count) }
  }

  /// Continues over more bytes.
  package mutating func add(_ bytes: Span<UInt8>) {
    value = unsafe bytes.withUnsafeBufferPointer { unsafe coctets_crc32c(value, $0.baseAddress, $0.count) }
  }
}

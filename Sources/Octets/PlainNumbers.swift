// SPDX-License-Identifier: Apache-2.0
/// Numbers as they lie in files: little-endian, without padding.
extension [UInt8] {
  /// Adds a number, least significant byte first.
  @inlinable package mutating func put<Number: FixedWidthInteger & BitwiseCopyable>(_ number: Number) {
    // The bytes of a plain number, borrowed for the length of the call.
    unsafe Swift.withUnsafeBytes(of: number.littleEndian) { unsafe append(contentsOf: $0) }
  }

  /// Adds numbers that lie side by side without gaps: a tuple in which each stands at a multiple of its size, already little-endian.
  @inlinable package mutating func put<Row: BitwiseCopyable>(row: Row, length: Int) {
    precondition(MemoryLayout<Row>.size == length, "a row has no gaps")
    // The bytes of plain numbers, borrowed for the length of the call.
    unsafe Swift.withUnsafeBytes(of: row) { unsafe append(contentsOf: $0) }
  }
}

extension Span where Element == UInt8 {
  /// The number that starts at `offset`; the bytes must be there.
  @inlinable package func number<Number: FixedWidthInteger & BitwiseCopyable>(_ type: Number.Type, at offset: Int) -> Number {
    precondition(offset >= 0 && offset + Number.bitWidth / 8 <= count, "a number lies inside the bytes")
    // The precondition has just proved that the bytes are there.
    return unsafe withUnsafeBytes { unsafe Number(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: type)) }
  }
}

// SPDX-License-Identifier: Apache-2.0
/// A digest that works on blocks of 64 bytes, seen as sixteen words: what MD5, SHA-1 and SHA-256 have in common.
///
/// The state is eight words for all three; those with fewer leave the last ones zero. Everything around the blocks (buffering, padding,
/// the order of bytes) is ``DigestStream``'s.
protocol BlockDigest: Sendable {
  /// The state before the first block.
  static var start: InlineArray<8, UInt32> { get }
  /// How many bytes of the state are the digest.
  static var length: Int { get }
  /// How bytes make words.
  static var byteOrder: DigestByteOrder { get }
  /// Mixes one block into the state.
  static func absorb(_ block: InlineArray<16, UInt32>, into state: inout InlineArray<8, UInt32>)
}

/// Which byte of a word comes first.
enum DigestByteOrder: Sendable {
  case bigEndian
  case littleEndian

  /// The word as its bytes stand in memory of the other order, or itself.
  @inline(__always) func word(_ first: UInt8, _ second: UInt8, _ third: UInt8, _ fourth: UInt8) -> UInt32 {
    let word = UInt32(first) << 24 | UInt32(second) << 16 | UInt32(third) << 8 | UInt32(fourth)
    return self == .bigEndian ? word : word.byteSwapped
  }
}

/// A digest over bytes that come in pieces.
struct DigestStream<Digest: BlockDigest>: Sendable {
  private(set) var state = Digest.start
  private var buffer = InlineArray<64, UInt8>(repeating: 0)
  private var length: UInt64 = 0

  /// The digest of nothing so far.
  init() {}

  /// Continues over more bytes.
  mutating func add(_ bytes: Span<UInt8>) {
    var filled = Int(length % 64)
    length &+= UInt64(bytes.count)
    for index in 0..<bytes.count {
      buffer[filled] = bytes[index]
      filled += 1
      if filled == 64 {
        absorbBuffer()
        filled = 0
      }
    }
  }

  /// The digest of everything added: a bit, zeros and the length in bits end the last block.
  consuming func finish() -> [UInt8] {
    let bits = length &* 8
    var filled = Int(length % 64)
    buffer[filled] = 0x80
    filled += 1
    if filled > 56 {
      for index in filled..<64 { buffer[index] = 0 }
      absorbBuffer()
      filled = 0
    }
    for index in filled..<56 { buffer[index] = 0 }
    for index in 0..<8 {
      let shift = UInt64(Digest.byteOrder == .bigEndian ? 7 - index : index) * 8
      buffer[56 + index] = UInt8(truncatingIfNeeded: bits >> shift)
    }
    absorbBuffer()
    return DigestStream.bytes(of: state)
  }

  /// The bytes that a state stands for.
  static func bytes(of state: InlineArray<8, UInt32>) -> [UInt8] {
    (0..<Digest.length).map { index in
      let word = Digest.byteOrder == .bigEndian ? state[index / 4] : state[index / 4].byteSwapped
      return UInt8(truncatingIfNeeded: word >> UInt32(24 - 8 * (index % 4)))
    }
  }

  private mutating func absorbBuffer() {
    var block = InlineArray<16, UInt32>(repeating: 0)
    for index in 0..<16 {
      let place = 4 * index
      block[index] = Digest.byteOrder.word(buffer[place], buffer[place + 1], buffer[place + 2], buffer[place + 3])
    }
    Digest.absorb(block, into: &state)
  }
}

extension UInt32 {
  /// This word turned to the left.
  @inline(__always) func turned(left bits: UInt32) -> UInt32 { self << bits | self >> (32 - bits) }

  /// This word turned to the right.
  @inline(__always) func turned(right bits: UInt32) -> UInt32 { self >> bits | self << (32 - bits) }
}

// SPDX-License-Identifier: Apache-2.0
/// The digests that logging in needs, alone, keyed (HMAC, RFC 2104) and iterated (PBKDF2, RFC 8018 §5.2).
///
/// They are written here because the rooms that speak SMTP know no cryptographic library; nothing but the login mechanisms of RFC 2195,
/// RFC 5802 and RFC 7677 may rest on them. All take the same time for the same lengths, whatever the bytes are.
package enum MessageDigest: Hashable, Sendable, CaseIterable {
  case md5
  case sha1
  case sha256

  /// How many bytes it has.
  package var length: Int {
    switch self {
    case .md5: MD5.length
    case .sha1: SHA1.length
    case .sha256: SHA256.length
    }
  }

  /// The digest of `bytes`.
  package func digest(of bytes: Span<UInt8>) -> [UInt8] {
    switch self {
    case .md5: plain(MD5.self, bytes)
    case .sha1: plain(SHA1.self, bytes)
    case .sha256: plain(SHA256.self, bytes)
    }
  }

  /// The digest of `message` under `key` (HMAC).
  package func code(of message: Span<UInt8>, key: Span<UInt8>) -> [UInt8] {
    switch self {
    case .md5: DigestKey<MD5>(key).code(of: message)
    case .sha1: DigestKey<SHA1>(key).code(of: message)
    case .sha256: DigestKey<SHA256>(key).code(of: message)
    }
  }

  /// A key of this digest's length made from a password: the first block of PBKDF2, which is the `Hi` of RFC 5802.
  ///
  /// Its time grows with `iterations`: a million take about a second, so that no event loop should wait for it.
  package func stretch(_ password: Secret, salt: Span<UInt8>, iterations: Int) -> Secret {
    precondition(iterations >= 1, "a password is stretched at least once")
    switch self {
    case .md5: return stretched(MD5.self, password, salt, iterations)
    case .sha1: return stretched(SHA1.self, password, salt, iterations)
    case .sha256: return stretched(SHA256.self, password, salt, iterations)
    }
  }

  private func plain<Digest: BlockDigest>(_ digest: Digest.Type, _ bytes: Span<UInt8>) -> [UInt8] {
    var stream = DigestStream<Digest>()
    stream.add(bytes)
    return stream.finish()
  }

  private func stretched<Digest: BlockDigest>(
    _ digest: Digest.Type, _ password: Secret, _ salt: Span<UInt8>, _ iterations: Int
  ) -> Secret {
    DigestKey<Digest>(password.bytes).iterate(salt: salt, times: iterations)
  }
}

/// A key of HMAC, with its two blocks already mixed in, so that each message costs no more than its own blocks.
private struct DigestKey<Digest: BlockDigest> {
  private var inner = DigestStream<Digest>()
  private var outer = DigestStream<Digest>()

  init(_ key: Span<UInt8>) {
    var block = [UInt8](repeating: 0, count: 64)
    if key.count > 64 {
      var stream = DigestStream<Digest>()
      stream.add(key)
      for (index, byte) in stream.finish().enumerated() { block[index] = byte }
    } else {
      for index in 0..<key.count { block[index] = key[index] }
    }
    let (innerBlock, outerBlock) = (block.map { $0 ^ 0x36 }, block.map { $0 ^ 0x5c })
    inner.add(innerBlock.span)
    outer.add(outerBlock.span)
  }

  func code(of message: Span<UInt8>) -> [UInt8] {
    var (first, second) = (inner, outer)
    first.add(message)
    let digest = first.finish()
    second.add(digest.span)
    return second.finish()
  }

  /// U₁ ⊕ U₂ ⊕ … of RFC 8018: every round but the first is two blocks, worked in words.
  func iterate(salt: Span<UInt8>, times: Int) -> Secret {
    let numbered = salt.array + [0, 0, 0, 1]
    let first = code(of: numbered.span)
    var round = InlineArray<16, UInt32>(repeating: 0)
    let words = Digest.length / 4
    for index in 0..<words {
      round[index] = Digest.byteOrder.word(first[4 * index], first[4 * index + 1], first[4 * index + 2], first[4 * index + 3])
    }
    // What ends a block of one digest behind the block of the key.
    let bits = UInt32(64 + Digest.length) * 8
    switch Digest.byteOrder {
    case .bigEndian:
      round[words] = 0x8000_0000
      round[15] = bits
    case .littleEndian:
      round[words] = 0x80
      round[14] = bits
    }
    var sum = InlineArray<8, UInt32>(repeating: 0)
    for index in 0..<words { sum[index] = round[index] }
    for _ in 1..<max(times, 1) {
      var state = inner.state
      Digest.absorb(round, into: &state)
      for index in 0..<words { round[index] = state[index] }
      state = outer.state
      Digest.absorb(round, into: &state)
      for index in 0..<words {
        round[index] = state[index]
        sum[index] ^= state[index]
      }
    }
    let key = DigestStream<Digest>.bytes(of: sum)
    return Secret(key.span)
  }
}

extension Span where Element == UInt8 {
  /// Whether these bytes are those of `other`, found out in a time that tells nothing about where they differ.
  package func equalsInConstantTime(_ other: Span<UInt8>) -> Bool {
    guard count == other.count else { return false }
    var difference: UInt8 = 0
    for index in 0..<count { difference |= self[index] ^ other[index] }
    return difference == 0
  }
}

// SPDX-License-Identifier: Apache-2.0
/// The digest SHA-1 (FIPS 180-4 §6.1): broken for signatures, still sound inside HMAC, where SCRAM-SHA-1 has it.
enum SHA1: BlockDigest {
  static var start: InlineArray<8, UInt32> { [0x6745_2301, 0xefcd_ab89, 0x98ba_dcfe, 0x1032_5476, 0xc3d2_e1f0, 0, 0, 0] }
  static var length: Int { 20 }
  static var byteOrder: DigestByteOrder { .bigEndian }

  static func absorb(_ block: InlineArray<16, UInt32>, into state: inout InlineArray<8, UInt32>) {
    var schedule = block
    var (a, b, c, d, e) = (state[0], state[1], state[2], state[3], state[4])
    for round in 0..<80 {
      let place = round & 15
      if round >= 16 {
        let older = schedule[(round &+ 13) & 15] ^ schedule[(round &+ 8) & 15] ^ schedule[(round &+ 2) & 15]
        schedule[place] = (schedule[place] ^ older).turned(left: 1)
      }
      let (mixed, constant): (UInt32, UInt32) =
        switch round {
        case ..<20: (b & c | ~b & d, 0x5a82_7999)
        case ..<40: (b ^ c ^ d, 0x6ed9_eba1)
        case ..<60: (b & c | b & d | c & d, 0x8f1b_bcdc)
        default: (b ^ c ^ d, 0xca62_c1d6)
        }
      let next = a.turned(left: 5) &+ mixed &+ e &+ constant &+ schedule[place]
      (e, d, c, b, a) = (d, c, b.turned(left: 30), a, next)
    }
    state[0] &+= a
    state[1] &+= b
    state[2] &+= c
    state[3] &+= d
    state[4] &+= e
  }
}

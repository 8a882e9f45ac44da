// SPDX-License-Identifier: Apache-2.0
import Octets
import Testing

/// The checksum against the published values (RFC 3720 B.4).
struct CRC32CTests {
  static let vectors: [([UInt8], UInt32)] = [
    ([], 0),
    (Array("123456789".utf8), 0xe306_9283),
    ([UInt8](repeating: 0, count: 32), 0x8a91_36aa),
    ([UInt8](repeating: 0xff, count: 32), 0x62a8_ab43),
    (Array(0..<32), 0x46dd_794e),
    (Array((0..<32).reversed()), 0x113f_db5c),
  ]

  @Test(arguments: vectors) func `published values hold`(bytes: [UInt8], value: UInt32) {
    var checksum = CRC32C()
    checksum.add(bytes.span)
    #expect(checksum.value == value)
  }

  @Test(arguments: [
    0, 1, 7, 8, 9, 63, 64, 65, 255, 256, 599, 600, 4096, 12_287, 12_288, 12_289, 12_295, 24_575, 24_576, 24_577, 40_000,
  ])
  func `cutting the bytes anywhere changes nothing, and short and long ones agree with the definition`(length: Int) {
    let bytes = (0..<length).map { UInt8(truncatingIfNeeded: $0 &* 131 ^ $0 >> 3 ^ $0 >> 11) }
    do {
      let wanted = reference(Array(bytes[..<length]))
      for cut in Set([0, length / 3, length / 2, length]) {
        var checksum = CRC32C()
        checksum.add(bytes.span.extracting(0..<cut))
        checksum.add(bytes.span.extracting(cut..<length))
        #expect(checksum.value == wanted)
      }
    }
  }

  /// The definition, bit by bit.
  private func reference(_ bytes: [UInt8]) -> UInt32 {
    var crc: UInt32 = .max
    for byte in bytes {
      crc ^= UInt32(byte)
      for _ in 0..<8 { crc = crc & 1 == 1 ? crc >> 1 ^ 0x82f6_3b78 : crc >> 1 }
    }
    return ~crc
  }
}

// SPDX-License-Identifier: Apache-2.0
import Octets
import Testing

/// Foreign words made safe.
struct PrintableStringTests {
  static let shown: [([UInt8], String)] = [
    (Array("plain words".utf8), "plain words"),
    (Array("Grüße, 世界 🚀".utf8), "Grüße, 世界 🚀"),
    ([0x61, 0x0d, 0x0a, 0x62], "a??b"),
    ([0x1b, 0x5b, 0x33, 0x31, 0x6d], "?[31m"),
    ([0x00, 0x7f, 0x09], "???"),
    ([0xc2, 0x9b], "?"),
    (Array("a\u{202e}b\u{2028}c\u{200b}d\u{feff}".utf8), "a?b?c?d?"),
    ([0x61, 0xff, 0x62, 0xc3], "a?b?"),
    ([], ""),
  ]

  @Test(arguments: shown) func `controls, direction marks and broken UTF-8 become question marks`(bytes: [UInt8], text: String) {
    #expect(String(printable: bytes.span, limit: 100) == text)
  }

  @Test(arguments: 3...40) func `the limit counts bytes and a cut text ends in an ellipsis`(limit: Int) {
    let text = "äöü 世界 plain and some more words"
    let cut = String(printable: text, limit: limit)
    #expect(cut.utf8.count <= limit)
    #expect(cut.hasSuffix("…") == (text.utf8.count > limit))
    #expect(cut == String(printable: Array(text.utf8).span, limit: limit))
  }

  @Test func `no byte sequence of length two or random bytes brings a control character out`() {
    var random = SeededGenerator(11)
    for _ in 0..<20_000 {
      let bytes = (0..<Int.random(in: 0...12, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
      let text = String(printable: bytes.span, limit: 9)
      #expect(text.utf8.count <= 9)
      #expect(text.unicodeScalars.allSatisfy { $0.value >= 0x20 && !(0x7f...0x9f).contains($0.value) })
    }
  }
}

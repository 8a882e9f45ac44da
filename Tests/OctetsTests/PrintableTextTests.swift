// SPDX-License-Identifier: Apache-2.0
import Octets
import Testing

/// What a peer sent, as a log shows it.
@Suite struct PrintableTextTests {
  @Test(arguments: [
    ("plain text", "plain text"), ("", ""), ("a\r\nb\tc", "a\\r\\nb\\tc"), ("\u{1b}[31mred", "\\x1b[31mred"),
    ("back\\slash", "back\\\\slash"),
    ("müller@例え.jp", "müller@例え.jp"), ("a\u{202e}b", "a\\u{202e}b"), ("a\u{2028}b", "a\\u{2028}b"), ("\u{0}\u{7f}", "\\x00\\x7f"),
    ("\u{85}", "\\u{85}"), ("\u{200b}", "\\u{200b}"), ("\u{e000}", "\\u{e000}"),
  ])
  func `text shows as itself or as an escape`(text: String, shown: String) {
    #expect(PrintableText(text).description == shown)
  }

  @Test(
    arguments: [
      ([0xff, 0x41], "\\xffA"), ([0xc3], "\\xc3"), ([0xc0, 0x80], "\\xc0\\x80"), ([0xed, 0xa0, 0x80], "\\xed\\xa0\\x80"),
      ([0xf5, 0x80, 0x80, 0x80], "\\xf5\\x80\\x80\\x80"),
    ] as [([UInt8], String)])
  func `bytes that are no UTF-8 show as numbers`(bytes: [UInt8], shown: String) {
    #expect(PrintableText(bytes.span).description == shown)
  }

  @Test func `a long text is cut and says so`() {
    #expect(PrintableText(String(repeating: "a", count: 10), limit: 4).description == "aaaa…")
    #expect(PrintableText("aaaa", limit: 4).description == "aaaa")
  }
}

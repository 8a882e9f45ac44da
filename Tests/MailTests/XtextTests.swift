// SPDX-License-Identifier: Apache-2.0
import Mail
import Octets
import Testing

/// The coding of parameter values.
@Suite struct XtextTests {
  @Test(arguments: [
    ("plain", "plain"), ("", ""), ("a+2Bb", "a+b"), ("a+3Db", "a=b"), ("a+20b", "a b"), ("+41", "A"), ("a+2bb", "a+b"),
    ("user@example.com", "user@example.com"),
  ])
  func `a coded text is read`(coded: String, text: String) {
    #expect(Xtext.decode(coded.utf8.span) == text)
  }

  @Test(arguments: ["+", "+4", "a+", "a+2", "a+2G", "a=b", "a b", "+00", "+0D+0A", "+7F", "+FF", "+C3+A9", "é", "a\tb", "\u{7f}"])
  func `broken codings and hidden control characters are refused`(coded: String) {
    #expect(Xtext.decode(coded.utf8.span) == nil)
  }

  @Test func `every printable text comes back`() {
    let text = String(decoding: Array(UInt8(0x20)...0x7e), as: UTF8.self)
    let coded = Xtext.encode(text)
    #expect(Xtext.decode(coded.utf8.span) == text)
    #expect(!coded.contains(" ") && !coded.contains("="))
  }
}

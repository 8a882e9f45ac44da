// SPDX-License-Identifier: Apache-2.0
import Octets
import Testing

/// Whether one text stands in another.
struct TextSearchTests {
  static let pairs: [(text: String, part: String, isThere: Bool)] = [
    ("smtp://host", "://", true), ("://", "://", true), ("host:/", "://", false), ("a..b", "..", true), ("a.b.", "..", false),
    ("aab", "ab", true), ("ab", "abc", false), ("ab", "", true), ("", "", true), ("", "a", false), ("Grüße", "üß", true),
    ("e\u{301}", "\u{301}", true), ("=?utf-8", "=?", true), ("= ?", "=?", false),
  ]

  @Test(arguments: pairs) func `bytes are found wherever they stand`(text: String, part: String, isThere: Bool) {
    #expect(text.holds(part) == isThere)
    #expect("x\(text)y".dropFirst().dropLast().holds(part) == isThere)
  }
}

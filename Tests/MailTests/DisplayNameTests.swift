// SPDX-License-Identifier: Apache-2.0
import Mail
import Testing

@Suite struct DisplayNameTests {
  @Test(arguments: [
    ("CronDaemon", "CronDaemon"),
    ("  John   Doe ", "John Doe"),
    ("Doe, John", "\"Doe, John\""),
    ("John Q. Doe", "\"John Q. Doe\""),
    ("a \"b\" \\c", "\"a \\\"b\\\" \\\\c\""),
    ("x\r\nBcc: evil@example.com", "\"x Bcc: evil@example.com\""),
    ("", ""), (" \t ", ""),
    ("=?UTF-8?Q?x?=", "\"=?UTF-8?Q?x?=\""),
    ("Jörg", "=?UTF-8?B?SsO2cmc=?="),
  ])
  func `a name is written so that it means itself`(_ name: String, _ wanted: String) {
    #expect(DisplayName.phrase(name) == wanted)
  }

  @Test func `a long name outside ASCII is folded into encoded words of the right length`() throws {
    let phrase = DisplayName.phrase(String(repeating: "ü😀", count: 60))
    let words = phrase.split(separator: "\r\n ", omittingEmptySubsequences: false)
    #expect(words.count > 5 && words.allSatisfy { $0.utf8.count <= 75 && $0.hasPrefix("=?UTF-8?B?") && $0.hasSuffix("?=") })
  }

  @Test(arguments: ["CronDaemon", "Doe, John", "Jörg (x) <y>", "a \"b\" \\c, d@e", "x@y"])
  func `what was written is read back as a name, not as an address`(_ name: String) throws {
    let list = try AddressList(Array("\(DisplayName.phrase(name)) <a@b.example>".utf8).span)
    #expect(list.addresses.map { $0.text(in: "") } == ["a@b.example"])
  }
}

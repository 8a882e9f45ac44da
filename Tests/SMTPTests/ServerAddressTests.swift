// SPDX-License-Identifier: Apache-2.0
import Mail
import Octets
import SMTP
import Testing

/// The grammar of paths and mailboxes, by what it takes and by what it refuses.
@Suite struct ServerAddressTests {
  static func path(_ text: String) throws(AddressFault) -> AddressGrammar.Path {
    let bytes = Array(text.utf8)
    var scanner = GrammarScanner(bytes.span)
    let path = try AddressGrammar.takePath(&scanner)
    guard scanner.isAtEnd else { throw .trailingCharacters }
    return path
  }

  static let longest = String(repeating: "a", count: 64)
  static func domainOf(_ length: Int) -> String {
    String(String(repeating: String(repeating: "d", count: 49) + ".", count: 6).prefix(length - 3)) + ".xy"
  }

  @Test(arguments: [
    ("user@example.com", "user@example.com"), ("USER@Example.COM", "USER@Example.COM"), ("a.b.c@d.e", "a.b.c@d.e"),
    ("!#$%&'*+-/=?^_`{|}~0@example.com", "!#$%&'*+-/=?^_`{|}~0@example.com"), ("a@b", "a@b"), ("a@1.2", "a@1.2"), ("a@b-c.d", "a@b-c.d"),
    ("a@my_host", "a@my_host"), (#""plain"@b"#, "plain@b"), (#""two words"@b"#, #""two words"@b"#), (#""a.b"@b"#, "a.b@b"),
    (#"".a"@b"#, #"".a"@b"#), (#""a..b"@b"#, #""a..b"@b"#), (#""a."@b"#, #""a."@b"#), (#"""@b"#, #"""@b"#), (#""a@b"@c"#, #""a@b"@c"#),
    (#""a>b"@c"#, #""a>b"@c"#), (#""a\"b"@c"#, #""a\"b"@c"#), (#""a\\b"@c"#, #""a\\b"@c"#), (#""\a\b"@c"#, "ab@c"),
    (#""\ a"@c"#, #"" a"@c"#),
    ("a@[192.0.2.1]", "a@[192.0.2.1]"), ("a@[IPv6:2001:db8::1]", "a@[IPv6:2001:db8::1]"), ("a@[ipv6:::1]", "a@[ipv6:::1]"),
    ("a@[IPv6:::ffff:192.0.2.1]", "a@[IPv6:::ffff:192.0.2.1]"), ("a@[x-tag:anything!{}]", "a@[x-tag:anything!{}]"),
    ("@a.example:b@c", "b@c"), ("@a.example,@[192.0.2.1]:b@c", "b@c"), ("grüße@bücher.example", "grüße@bücher.example"),
    (#""grüße, alle"@b"#, #""grüße, alle"@b"#), ("用户@例子.广告", "用户@例子.广告"), ("\(longest)@b", "\(longest)@b"),
    ("\(longest)@\(domainOf(189))", "\(longest)@\(domainOf(189))"), ("a@\(domainOf(252))", "a@\(domainOf(252))"),
  ])
  func `a path is taken and written in canonical form`(text: String, canonical: String) throws {
    let path = try ServerAddressTests.path("<\(text)>")
    guard case .mailbox(let mailbox) = path else {
      Issue.record("\(path)")
      return
    }
    #expect(mailbox.text == canonical)
    #expect(try AddressGrammar.mailbox(mailbox.text.utf8.span) == mailbox, "what is canonical reads as itself")
  }

  @Test(
    arguments: [
      ("", AddressFault.missingBracket), ("user@example.com", .missingBracket), ("<user@example.com", .unclosedBracket),
      ("<", .unquotedCharacter),
      ("<@>", .badRoute), ("<@b>", .badRoute), ("<user>", .missingDomain), ("<user@>", .badDomain), ("<user@.b>", .badDomain),
      ("<user@b.>", .badDomain),
      ("<user@b..c>", .badDomain), ("<user@-b>", .badDomain), ("<user@b->", .badDomain), ("<user@b.-c>", .badDomain),
      ("<user@b c>", .unclosedBracket),
      ("<us er@b>", .unquotedCharacter), ("<us(er)@b>", .unquotedCharacter), ("<us,er@b>", .unquotedCharacter),
      ("<us;er@b>", .unquotedCharacter),
      ("<us\\er@b>", .unquotedCharacter), ("<us<er@b>", .unquotedCharacter), ("<.user@b>", .misplacedDot), ("<user.@b>", .misplacedDot),
      ("<us..er@b>", .misplacedDot), ("<\"user@b>", .unclosedQuote), ("<\"user\\\"@b>", .unclosedQuote),
      ("<\"us\u{7f}er\"@b>", .unclosedQuote),
      ("<\"us\ter\"@b>", .unclosedQuote), ("<\"us\0er\"@b>", .unclosedQuote), ("<\"us\r\ner\"@b>", .unclosedQuote),
      ("<\"a\\é\"@b>", .unclosedQuote),
      ("<\"a\"b@c>", .unquotedCharacter), ("<a\"b\"@c>", .unquotedCharacter), ("<a@b@c>", .unclosedBracket), ("<a@[1.2.3]>", .badLiteral),
      ("<a@[1.2.3.256]>", .badLiteral), ("<a@[1.2.3.4>", .badLiteral), ("<a@[]>", .badLiteral), ("<a@[IPv6:1.2.3.4]>", .badLiteral),
      ("<a@[IPv6:g::]>", .badLiteral), ("<a@[2001:db8::1]>", .badLiteral), ("<a@[tag:]>", .badLiteral), ("<a@[:x]>", .badLiteral),
      ("<a@[tag-:x]>", .badLiteral), ("<a@[t g:x]>", .badLiteral), ("<a@[tag:a\\b]>", .badLiteral), ("<@a:>", .unquotedCharacter),
      ("<@a,b@c>", .badRoute), ("<@a b@c>", .badRoute), ("<@a,,@b:c@d>", .badRoute), ("<@:c@d>", .badRoute), ("<>x", .trailingCharacters),
      ("<a@b>x", .trailingCharacters), ("<<a@b>>", .unquotedCharacter), ("<a@b\u{85}>", .badUTF8), ("<a\u{202e}@b>", .badUTF8),
      ("<a@b\u{2028}>", .badUTF8),
      ("<\(longest)a@b>", .localPartTooLong), ("<\"\(longest) \"@b>", .localPartTooLong), ("<a@\(domainOf(256))>", .domainTooLong),
      ("<a@\(String(repeating: "a", count: 64))>", .domainTooLong), ("<ab@\(domainOf(252))>", .pathTooLong), ("<postmaster@>", .badDomain),
      ("<@a.example:postmaster2>", .missingDomain),
    ] as [(String, AddressFault)])
  func `what is no path is refused with the reason`(text: String, fault: AddressFault) {
    #expect(throws: fault) { try ServerAddressTests.path(text) }
  }

  @Test func `broken UTF-8 is no address`() {
    for bytes: [UInt8] in [[0xff], [0xc3], [0xc0, 0x80], [0xed, 0xa0, 0x80]] {
      let text = [UInt8(ascii: "<")] + bytes + Array("@b.example>".utf8)
      #expect(throws: AddressFault.badUTF8) {
        var scanner = GrammarScanner(text.span)
        _ = try AddressGrammar.takePath(&scanner)
      }
    }
  }

  @Test(arguments: ["<postmaster>", "<Postmaster>", "<POSTMASTER>", "<\"postmaster\">", "<@a.example:Postmaster>"])
  func `postmaster needs no domain`(text: String) throws {
    #expect(try ServerAddressTests.path(text) == .postmaster)
  }

  @Test func `the empty path is nobody`() throws {
    #expect(try ServerAddressTests.path("<>") == .null)
  }

  @Test func `a mailbox without brackets is read whole`() throws {
    #expect(try AddressGrammar.mailbox("user@example.com".utf8.span).text == "user@example.com")
    #expect(throws: AddressFault.trailingCharacters) { try AddressGrammar.mailbox("user@example.com ".utf8.span) }
    #expect(throws: AddressFault.missingDomain) { try AddressGrammar.mailbox("postmaster".utf8.span) }
    #expect(throws: AddressFault.unquotedCharacter) { try AddressGrammar.mailbox("".utf8.span) }
  }

  @Test func `no byte string makes a mailbox with a control character or a bracket outside quotes`() {
    let alphabet = Array("ab.@\"\\<>[]:,- \r\n\t\0é1_".utf8) + [0xff, 0x7f]
    for seed in 0..<60_000 {
      var random = ServerRandom(seed: UInt64(seed))
      var text = (0..<random.below(14)).map { _ in alphabet[random.below(alphabet.count)] }
      if random.below(2) == 0 { text = Array("a".utf8) + text + Array("@b".utf8) }
      let path = [UInt8(ascii: "<")] + text + [UInt8(ascii: ">")]
      var scanner = GrammarScanner(path.span)
      guard let path = try? AddressGrammar.takePath(&scanner), case .mailbox(let mailbox) = path else { continue }
      let isSafe = mailbox.text.unicodeScalars.allSatisfy { $0.value >= 0x20 && !(0x7f...0x9f).contains($0.value) }
      let readsBack = (try? AddressGrammar.mailbox(mailbox.text.utf8.span)) == mailbox
      if !isSafe || !readsBack { Issue.record("seed \(seed): \(mailbox.text.debugDescription)") }
    }
  }
}

/// A small generator of numbers that look random and are the same on every run.
struct ServerRandom {
  private var state: UInt64
  init(seed: UInt64) { state = seed &* 0x9e37_79b9_7f4a_7c15 &+ 0x1234_5678_9abc_def1 }

  mutating func below(_ limit: Int) -> Int {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return limit > 0 ? Int(state >> 11) % limit : 0
  }
}

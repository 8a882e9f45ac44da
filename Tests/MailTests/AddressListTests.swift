// SPDX-License-Identifier: Apache-2.0
import Mail
import Testing

@Suite struct AddressListTests {
  private func addresses(_ text: String) throws -> [String] {
    try AddressList(Array(text.utf8).span).addresses.map { $0.text(in: "here") }
  }

  @Test(arguments: [
    ("", []),
    (" \t\r\n ", []),
    ("a@b.example", ["a@b.example"]),
    ("a@b.example, c@d.example", ["a@b.example", "c@d.example"]),
    (",, a@b.example ,,c@d.example,", ["a@b.example", "c@d.example"]),
    ("a@b.example; c@d.example;", ["a@b.example", "c@d.example"]),
    ("root", ["root@here"]),
    ("root, john.doe", ["root@here", "john.doe@here"]),
    ("<root>", ["root@here"]),
    ("John Doe <j@x.example>", ["j@x.example"]),
    ("John Q. Doe <j@x.example>", ["j@x.example"]),
    ("\"Doe, John\" <j@x.example>", ["j@x.example"]),
    ("\"a \\\" b\" <j@x.example>", ["j@x.example"]),
    ("j@x.example (John (the) \\) Doe, Esq.)", ["j@x.example"]),
    ("(one) j (two) @ (three) x (four) . example (five)", ["j@x.example"]),
    ("John Doe\r\n <j@x.example>,\r\n\tb@y.example\r\n", ["j@x.example", "b@y.example"]),
    ("=?UTF-8?Q?J=C3=B6rg?= <j@x.example>", ["j@x.example"]),
    ("=?UTF-8?Q?Doe,_(John)_<x>?= <j@x.example>, b@y.example", ["j@x.example", "b@y.example"]),
    ("Jörg <j@x.example>", ["j@x.example"]),
    ("jörg@bücher.example", ["jörg@bücher.example"]),
    ("\"john doe\"@x.example", ["\"john doe\"@x.example"]),
    ("\"john\"@x.example", ["john@x.example"]),
    ("\"a.b\"@x.example", ["a.b@x.example"]),
    ("\"a\\b\"@x.example", ["ab@x.example"]),
    ("\"a@b\"@x.example", ["\"a@b\"@x.example"]),
    ("\"a b\".c@x.example", ["\"a b.c\"@x.example"]),
    ("john . doe @ x.example", ["john.doe@x.example"]),
    ("<@one.example,@two.example:j@x.example>", ["j@x.example"]),
    ("j@[192.0.2.1]", ["j@[192.0.2.1]"]),
    ("j@[IPv6:2001:db8::1]", ["j@[IPv6:2001:db8::1]"]),
    ("j@x.example.", ["j@x.example"]),
    ("undisclosed-recipients:;", []),
    ("A Group: a@b.example, C <c@d.example>; , e@f.example", ["a@b.example", "c@d.example", "e@f.example"]),
    ("g:a@b.example", ["a@b.example"]),
    ("o'brien+x=y/z@x.example", ["o'brien+x=y/z@x.example"]),
    ("a@b.example, a@b.example", ["a@b.example", "a@b.example"]),
    ("=?x <j@x.example>", ["j@x.example"]),
  ])
  func `what people and programs write is understood`(_ text: String, _ wanted: [String]) throws {
    #expect(try addresses(text) == wanted)
  }

  @Test(arguments: [
    ("John Doe", AddressListFault.noAddress("John Doe")),
    ("John Doe, a@b.example", .noAddress("John Doe")),
    ("John j@x.example", .noAddress("John j")),
    ("a@b.example c@d.example", .trailing("c")),
    ("<a@b.example> c", .trailing("c")),
    ("a@b@c", .unexpected("@")),
    ("a@", .missingDomain), ("a@,b@c", .missingDomain), ("a@.", .missingDomain),
    ("@b.example", .nothingBeforeAt),
    ("<>", .emptyAddress),
    ("John <j@x.example", .unclosedBracket), ("<j", .unclosedBracket), ("<@a", .unclosedBracket),
    ("<j@x.example y>", .unclosedBracket),
    ("\"John <j@x.example>", .unclosedQuote), ("\"a\\", .unclosedQuote),
    ("a@b (comment", .unclosedComment), ("(a\\)", .unclosedComment),
    ("j@[1.2.3.4", .unclosedLiteral),
    ("a: b: c@d.example;;", .nestedGroup),
    (":", .unexpected(":")),
    ("a@b.example>", .unexpected(">")), ("a)b", .unexpected(")")), ("\\", .unexpected("\\")),
    ("[x] <a@b>", .unexpected("[")),
    ("a\u{0}@b", .controlCharacter), ("a\u{7f}@b", .controlCharacter),
  ])
  func `what cannot be understood is refused`(_ text: String, _ fault: AddressListFault) {
    #expect(throws: fault) { try addresses(text) }
    #expect(!fault.description.isEmpty)
  }

  @Test func `a name in an old code is passed over, an address in one is refused`() throws {
    for (before, after) in [("J", "rg <j@x.example>"), ("\"J", "rg\" <j@x.example>"), ("j@x.example (J", "rg)")] {
      let text = Array(before.utf8) + [0xf6] + Array(after.utf8)
      #expect(try AddressList(text.span).addresses.map { $0.text(in: "") } == ["j@x.example"])
    }
    for (before, after) in [("j", "rg@x.example"), ("<j", "rg@x.example>"), ("j@x", ".example"), ("j", "")] {
      let text = Array(before.utf8) + [0xf6] + Array(after.utf8)
      #expect(throws: AddressListFault.notUTF8) { try AddressList(text.span) }
    }
  }

  @Test func `comments a million deep cost no stack`() throws {
    let text = String(repeating: "(", count: 1_000_000) + String(repeating: ")", count: 1_000_000) + "a@b.example"
    #expect(try addresses(text) == ["a@b.example"])
    #expect(throws: AddressListFault.unclosedComment) { try addresses(String(repeating: "(", count: 1_000_000)) }
  }

  @Test func `whatever comes in, it ends, and what comes out has no blank or mark outside quotes`() {
    var seed = SystemRandomNumberGenerator()
    let letters = Array("ab.@<>,;:()[]\"\\ \t=?\u{0}ö".utf8)
    for _ in 0..<20_000 {
      let text = (0..<Int.random(in: 0...24, using: &seed)).map { _ in letters.randomElement(using: &seed) ?? 0x61 }
      guard let list = try? AddressList(text.span) else { continue }
      for address in list.addresses where !address.localPart.hasPrefix("\"") {
        let marks = "<>,;:()[]\"\\ @".utf8
        #expect(!address.localPart.utf8.contains { marks.contains($0) || $0 < 0x20 }, "\(text)")
        #expect(address.domain?.hasPrefix("[") != false || address.domain?.utf8.contains { marks.contains($0) } == false, "\(text)")
      }
    }
  }
}

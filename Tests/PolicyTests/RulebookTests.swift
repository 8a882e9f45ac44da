// SPDX-License-Identifier: Apache-2.0
import Mail
import Policy
import Testing

/// Patterns and the rules made of them.
@Suite struct RulebookTests {
  static func mailbox(_ text: String) -> Mailbox? {
    guard !text.isEmpty else { return nil }
    guard let at = text.lastIndex(of: "@") else { return Mailbox(verifiedLocalPart: text, domain: nil) }
    return Mailbox(verifiedLocalPart: String(text[..<at]), domain: String(text[text.index(after: at)...]))
  }

  static func patterns(_ texts: String...) throws -> [AddressPattern] { try texts.map { try AddressPattern($0) } }

  @Test(arguments: [
    ("user@example.com", "user@example.com", true), ("user@example.com", "USER@Example.COM", true),
    ("user@example.com", "user2@example.com", false),
    ("user@example.com", "user@sub.example.com", false), ("*@example.com", "anybody@EXAMPLE.com", true),
    ("@example.com", "anybody@example.com", true),
    ("*@example.com", "a@notexample.com", false), ("*@example.com", "a@example.com.evil", false),
    ("*@*.example.com", "a@b.example.com", true),
    ("*@*.example.com", "a@c.b.example.com", true), ("*@*.example.com", "a@example.com", false),
    ("*@*.example.com", "a@notexample.com", false),
    ("root@*", "Root@anywhere.example", true), ("root@*", "root", true), ("root@*", "toor@x", false), ("postmaster@*", "postmaster", true),
    ("*", "a@b", true), ("*", "", false), ("<>", "", true), ("<>", "a@b", false), ("*@b", "", false), ("a@b", "postmaster", false),
    ("\"two.words,\"@b", "\"two.words,\"@b", true), ("\"a@b\"@c", "\"a@b\"@c", true), ("\"*\"@c", "\"*\"@c", true),
    ("\"*\"@c", "x@c", false),
    ("*@[192.0.2.1]", "a@[192.0.2.1]", true), ("*@Bücher.example", "a@bücher.example", true),
  ])
  func `a pattern names addresses`(pattern: String, address: String, isNamed: Bool) throws {
    #expect(try AddressPattern(pattern).matches(RulebookTests.mailbox(address)) == isNamed)
  }

  @Test(arguments: [
    ("", PatternFault.Reason.noAt), ("user", .noAt), ("example.com", .noAt), ("user@", .noDomain), ("@", .noDomain),
    ("us*r@example.com", .strayStar),
    ("*@ex*mple.com", .strayStar), ("*@*example.com", .strayStar), ("**@example.com", .strayStar), ("*@*.", .strayStar),
    ("*@*.*", .strayStar),
    ("a@b c@d", .badCharacter), ("<a@b>", .badCharacter), ("a\t@b", .badCharacter),
  ])
  func `what is no pattern is refused with the remedy`(text: String, reason: PatternFault.Reason) {
    do throws(PatternFault) {
      _ = try AddressPattern(text)
      Issue.record("\(text) was taken")
    } catch {
      #expect(error.reason == reason)
      #expect(error.description.hasPrefix("\"\(text)\""))
    }
  }

  @Test func `an empty book lets everything pass`() {
    let book = Rulebook()
    #expect(book.refusal(ofSender: nil) == nil)
    #expect(book.refusal(ofRecipient: RulebookTests.mailbox("a@b")!) == nil)
  }

  @Test func `where senders are named, the others are refused with the list`() throws {
    let book = Rulebook(allowedSenders: try RulebookTests.patterns("*@example.com", "app@example.net"))
    #expect(book.refusal(ofSender: RulebookTests.mailbox("x@example.com")) == nil)
    #expect(book.refusal(ofSender: RulebookTests.mailbox("app@example.net")) == nil)
    let refusal = try #require(book.refusal(ofSender: RulebookTests.mailbox("x@example.net")))
    #expect(refusal.code == 550 && refusal.subject == 7 && refusal.detail == 1)
    #expect(refusal.text == "AllowSenders= of this relay does not name this sender; allowed: *@example.com app@example.net")
    #expect(book.refusal(ofSender: nil)?.text.contains("the empty sender") == true)
    #expect(book.refusal(ofRecipient: RulebookTests.mailbox("x@example.org")!) == nil)
  }

  @Test func `the empty sender passes where it is named`() throws {
    #expect(Rulebook(allowedSenders: try RulebookTests.patterns("*@example.com", "<>")).refusal(ofSender: nil) == nil)
    #expect(Rulebook(deniedSenders: try RulebookTests.patterns("<>")).refusal(ofSender: nil) != nil)
  }

  @Test func `what is denied stays denied though it is allowed too`() throws {
    let book = Rulebook(
      allowedRecipients: try RulebookTests.patterns("*@example.com"), deniedRecipients: try RulebookTests.patterns("ceo@example.com"))
    #expect(book.refusal(ofRecipient: RulebookTests.mailbox("staff@example.com")!) == nil)
    #expect(
      book.refusal(ofRecipient: RulebookTests.mailbox("CEO@example.com")!)?.text
        == "this relay refuses the recipient: DenyRecipients= names ceo@example.com")
    #expect(book.refusal(ofRecipient: RulebookTests.mailbox("x@example.org")!) != nil)
  }

  @Test func `a long list of rules is cut`() throws {
    let many = try (0..<100).map { try AddressPattern("*@department-\($0).example.com") }
    let refusal = try #require(Rulebook(allowedSenders: many).refusal(ofSender: nil))
    #expect(refusal.text.utf8.count < 330 && refusal.text.hasSuffix(" more"))
  }
}

// SPDX-License-Identifier: Apache-2.0
import Mail
import Policy
import Settings
import Testing

/// Patterns and the rules made of them.
@Suite struct RulebookTests {
  static func mailbox(_ text: String) -> Mailbox? {
    guard !text.isEmpty else { return nil }
    guard let at = text.lastIndex(of: "@") else { return Mailbox(verifiedLocalPart: text, domain: nil) }
    return Mailbox(verifiedLocalPart: String(text[..<at]), domain: String(text[text.index(after: at)...]))
  }

  static func book(_ rules: String) throws -> Rulebook {
    let file = SettingsFile(name: "rules", text: "[Upstream]\nHost=capture:/mail\n[Policy]\n\(rules)\n")
    return Rulebook(try RelaySettings(files: [file], environment: [:], systemHostname: "app1.example.com").policy)
  }

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
    #expect(try #require(AddressPattern(pattern)).matches(RulebookTests.mailbox(address)) == isNamed)
  }

  @Test func `an empty book lets everything pass`() {
    let book = Rulebook()
    #expect(book.refusal(ofSender: nil) == nil)
    #expect(book.refusal(ofRecipient: RulebookTests.mailbox("a@b")!) == nil)
  }

  @Test func `where senders are named, the others are refused with the list`() throws {
    let book = try RulebookTests.book("AllowSenders=*@example.com app@example.net")
    #expect(book.refusal(ofSender: RulebookTests.mailbox("x@example.com")) == nil)
    #expect(book.refusal(ofSender: RulebookTests.mailbox("app@example.net")) == nil)
    let refusal = try #require(book.refusal(ofSender: RulebookTests.mailbox("x@example.net")))
    #expect(refusal.code == 550 && refusal.subject == 7 && refusal.detail == 1)
    #expect(refusal.text == "Policy.AllowSenders= of this relay does not name this sender; allowed: *@example.com app@example.net")
    #expect(book.refusal(ofSender: nil)?.text.contains("the empty sender") == true)
    #expect(book.refusal(ofRecipient: RulebookTests.mailbox("x@example.org")!) == nil)
  }

  @Test func `the empty sender passes where it is named`() throws {
    #expect(try RulebookTests.book("AllowSenders=*@example.com <>").refusal(ofSender: nil) == nil)
    #expect(try RulebookTests.book("DenySenders=<>").refusal(ofSender: nil) != nil)
  }

  @Test func `what is denied stays denied though it is allowed too`() throws {
    let book = try RulebookTests.book("AllowRecipients=*@example.com\nDenyRecipients=ceo@example.com")
    #expect(book.refusal(ofRecipient: RulebookTests.mailbox("staff@example.com")!) == nil)
    #expect(
      book.refusal(ofRecipient: RulebookTests.mailbox("CEO@example.com")!)?.text
        == "this relay refuses the recipient: Policy.DenyRecipients= names ceo@example.com")
    #expect(book.refusal(ofRecipient: RulebookTests.mailbox("x@example.org")!) != nil)
  }

  @Test func `a long list of rules is cut`() throws {
    let many = (0..<100).map { "*@department-\($0).example.com" }.joined(separator: " ")
    let refusal = try #require(try RulebookTests.book("AllowSenders=\(many)").refusal(ofSender: nil))
    #expect(refusal.text.utf8.count < 330 && refusal.text.hasSuffix(" more"))
  }

  static func client(_ user: UInt32?, _ name: String?, _ unit: String?) -> Submitter {
    var client = Submitter(peer: "127.0.0.1:5000", greeting: "app")
    (client.user, client.userName, client.unit) = (user, name, unit)
    return client
  }

  @Test(arguments: [
    ("", true), ("AllowUsers=alice", true), ("AllowUsers=1000", true), ("AllowUsers=bob", false), ("AllowUsers=bob alice", true),
    ("DenyUsers=alice", false), ("DenyUsers=1000", false), ("DenyUsers=bob", true), ("AllowUsers=alice\nDenyUsers=1000", false),
    ("AllowUnits=web.service", true), ("AllowUnits=worker@*.service", false), ("AllowUnits=*.service", true),
    ("DenyUnits=web.service", false), ("DenyUnits=we*.service", false), ("DenyUnits=web*web.service", true),
    ("AllowUsers=alice\nAllowUnits=web.service", true), ("AllowUsers=bob\nAllowUnits=web.service", false),
    ("AllowUsers=alice\nAllowUnits=cron.service", false), ("AllowUsers=Alice", false),
  ])
  func `users and units are judged by name and number`(rules: String, mayConnect: Bool) throws {
    let refusal = try RulebookTests.book(rules).refusal(ofClient: RulebookTests.client(1000, "alice", "web.service"))
    #expect((refusal == nil) == mayConnect)
  }

  @Test(arguments: ["AllowUsers=alice", "DenyUsers=alice", "AllowUnits=web.service", "DenyUnits=web.service"])
  func `nobody slips past a rule by being unknown, unless the settings say so`(rule: String) throws {
    let unknown = RulebookTests.client(nil, nil, nil)
    let refusal = try #require(try RulebookTests.book(rule).refusal(ofClient: unknown))
    #expect(refusal.text.contains("Policy.UnknownClients="))
    #expect(try RulebookTests.book("\(rule)\nUnknownClients=admit").refusal(ofClient: unknown) == nil)
  }

  @Test func `what is known is judged although something else is not`() throws {
    let book = try RulebookTests.book("DenyUsers=alice\nDenyUnits=web.service\nUnknownClients=admit")
    #expect(book.refusal(ofClient: RulebookTests.client(1000, "alice", nil))?.text.contains("Policy.DenyUsers=") == true)
    #expect(book.refusal(ofClient: RulebookTests.client(nil, nil, "web.service"))?.text.contains("Policy.DenyUnits=") == true)
    #expect(book.refusal(ofClient: RulebookTests.client(1001, "bob", nil)) == nil)
  }

  @Test func `a user without a name is judged by number`() throws {
    #expect(try RulebookTests.book("AllowUsers=64001").refusal(ofClient: RulebookTests.client(64001, nil, nil)) == nil)
    let refusal = try #require(try RulebookTests.book("AllowUsers=alice").refusal(ofClient: RulebookTests.client(64001, nil, nil)))
    #expect(refusal.text == "programs of user 64001 may not send: Policy.AllowUsers= does not name it")
  }
}

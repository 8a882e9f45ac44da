// SPDX-License-Identifier: Apache-2.0
import Mail
import Octets
import SMTP
import Testing
import Timekeeping

/// Commands to upstreams: exactly what is offered, and never two lines out of one.
struct ClientCommandTests {
  @Test func `commands without addresses are written as the RFCs have them`() throws {
    let name = try #require(ClientName("app1.example.com"))
    let table: [(UpstreamCommand, String)] = [
      (.ehlo(name), "EHLO app1.example.com"), (.helo(name), "HELO app1.example.com"), (.startTLS, "STARTTLS"), (.data, "DATA"),
      (.chunk(ByteCount(bytes: 1000), .more), "BDAT 1000"), (.chunk(ByteCount(bytes: 0), .last), "BDAT 0 LAST"), (.reset, "RSET"),
      (.noop, "NOOP"), (.quit, "QUIT"),
    ]
    for (command, line) in table {
      var queue = ByteQueue()
      command.append(to: &queue)
      #expect(text(of: queue) == line + "\r\n")
    }
  }

  @Test(arguments: ["localhost", "a.b-c.example", "my_host", "[127.0.0.1]", "[IPv6:2001:db8::1]"])
  func `a name to greet with is taken`(text: String) { #expect(ClientName(text)?.text == text) }

  @Test(arguments: [
    "", " ", "a b", "a\r\nMAIL FROM:<x>", "a\nb", "a\0b", "é.example", "-a", ".a", "[]", "[", "[a b]", "a]", "<a>",
    String(repeating: "a", count: 256),
  ])
  func `what is no name to greet with is refused`(text: String) { #expect(ClientName(text) == nil) }

  @Test func `nothing is written that the upstream did not offer`() throws {
    let envelope = wishful()
    #expect(try lines(envelope, size: 1234, []) == ["MAIL FROM:<app@example.com>", "RCPT TO:<b@example.org>", "RCPT TO:<c@example.org>"])
  }

  @Test func `everything asked for is written where it is offered`() throws {
    let written = try lines(wishful(), size: 1234, ["SIZE", "8BITMIME", "DSN", "SMTPUTF8", "REQUIRETLS"])
    #expect(
      written == [
        "MAIL FROM:<app@example.com> SIZE=1234 BODY=8BITMIME RET=HDRS ENVID=a+2Bb+20c+3D",
        "RCPT TO:<b@example.org> NOTIFY=SUCCESS,FAILURE,DELAY ORCPT=rfc822;b+2Btag@example.org",
        "RCPT TO:<c@example.org> NOTIFY=NEVER",
      ])
  }

  @Test func `a plain message stays plain although everything is offered`() throws {
    let plain = Envelope(sender: nil, recipients: [Recipient(mailbox("b", "example.org"))], submitter: someone, accepted: now)
    #expect(try lines(plain, size: 9, ["8BITMIME", "DSN", "SMTPUTF8", "REQUIRETLS"]) == ["MAIL FROM:<>", "RCPT TO:<b@example.org>"])
  }

  @Test func `SMTPUTF8, BINARYMIME and REQUIRETLS are asked for where the message needs them`() throws {
    var envelope = Envelope(
      sender: mailbox("jürgen", "example.com"), recipients: [Recipient(mailbox("b", "例え.jp"))], submitter: someone, accepted: now)
    envelope.coding = .binary
    envelope.requiresTLS = true
    envelope.recipients[0].original = "utf-8;jürgen+x@例え.jp"
    let written = try lines(envelope, size: 9, ["SMTPUTF8", "BINARYMIME", "CHUNKING", "REQUIRETLS", "DSN"])
    #expect(written[0] == "MAIL FROM:<jürgen@example.com> BODY=BINARYMIME SMTPUTF8 REQUIRETLS")
    #expect(written[1] == "RCPT TO:<b@例え.jp> ORCPT=utf-8;j\\x{FC}rgen\\x{2B}x@\\x{4F8B}\\x{3048}.jp")
  }

  static let refusals: [(String, TransactionRefusal, String)] = [
    ("large", .tooLarge(size: ByteCount(bytes: 101), limit: ByteCount(bytes: 100)), "5.3.4"),
    ("international", .internationalizationNotOffered, "5.6.7"), ("foreign sender", .internationalizationNotOffered, "5.6.7"),
    ("foreign recipient", .internationalizationNotOffered, "5.6.7"), ("binary", .binaryNotOffered, "5.6.3"),
    ("require TLS", .requireTLSNotOffered, "5.7.30"),
  ]

  @Test(arguments: refusals) func `what the upstream cannot take fails for good, in words`(
    what: String, refusal: TransactionRefusal, status: String
  ) throws {
    var envelope = Envelope(
      sender: mailbox("app", "example.com"), recipients: [Recipient(mailbox("b", "example.org"))], submitter: someone, accepted: now)
    switch what {
    case "international": envelope.isInternationalized = true
    case "foreign sender": envelope.sender = mailbox("ä", "example.com")
    case "foreign recipient": envelope.recipients.append(Recipient(mailbox("ä", "example.com")))
    case "binary": envelope.coding = .binary
    case "require TLS": envelope.requiresTLS = true
    default: break
    }
    #expect(throws: refusal) {
      _ = try lines(envelope, size: 101, ["SIZE 100", "CHUNKING"].dropLast(what == "large" ? 1 : 2) + ["CHUNKING"])
    }
    #expect(refusal.outcome.verdict == .failed)
    #expect(refusal.outcome.reason.status == status)
    #expect(refusal.outcome.reason.code == 0)
  }

  @Test func `a message too large is refused with both numbers, and one of exactly the limit goes`() throws {
    let text = TransactionRefusal.tooLarge(size: ByteCount(bytes: 52_428_801), limit: ByteCount(bytes: 52_428_800)).description
    #expect(text.contains("52428801") && text.contains("52428800"))
    let envelope = Envelope(sender: nil, recipients: [Recipient(mailbox("b", "c"))], submitter: someone, accepted: now)
    #expect(try lines(envelope, size: 100, ["SIZE 100"])[0] == "MAIL FROM:<> SIZE=100")
  }

  static let hostile: [(String, String)] = [
    ("a>\r\nRCPT TO:<evil", "example.com"), ("a\r\nDATA", "example.com"), ("a", "example.com\r\nQUIT"), ("a\n", "b"), ("a\0", "b"),
    ("a b", "c"), ("a> SIZE=1", "c"), ("<a", "c"), ("\"a", "c"), ("\"a\"b\"", "c"), ("\"a\\\"", "c"), ("a\u{7f}", "c"), ("\"a\r\nb\"", "c"),
    ("a\u{1}", "c"), ("", ""),
  ]

  @Test(arguments: hostile) func `an address that could become a second argument or line is refused`(local: String, domain: String) throws {
    let evil = domain.isEmpty ? Mailbox(verifiedLocalPart: local, domain: nil) : mailbox(local, domain)
    let fine = Recipient(mailbox("b", "c"))
    for envelope in [
      Envelope(sender: evil, recipients: [fine], submitter: someone, accepted: now),
      Envelope(sender: nil, recipients: [fine, Recipient(evil)], submitter: someone, accepted: now),
    ] {
      let refusal = #expect(throws: TransactionRefusal.self) { _ = try lines(envelope, size: 1, ["SMTPUTF8"]) }
      guard case .unsafeAddress(let shown) = refusal else {
        Issue.record("\(String(describing: refusal))")
        return
      }
      #expect(shown.unicodeScalars.allSatisfy { $0.isPrintable })
    }
  }

  @Test func `a quoted local part goes as it is`() throws {
    let odd = mailbox("\"a > b\\\" <c\"", "example.com")
    let envelope = Envelope(sender: odd, recipients: [Recipient(odd)], submitter: someone, accepted: now)
    #expect(try lines(envelope, size: 1, []) == ["MAIL FROM:<\(odd.text)>", "RCPT TO:<\(odd.text)>"])
  }

  @Test(arguments: ["a\r\nDATA", "x y", "\0", "ü\n", String(repeating: "e", count: 101)])
  func `a hostile envelope identifier or original recipient is coded or left out`(text: String) throws {
    var envelope = wishful()
    envelope.envelopeID = text
    envelope.recipients[0].original = "rfc822;\(text)"
    envelope.recipients[1].original = text
    let written = try lines(envelope, size: 1, ["DSN"])
    #expect(written.count == 3)
    #expect(written.allSatisfy { $0.utf8.allSatisfy { (0x20..<0x7f).contains($0) } })
    #expect(!written[2].contains("ORCPT"))
  }

  @Test func `a recipient that was never checked stops the program before a byte leaves`() async {
    await #expect(processExitsWith: .failure) {
      let fine = Mailbox(verifiedLocalPart: "a", domain: "b")
      let envelope = Envelope(
        sender: nil, recipients: [Recipient(fine)], submitter: Submitter(peer: "", greeting: ""), accepted: WallTime(microseconds: 0))
      let transaction = try UpstreamTransaction(envelope, size: ByteCount(bytes: 1), to: UpstreamCapabilities())
      var queue = ByteQueue()
      transaction.appendRecipient(Recipient(Mailbox(verifiedLocalPart: "a\r\nQUIT", domain: "b")), to: &queue)
    }
  }

  private let now = WallTime(microseconds: 0)
  private let someone = Submitter(peer: "127.0.0.1:5", greeting: "app")

  private func mailbox(_ local: String, _ domain: String) -> Mailbox { Mailbox(verifiedLocalPart: local, domain: domain) }

  private func wishful() -> Envelope {
    var first = Recipient(mailbox("b", "example.org"))
    first.notify = [.success, .failure, .delay]
    first.original = "rfc822;b+tag@example.org"
    var second = Recipient(mailbox("c", "example.org"))
    second.notify = []
    var envelope = Envelope(sender: mailbox("app", "example.com"), recipients: [first, second], submitter: someone, accepted: now)
    envelope.coding = .eightBit
    envelope.reportContent = .headers
    envelope.envelopeID = "a+b c="
    return envelope
  }

  private func lines(_ envelope: Envelope, size: Int, _ offers: [String]) throws -> [String] {
    var reader = ReplyReader()
    var replies = ByteQueue()
    replies.append("250-upstream\r\n" + offers.map { "250-\($0)\r\n" }.joined() + "250 Ok\r\n")
    let capabilities = UpstreamCapabilities(try #require(try reader.next(from: &replies)))
    let transaction = try UpstreamTransaction(envelope, size: ByteCount(bytes: size), to: capabilities)
    var queue = ByteQueue()
    transaction.appendMail(to: &queue)
    for recipient in envelope.recipients { transaction.appendRecipient(recipient, to: &queue) }
    let sent = text(of: queue)
    let parts = sent.split(separator: "\r\n", omittingEmptySubsequences: false).map(String.init)
    #expect(parts.last == "")
    return parts.dropLast()
  }
}

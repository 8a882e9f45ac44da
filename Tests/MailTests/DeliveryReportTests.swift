// SPDX-License-Identifier: Apache-2.0
import Mail
import Octets
import Testing
import Timekeeping

/// Reports to senders: who gets one, what stands in it, and that nobody's words break out of it.
struct DeliveryReportTests {
  static let accepted = WallTime(microseconds: 1_700_534_580_000_000)
  static let now = WallTime(microseconds: 1_700_538_180_000_000)
  static let author = DeliveryReport.Author(host: "app1.example.com")
  static let refused = Outcome.Reason(
    code: 550, status: "5.1.1", text: "<bob@example.net>: no such user here, try again with a name that exists")
  static let original =
    "Received: from app\r\n\tby app1\r\nSubject: Your\r\n invoice\r\nMessage-ID: <1@shop>\r\n"
    + "From: shop@example.com\r\n\r\nHello\r\n.\r\nBob\r\n"

  static let expected = """
    From: Mail relay <postmaster@app1.example.com>
    To: <shop@example.com>
    Subject: Undelivered: Your invoice
    Date: Tue, 21 Nov 2023 03:43:00 +0000
    Message-ID: <33@app1.example.com>
    In-Reply-To: <1@shop>
    References: <1@shop>
    Auto-Submitted: auto-replied
    MIME-Version: 1.0
    Content-Type: multipart/report; report-type=delivery-status;
    \tboundary="=_33"
    Content-Transfer-Encoding: 7bit

    This is a report about mail that you sent. Your mail program does not show its parts.
    --=_33
    Content-Type: text/plain; charset=us-ascii
    Content-Description: What happened
    Content-Language: en
    Content-Transfer-Encoding: 7bit

    This is the mail relay at app1.example.com. It reports about a message
    of yours that it took in on Tue, 21 Nov 2023 02:43:00 +0000.

    It could not be delivered to the following, and will not be tried again:

      <bob@example.net>
          smtp.example.net said: 550 5.1.1 <bob@example.net>: no such user
          here, try again with a name that exists
          There is no such mailbox there. Check the address for a typing
          mistake.

    Below are the same facts for programs, and your message or the beginning
    of it.

    --=_33
    Content-Type: message/delivery-status
    Content-Description: The same for programs
    Content-Transfer-Encoding: 7bit

    Reporting-MTA: dns; app1.example.com
    Original-Envelope-Id: order 17
    Arrival-Date: Tue, 21 Nov 2023 02:43:00 +0000

    Original-Recipient: rfc822; robert@example.net
    Final-Recipient: rfc822; bob@example.net
    Action: failed
    Status: 5.1.1
    Remote-MTA: dns; smtp.example.net
    Diagnostic-Code: smtp; 550 5.1.1 <bob@example.net>: no such user here, try
    \tagain with a name that exists
    Last-Attempt-Date: Tue, 21 Nov 2023 03:43:00 +0000

    --=_33
    Content-Type: text/rfc822-headers
    Content-Description: The beginning of your message
    Content-Transfer-Encoding: 7bit

    Received: from app
    \tby app1
    Subject: Your
     invoice
    Message-ID: <1@shop>
    From: shop@example.com

    --=_33--

    """

  /// What a failure looks like, byte for byte.
  static let wholeReport = """
    From: Mail relay <postmaster@app1.example.com>
    To: <shop@example.com>
    Subject: Undelivered: Your invoice
    Date: Tue, 21 Nov 2023 03:43:00 +0000
    Message-ID: <33@app1.example.com>
    In-Reply-To: <1@shop>
    References: <1@shop>
    Auto-Submitted: auto-replied
    MIME-Version: 1.0
    Content-Type: multipart/report; report-type=delivery-status;
    \tboundary="=_33"
    Content-Transfer-Encoding: 7bit

    This is a report about mail that you sent. Your mail program does not show its parts.
    --=_33
    Content-Type: text/plain; charset=us-ascii
    Content-Description: What happened
    Content-Language: en
    Content-Transfer-Encoding: 7bit

    This is the mail relay at app1.example.com. It reports about a message
    of yours that it took in on Tue, 21 Nov 2023 02:43:00 +0000.

    It could not be delivered to the following, and will not be tried again:

      <bob@example.net>
          smtp.example.net said: 550 5.1.1 <bob@example.net>: no such user
          here, try again with a name that exists
          There is no such mailbox there. Check the address for a typing
          mistake.

    Below are the same facts for programs, and your message or the beginning
    of it.

    --=_33
    Content-Type: message/delivery-status
    Content-Description: The same for programs
    Content-Transfer-Encoding: 7bit

    Reporting-MTA: dns; app1.example.com
    Original-Envelope-Id: order 17
    Arrival-Date: Tue, 21 Nov 2023 02:43:00 +0000

    Original-Recipient: rfc822; robert@example.net
    Final-Recipient: rfc822; bob@example.net
    Action: failed
    Status: 5.1.1
    Remote-MTA: dns; smtp.example.net
    Diagnostic-Code: smtp; 550 5.1.1 <bob@example.net>: no such user here, try
    \tagain with a name that exists
    Last-Attempt-Date: Tue, 21 Nov 2023 03:43:00 +0000

    --=_33
    Content-Type: text/rfc822-headers
    Content-Description: The beginning of your message
    Content-Transfer-Encoding: 7bit

    Received: from app
    \tby app1
    Subject: Your
     invoice
    Message-ID: <1@shop>
    From: shop@example.com

    --=_33--

    """

  @Test func `a failure is reported in three parts`() throws {
    var recipient = Recipient(try box("bob@example.net"))
    recipient.original = "rfc822;robert@example.net"
    var envelope = try envelope("shop@example.com")
    envelope.envelopeID = "order 17"
    let reported = ReportedRecipient(recipient, .failed, Self.refused, upstream: "smtp.example.net", lastAttempt: Self.now)
    let letter = try #require(DeliveryReport(about: envelope, [reported])).letter(
      returning: OriginalMessage(Array(Self.original.utf8), .full), by: Self.author, id: MessageID(number: 99), at: Self.now)
    #expect(text(letter) == Self.wholeReport.replacing("\n", with: "\r\n"))
    #expect(letter.envelope.sender == nil)
    #expect(letter.envelope.recipients == [Recipient(try box("shop@example.com"))])
    #expect(letter.envelope.coding == .sevenBit && !letter.envelope.isInternationalized && letter.envelope.accepted == Self.now)
  }

  typealias Notify = Recipient.Notify
  static let wishes: [(Notify?, ReportedRecipient.Action, Bool)] = [
    (nil, .failed, true), (nil, .delayed(until: now), true), (nil, .relayed, false),
    ([], .failed, false), ([], .delayed(until: now), false), ([], .relayed, false),
    ([.failure], .failed, true), ([.failure], .delayed(until: now), false), ([.failure], .relayed, false),
    ([.delay], .failed, false), ([.delay], .delayed(until: now), true), ([.success], .relayed, true), ([.success], .failed, false),
    ([.success, .failure, .delay], .delayed(until: now), true),
  ]

  @Test(arguments: wishes) func `a report is made where it was asked for`(
    notify: Notify?, action: ReportedRecipient.Action, isWanted: Bool
  ) throws {
    var recipient = Recipient(try box("bob@example.net"))
    recipient.notify = notify
    let reported = ReportedRecipient(recipient, action, Self.refused)
    #expect((DeliveryReport(about: try envelope("a@b.example"), [reported]) != nil) == isWanted)
    #expect(DeliveryReport(about: try envelope(nil), [reported], to: try box("ops@example.com")) == nil)
  }

  @Test func `who wants no report is not spoken of to others`() throws {
    var never = Recipient(try box("secret@example.net"))
    never.notify = []
    let recipients = [never, Recipient(try box("bob@example.net"))].map { ReportedRecipient($0, .failed, Self.refused) }
    let letter = try letter(envelope("a@b.example"), recipients)
    #expect(text(letter).contains("bob@example.net") && !text(letter).contains("secret@"))
  }

  @Test func `a delay and a relay are told as such, with the headers only`() throws {
    var envelope = try envelope("a@b.example")
    envelope.reportContent = .full
    var wanting = Recipient(try box("c@example.net"))
    wanting.notify = [.success]
    let later = ReportedRecipient(
      Recipient(try box("b@example.net")), .delayed(until: Self.now), .init(code: 451, status: "4.3.0", text: "busy"))
    let passed = ReportedRecipient(wanting, .relayed, .init(code: 250, status: "2.0.0", text: "ok"), upstream: "mx")
    let both = text(try letter(envelope, [later, passed]))
    #expect(both.contains("Subject: Delayed: Your invoice\r\n"))
    #expect(both.contains("Action: delayed\r\nStatus: 4.3.0\r\n") && both.contains("Will-Retry-Until: Tue, 21 Nov 2023 03:43:00 +0000\r\n"))
    #expect(both.contains("Action: relayed\r\nStatus: 2.0.0\r\n"))
    #expect(both.contains("It is tried until Tue, 21 Nov 2023 03:43:00 +0000."))
    #expect(!both.contains("Hello"))
    #expect(text(try letter(envelope, [passed])).contains("Subject: Passed on: Your invoice\r\n"))
  }

  @Test func `the whole message comes back where it was asked for and is small enough`() throws {
    var envelope = try envelope("a@b.example")
    envelope.reportContent = .full
    let failed = [ReportedRecipient(Recipient(try box("b@example.net")), .failed, Self.refused)]
    #expect(text(try letter(envelope, failed)).contains("Content-Type: message/rfc822\r\n"))
    #expect(text(try letter(envelope, failed)).contains("\r\n\r\nHello\r\n.\r\nBob\r\n\r\n--=_33--\r\n"))
    let report = try #require(DeliveryReport(about: envelope, failed))
    #expect(report.content(of: .kibibytes(64), by: Self.author) == .full)
    #expect(report.content(of: .kibibytes(65), by: Self.author) == .headers)
    let tight = DeliveryReport.Author(host: "h", contentLimit: ByteCount(bytes: 40))
    let short = report.letter(
      returning: OriginalMessage(Array(Self.original.utf8), .full), by: tight, id: MessageID(number: 1), at: Self.now)
    #expect(text(short).contains("Received: from app\r\n\tby app1\r\n\r\n--"))
    envelope.coding = .binary
    #expect(!text(try letter(envelope, failed)).contains("Hello"))
    envelope.coding = .sevenBit
    envelope.reportContent = nil
    #expect(!text(try letter(envelope, failed)).contains("Hello"))
  }

  @Test func `an 8-bit original is returned whole in an 8-bit report, its headers alone are coded`() throws {
    let message = "Subject: Grüße\r\n\r\nschön\r\n"
    let failed = [ReportedRecipient(Recipient(try box("b@example.net")), .failed, Self.refused)]
    var envelope = try envelope("a@b.example")
    let headers = try letter(envelope, failed, message)
    #expect(headers.bytes.allSatisfy { $0 < 0x80 } && headers.envelope.coding == .sevenBit)
    #expect(text(headers).contains("Content-Transfer-Encoding: quoted-printable\r\n\r\nSubject: Gr=C3=BC=C3=9Fe\r\n"))
    #expect(text(headers).contains("Subject: Undelivered mail\r\n"))
    envelope.reportContent = .full
    let whole = try letter(envelope, failed, message)
    #expect(whole.envelope.coding == .eightBit && !whole.envelope.isInternationalized)
    #expect(text(whole).contains("Content-Type: message/rfc822\r\n") && text(whole).contains("\r\nSubject: Grüße\r\n\r\nschön\r\n"))
  }

  @Test func `an address beyond ASCII is reported in ASCII to a sender within it, in UTF-8 to one beyond`() throws {
    let message = "Subject: Grüße\r\n\r\nschön\r\n"
    let reason = Outcome.Reason(code: 0, status: "5.6.7", text: "the message needs SMTPUTF8, «not» offered")
    let failed = [ReportedRecipient(Recipient(try box("jürgen@müller.example")), .failed, reason)]
    var envelope = try envelope("a@b.example")
    envelope.isInternationalized = true
    envelope.reportContent = .full
    let plain = try letter(envelope, failed, message)
    #expect(plain.bytes.allSatisfy { $0 < 0x80 })
    #expect(plain.envelope.coding == .sevenBit && !plain.envelope.isInternationalized)
    #expect(text(plain).contains("Final-Recipient: utf-8; j\\x{FC}rgen@m\\x{FC}ller.example\r\n"))
    #expect(text(plain).contains("Diagnostic-Code: x-posthouse; the message needs SMTPUTF8, ?not? offered\r\n"))
    #expect(text(plain).contains("<j=C3=BCrgen@m=C3=BCller.example>") && text(plain).contains("charset=utf-8"))
    #expect(text(plain).contains("Content-Type: message/global\r\n"))
    #expect(text(plain).contains("\r\n\r\n\(Base64.encode(Array(message.utf8)))\r\n"))

    envelope.sender = try box("küche@b.example")
    let unicode = try letter(envelope, failed, message)
    #expect(unicode.envelope.isInternationalized && unicode.envelope.coding == .eightBit)
    #expect(text(unicode).contains("To: <küche@b.example>\r\nSubject: Undelivered: Grüße\r\n"))
    #expect(text(unicode).contains("Content-Type: message/global-delivery-status\r\n"))
    #expect(text(unicode).contains("Final-Recipient: utf-8; jürgen@müller.example\r\n"))
    #expect(text(unicode).contains("SMTPUTF8, «not» offered"))
    #expect(text(unicode).contains("\r\nSubject: Grüße\r\n\r\nschön\r\n"))
  }

  static let statuses: [(ReportedRecipient.Action, String, String)] = [
    (.failed, "5.1.1", "5.1.1"), (.failed, "4.4.7", "4.4.7"), (.failed, "2.0.0", "5.0.0"), (.failed, "", "5.0.0"),
    (.failed, "5.1", "5.0.0"),
    (.failed, "5.1.1\r\nX: y", "5.0.0"), (.failed, "5.1.1234", "5.0.0"), (.failed, "5.+1.1", "5.0.0"),
    (.delayed(until: now), "4.2.1", "4.2.1"), (.delayed(until: now), "5.1.1", "4.0.0"), (.relayed, "", "2.0.0"),
  ]

  @Test(arguments: statuses) func `a status goes with the action`(action: ReportedRecipient.Action, given: String, expected: String) throws
  {
    var recipient = Recipient(try box("b@example.net"))
    recipient.notify = [.success, .failure, .delay]
    let reported = ReportedRecipient(recipient, action, .init(code: 550, status: given, text: "x"))
    #expect(text(try letter(envelope("a@b.example"), [reported])).contains("\r\nStatus: \(expected)\r\n"))
  }

  @Test func `a boundary is never one that stands in the original`() throws {
    var envelope = try envelope("a@b.example")
    envelope.reportContent = .full
    let failed = [ReportedRecipient(Recipient(try box("b@example.net")), .failed, Self.refused)]
    let letter = try letter(envelope, failed, "Subject: x\r\n\r\n--=_33\r\n--=_33x--\r\n")
    #expect(text(letter).contains("boundary=\"=_33xx\"") && text(letter).hasSuffix("\r\n--=_33xx--\r\n"))
  }

  @Test(arguments: 1...60 as ClosedRange<UInt64>) func `whatever the parts are made of, lines stay clean and fields stay ours`(seed: UInt64)
    throws
  {
    var random = ReportGenerator(seed)
    var envelope = try envelope(Bool.random(using: &random) ? "a@b.example" : "ä@b.example")
    envelope.reportContent = Bool.random(using: &random) ? .full : .headers
    envelope.isInternationalized = Bool.random(using: &random)
    envelope.envelopeID = random.words()
    let recipients = try (0..<Int.random(in: 1...5, using: &random)).map { _ in
      var recipient = Recipient(try box("b\(UInt.random(in: 0...99, using: &random))@example.net"))
      recipient.original = random.words()
      recipient.notify = [.success, .failure, .delay]
      let actions: [ReportedRecipient.Action] = [.failed, .relayed, .delayed(until: Self.now)]
      let reason = Outcome.Reason(code: 550, status: random.words(), text: random.words())
      return ReportedRecipient(recipient, actions.randomElement(using: &random) ?? .failed, reason, upstream: random.words())
    }
    let lines = (0..<Int.random(in: 0...20, using: &random)).map { _ in "X-\(random.words(line: true))" }
    let letter = try letter(envelope, recipients, lines.joined(separator: "\r\n") + "\r\n\r\nbody\r\n")
    let bytes = letter.bytes
    for index in bytes.indices {
      if bytes[index] == 0x0a { #expect(index > 0 && bytes[index - 1] == 0x0d) }
      if bytes[index] == 0x0d { #expect(index + 1 < bytes.count && bytes[index + 1] == 0x0a) }
    }
    let holdsNUL = bytes.contains(0)
    #expect(!holdsNUL)
    if letter.envelope.coding == .sevenBit { #expect(bytes.allSatisfy { $0 < 0x80 }) }
    let fields = text(letter).split(separator: "\r\n", omittingEmptySubsequences: false)
    #expect(!fields.contains("Forged: yes"))
    #expect(fields.count { $0.hasPrefix("Action: ") } == recipients.count)
    #expect(fields.count { $0.hasPrefix("--=_33") } == 4)
  }

  private func letter(_ envelope: Envelope, _ recipients: [ReportedRecipient], _ message: String = original) throws -> DeliveryReport.Letter
  {
    try #require(DeliveryReport(about: envelope, recipients)).letter(
      returning: OriginalMessage(Array(message.utf8), .full), by: Self.author, id: MessageID(number: 99), at: Self.now)
  }

  private func envelope(_ sender: String?) throws -> Envelope {
    let mailbox = try sender.map(box)
    return Envelope(
      sender: mailbox, recipients: [], submitter: Submitter(peer: "127.0.0.1:5000", greeting: "app"), accepted: Self.accepted)
  }

  private func box(_ text: String) throws -> Mailbox {
    let parts = text.split(separator: "@")
    return Mailbox(verifiedLocalPart: String(try #require(parts.first)), domain: String(try #require(parts.last)))
  }

  private func text(_ letter: DeliveryReport.Letter) -> String { String(decoding: letter.bytes, as: UTF8.self) }
}

/// Words that try to be more than words.
struct ReportGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(_ seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return state ^ (state >> 29)
  }

  mutating func words(line: Bool = false) -> String {
    let pieces = ["a", ";", " ", "=", "ä", "€", "\\", "--=_33", ":", "<", "\"", String(repeating: "w", count: 90), "\t", "."]
    let evil = ["\r\nForged: yes\r\n", "\n", "\r", "\0", "\r\n\r\n"]
    return (0..<Int.random(in: 0...30, using: &self)).map { _ in
      (line || !Int.random(in: 0..<4, using: &self).isMultiple(of: 4) ? pieces : evil).randomElement(using: &self) ?? ""
    }.joined()
  }
}

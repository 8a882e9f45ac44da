// SPDX-License-Identifier: Apache-2.0
import Mail
import Octets
import Testing
import Timekeeping

/// The lines put in front of a message.
@Suite struct TraceHeaderTests {
  static let app = Mailbox(verifiedLocalPart: "app", domain: "example.com")
  static let accepted = WallTime(microseconds: 1_700_534_580_000_000)

  func lines(_ message: String, peer: String = "127.0.0.1:51234", greeting: String = "app1", to recipients: [String] = ["a", "b"]) -> String
  {
    var submitter = Submitter(peer: peer, greeting: greeting)
    submitter.greeting = greeting
    let recipients = recipients.map { Recipient(Mailbox(verifiedLocalPart: $0, domain: "example.net")) }
    let envelope = Envelope(sender: TraceHeaderTests.app, recipients: recipients, submitter: submitter, accepted: TraceHeaderTests.accepted)
    var survey = HeaderSurvey()
    survey.add(Array(message.utf8).span)
    let trace = TraceHeader(host: "relay.example.com", id: MessageID(number: 12345), with: TransferProtocol(isExtended: true))
    return String(decoding: trace.lines(for: envelope, survey), as: UTF8.self)
  }

  @Test func `a complete message gets a Received line and nothing else`() {
    let received = """
      Received: from app1 ([127.0.0.1])\r
      \tby relay.example.com (Posthouse) with ESMTP id c1s;\r
      \tTue, 21 Nov 2023 02:43:00 +0000\r

      """
    #expect(lines("Date: x\r\nMessage-ID: y\r\n\r\n") == received)
  }

  @Test func `a missing date and message ID are made`() {
    let text = lines("Subject: x\r\n\r\n")
    #expect(text.hasSuffix("+0000\r\nDate: Tue, 21 Nov 2023 02:43:00 +0000\r\nMessage-ID: <c1s@relay.example.com>\r\n"))
  }

  @Test func `text without a header section stays text`() {
    #expect(lines("Hello world\r\n").hasSuffix("<c1s@relay.example.com>\r\n\r\n"))
    #expect(!lines("\r\nHello world\r\n").hasSuffix("\r\n\r\n"))
    #expect(!lines("").hasSuffix("\r\n\r\n"))
  }

  @Test func `a single recipient is named, several are not`() {
    #expect(lines("", to: ["only"]).contains("\r\n\tfor <only@example.net>;\r\n"))
    #expect(!lines("", to: ["a", "b"]).contains("for <"))
  }

  @Test func `a recipient outside ASCII is named only where the message is international`() {
    #expect(!lines("", to: ["grüße"]).contains("for <"))
  }

  @Test(arguments: [
    ("127.0.0.1:25", "([127.0.0.1])"), ("[::1]:25", "([IPv6:::1])"), ("::1", "([IPv6:::1])"), ("10.1.2.3", "([10.1.2.3])"),
    ("unix", "(unix)"),
    ("sendmail", "(sendmail)"), ("x)\r\nBcc: y", "(x???Bcc)"),
  ])
  func `a peer is shown by its address or its kind`(peer: String, shown: String) {
    #expect(lines("", peer: peer).hasPrefix("Received: from app1 \(shown)\r\n"))
  }

  @Test(arguments: [
    ("", "unknown"), ("[127.0.0.1]", "[127.0.0.1]"), ("a b", "a?b"), ("x\r\nEvil: y", "x??Evil:?y"), ("(c)", "?c?"), ("my_host", "my_host"),
    ("ü", "??"),
  ])
  func `a greeting cannot leave its place`(greeting: String, shown: String) {
    #expect(lines("", greeting: greeting).hasPrefix("Received: from \(shown) ("))
  }

  @Test(arguments: [
    (TransferProtocol(isExtended: false), "SMTP"), (TransferProtocol(isExtended: true), "ESMTP"),
    (TransferProtocol(isExtended: true, isEncrypted: true), "ESMTPS"),
    (TransferProtocol(isExtended: true, isAuthenticated: true), "ESMTPA"),
    (TransferProtocol(isExtended: true, isEncrypted: true, isAuthenticated: true), "ESMTPSA"),
    (TransferProtocol(isExtended: true, isInternationalized: true), "UTF8SMTP"),
    (TransferProtocol(isExtended: true, isEncrypted: true, isAuthenticated: true, isInternationalized: true), "UTF8SMTPSA"),
  ])
  func `a protocol has its registered name`(used: TransferProtocol, name: String) {
    #expect(used.description == name)
  }
}

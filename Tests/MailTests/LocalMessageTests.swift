// SPDX-License-Identifier: Apache-2.0
import Mail
import Testing

@Suite struct LocalMessageTests {
  private func message(_ text: String, _ ending: LocalMessage.Ending = .fileOnly, pieces: Int = .max) -> LocalMessage {
    var message = LocalMessage(ending)
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let piece = rest.prefix(pieces)
      message.take(piece.span)
      rest = rest.dropFirst(pieces)
    }
    message.finish()
    return message
  }

  private func text(_ message: LocalMessage) -> String {
    String(decoding: message.header(without: []) + [0x7c] + message.body, as: UTF8.self)
  }

  @Test(arguments: [
    ("Subject: x\n\nhello\n", "Subject: x\r\n|hello\r\n"),
    ("Subject: x\r\n\r\nhello\r\n", "Subject: x\r\n|hello\r\n"),
    ("Subject: x\r\r\n\r\r\nhello\r\r\n", "Subject: x\r\n|hello\r\n"),
    ("Subject: x\n\nno end", "Subject: x\r\n|no end\r\n"),
    ("Subject: x\n", "Subject: x\r\n|"),
    ("", "|"),
    ("\nhello\n", "|hello\r\n"),
    ("hello\n", "|hello\r\n"),
    ("hello: world\n", "hello: world\r\n|"),
    ("Subject: x\nhello world\n\nmore\n", "Subject: x\r\n|hello world\r\n\r\nmore\r\n"),
    ("Subject: x\n  y\n\tz\n\nt\n", "Subject: x\r\n  y\r\n\tz\r\n|t\r\n"),
    (" y\nSubject: x\n", "| y\r\nSubject: x\r\n"),
    ("Subject : x\n\nt\n", "Subject : x\r\n|t\r\n"),
    ("From a@b Mon Jan 1\nSubject: x\n\nt\n", "Subject: x\r\n|t\r\n"),
    ("Subject: x\nFrom a@b Mon\n\nt\n", "Subject: x\r\n|From a@b Mon\r\n\r\nt\r\n"),
    ("Subject: x\rBcc: evil@example.com\n\nt\n", "Subject: x Bcc: evil@example.com\r\n|t\r\n"),
    ("Subject: x\n\n10%\r20%\rdone\n", "Subject: x\r\n|10%\r\n20%\r\ndone\r\n"),
    ("Subject: x\n\na\r\rb\n", "Subject: x\r\n|a\r\n\r\nb\r\n"),
    ("Sub\u{0}ject: x\n\na\u{0}b\n", "Subject: x\r\n|ab\r\n"),
    ("S: x\n\n.\n..\n.a\n", "S: x\r\n|.\r\n..\r\n.a\r\n"),
    (":x\n", "|:x\r\n"),
  ])
  func `lines come out clean, and the header section ends where it ends`(_ written: String, _ wanted: String) {
    for pieces in [1, 2, 3, .max] { #expect(text(message(written, pieces: pieces)) == wanted, "in pieces of \(pieces)") }
  }

  @Test(arguments: [
    ("S: x\n\na\n.\nb\n", "S: x\r\n|a\r\n"),
    ("S: x\r\n\r\na\r\n.\r\nb\r\n", "S: x\r\n|a\r\n"),
    ("S: x\n\na\n.", "S: x\r\n|a\r\n"),
    (".\nb\n", "|"),
    ("S: x\n.\nb\n", "S: x\r\n|"),
    ("S: x\n\n..\n.a\n. \n", "S: x\r\n|..\r\n.a\r\n. \r\n"),
  ])
  func `a line with a single dot ends a message where it shall`(_ written: String, _ wanted: String) {
    for pieces in [1, 3, .max] {
      let message = message(written, .dot, pieces: pieces)
      #expect(text(message) == wanted)
      #expect(message.hasEnded == !written.contains(". \n"))
    }
  }

  @Test func `fields are found by their names and left out by them`() {
    let message = message("To: a\nBCC: b,\n c\nResent-Bcc: d\nTo: e\n\n")
    #expect(message.fields.map(\.name) == ["to", "bcc", "resent-bcc", "to"])
    #expect(message.field("bcc").map { String(decoding: $0.value, as: UTF8.self) } == " b,\r\n c\r\n")
    #expect(message.field("from") == nil)
    #expect(String(decoding: message.header(without: ["bcc", "resent-bcc"]), as: UTF8.self) == "To: a\r\nTo: e\r\n")
  }

  @Test func `what is outside ASCII is noticed in header and text`() {
    #expect(!message("S: x\n\nt\n").isBeyondASCII)
    #expect(message("S: ü\n\nt\n").isBeyondASCII)
    #expect(message("S: x\n\nü\n").isBeyondASCII)
    #expect(message("S: x\n\nü").isBeyondASCII)
  }

  @Test func `no bytes whatever make a line that is not clean`() {
    var seed = SystemRandomNumberGenerator()
    let letters: [UInt8] = [0x0d, 0x0a, 0x0d, 0x0a, 0x2e, 0x3a, 0x20, 0x61, 0x00, 0xff]
    for _ in 0..<5000 {
      var message = LocalMessage(.fileOnly)
      for _ in 0..<3 {
        let piece = (0..<Int.random(in: 0...12, using: &seed)).map { _ in letters.randomElement(using: &seed) ?? 0 }
        message.take(piece.span)
      }
      message.finish()
      let bytes = message.header(without: []) + [0x0d, 0x0a] + message.body
      for (index, byte) in bytes.enumerated() {
        if byte == 0x0d { #expect(index + 1 < bytes.count && bytes[index + 1] == 0x0a) }
        if byte == 0x0a { #expect(index > 0 && bytes[index - 1] == 0x0d) }
      }
      #expect(!bytes.contains(0) && bytes.suffix(2) == [0x0d, 0x0a])
    }
  }

  @Test(arguments: [
    ("From: root (Cron Daemon)", "From: root@h.example (Cron Daemon)"), ("To: root", "To: root@h.example"),
    ("To: a, b@x.example,\r\n c", "To: a@h.example, b@x.example,\r\n c@h.example"),
    ("Cc: Some One <one >", "Cc: Some One <one@h.example >"),
    ("To: g: a, b;, c.d", "To: g: a@h.example, b@h.example;, c.d@h.example"), ("Reply-To: <a> (x)", "Reply-To: <a@h.example> (x)"),
    ("To: undisclosed-recipients:;", "To: undisclosed-recipients:;"), ("From: Cron Daemon", "From: Cron Daemon"),
    ("From: =?utf-8?q?x?=", "From: =?utf-8?q?x?="), ("To: \u{fc}", "To: \u{fc}"), ("To: a.", "To: a."), ("To: \"a b\"", "To: \"a b\""),
    ("Subject: root", "Subject: root"), ("To: <a", "To: <a"), ("To:", "To:"),
  ])
  func `users without a domain get the name of the house, and nothing else changes`(field: String, completed: String) {
    var message = LocalMessage(.fileOnly)
    message.take(Array("\(field)\n\nroot".utf8).span)
    message.finish()
    #expect(String(decoding: message.header(without: [], house: "h.example"), as: UTF8.self) == completed + "\r\n")
    #expect(String(decoding: message.header(without: []), as: UTF8.self) == field + "\r\n")
  }
}

// SPDX-License-Identifier: Apache-2.0
import Dialogues
import Mail
import Octets
import SMTP
import Testing
import Timekeeping

/// The state machine: what every command does in every state, and what must hold whatever comes.
@Suite struct ServerConversationTests {
  static let everything: ServerOffer.Extensions = [
    .pipelining, .size, .eightBitMIME, .smtpUTF8, .enhancedStatusCodes, .dsn, .chunking, .binaryMIME, .startTLS, .requireTLS,
    .futureRelease,
    .limits, .anyAuth,
  ]

  /// What a simple mind expects of the server: which code answers which command.
  struct Model {
    var isGreeted = false
    var hasMail = false
    var isBinary = false
    var recipients = 0
    var chunks = 0
    var isEncrypted = false
    var hasLoggedIn = false
    var accepted = 0

    mutating func endTransaction() {
      (hasMail, isBinary, recipients, chunks) = (false, false, 0, 0)
    }

    mutating func answer(to command: String) -> String {
      switch command {
      case "EHLO app", "HELO app":
        isGreeted = true
        endTransaction()
        return "250"
      case "MAIL FROM:<a@b.example>", "MAIL FROM:<> BODY=BINARYMIME":
        if !isGreeted || hasMail { return "503" }
        hasMail = true
        isBinary = command.hasSuffix("BINARYMIME")
        return "250"
      case "MAIL FROM:<bad@example.com>": return !isGreeted || hasMail ? "503" : "452"
      case "MAIL FROM:a@b.example": return !isGreeted || hasMail ? "503" : "501"
      case "RCPT TO:<c@d.example>":
        if !hasMail || chunks > 0 { return "503" }
        recipients += 1
        return "250"
      case "RCPT TO:<bad@example.com>": return !hasMail || chunks > 0 ? "503" : "550"
      case "RCPT TO:<>": return !hasMail || chunks > 0 ? "503" : "501"
      case "DATA\u{0}":
        if !hasMail || chunks > 0 || isBinary { return "503" }
        if recipients == 0 { return "554" }
        accepted += 1
        endTransaction()
        return "354 250"
      case "BDAT 3\u{0}", "BDAT 3 LAST\u{0}":
        if !hasMail { return "503" }
        if recipients == 0 {
          endTransaction()
          return "554"
        }
        chunks += 1
        if command.contains("LAST") {
          accepted += 1
          endTransaction()
        }
        return "250"
      case "RSET":
        endTransaction()
        return "250"
      case "STARTTLS":
        if isEncrypted || !isGreeted || hasMail { return "503" }
        self = Model(isEncrypted: true, accepted: accepted)
        return "220"
      case "AUTH PLAIN AGEAYg==":
        if !isGreeted || hasLoggedIn || hasMail { return "503" }
        hasLoggedIn = true
        return "235"
      case "NOOP": return "250"
      case "VRFY x": return "252"
      case "HELP": return "214"
      case "EXPN x": return "502"
      case "ZQXZQX ZQX": return "500"
      default: return "501"
      }
    }
  }

  static let commands = [
    "EHLO app", "HELO app", "MAIL FROM:<a@b.example>", "MAIL FROM:<> BODY=BINARYMIME", "MAIL FROM:<bad@example.com>",
    "MAIL FROM:a@b.example",
    "RCPT TO:<c@d.example>", "RCPT TO:<bad@example.com>", "RCPT TO:<>", "DATA\u{0}", "BDAT 3\u{0}", "BDAT 3 LAST\u{0}", "RSET", "STARTTLS",
    "AUTH PLAIN AGEAYg==", "NOOP", "VRFY x", "HELP", "EXPN x", "ZQXZQX ZQX", "RSET ZQX", "DATA ZQX", "QUIT ZQX", "STARTTLS ZQX",
  ]

  @Test func `every command in every state gets the answer that a simple model gives`() {
    var limits = ServerLimits()
    limits.errors = .max
    for seed in 0..<1500 {
      var random = ServerRandom(seed: UInt64(seed) + 500)
      var bench = ServerBench(offer: ServerOffer(host: "relay.example.com", extensions: Self.everything), limits: limits)
      (bench.refused, bench.refusedAtOnce) = (["bad@example.com"], ["bad@example.com"])
      bench.open(early: [])
      _ = bench.takeOutput()
      var (model, history): (Model, [String]) = (Model(), [])
      for _ in 0..<40 {
        // What leads somewhere is said more often.
        let command = Self.commands[random.below(2) == 0 ? [0, 2, 3, 6, 6, 9, 10, 11][random.below(8)] : random.below(Self.commands.count)]
        history.append(command)
        let expected = model.answer(to: command)
        let output = say(command, to: &bench)
        let codes = output.split(separator: "\r\n").filter { $0.dropFirst(3).first == " " }.map { $0.prefix(3) }.joined(separator: " ")
        if codes != expected || bench.stored.count != model.accepted || output.contains("ZQX") {
          Issue.record("seed \(seed): \(history) got \(output.debugDescription), expected \(expected)")
          return
        }
      }
      for (message, body, _) in bench.stored {
        #expect(!message.envelope.recipients.isEmpty && !message.envelope.recipients.contains { $0.mailbox.text == "bad@example.com" })
        #expect(body.count.isMultiple(of: 3) || body == Array("x\r\n".utf8))
      }
    }
  }

  private func say(_ command: String, to bench: inout ServerBench) -> String {
    guard command.hasSuffix("\u{0}") else { return bench.ask(command) }
    let line = String(command.dropLast())
    if line.hasPrefix("BDAT") {
      bench.send(line + "\r\nabc")
      return bench.takeOutput()
    }
    let first = bench.ask(line)
    return first.hasPrefix("354") ? first + bench.ask("x\r\n.") : first
  }

  @Test func `every reply but greetings and continuations has an enhanced status of its class`() {
    var bench = ServerBench(offer: ServerOffer(host: "relay.example.com", extensions: Self.everything))
    bench.open(early: [])
    _ = bench.takeOutput()
    for command in Self.commands where !command.hasSuffix("\u{0}") && !command.hasPrefix("EHLO") && !command.hasPrefix("HELO") {
      for line in bench.ask(command).split(separator: "\r\n") {
        let status = Array(line.dropFirst(4).utf8)
        let leading = EnhancedStatus.leading(status.span)?.status
        #expect(leading.map { "\($0.severity)" } == String(line.prefix(1)) || line.hasPrefix("334"), "\(line)")
      }
    }
  }

  @Test func `the envelope has what was asked of the carriers`() throws {
    var bench = ServerBench.greeted(Self.everything)
    _ = bench.ask("MAIL FROM:<a@b.example> SIZE=10 BODY=8BITMIME SMTPUTF8 RET=HDRS ENVID=QQ+2B1 HOLDFOR=60")
    _ = bench.ask("RCPT TO:<c@d.example> NOTIFY=SUCCESS,delay ORCPT=rfc822;Bob+2Btag@example.com")
    _ = bench.ask("RCPT TO:<é@d.example> NOTIFY=NEVER ORCPT=utf-8;é@x.example")
    _ = bench.ask("RCPT TO:<g@h.example>")
    _ = bench.ask("DATA")
    _ = bench.ask("x\r\n.")
    let message = try #require(bench.stored.first?.message)
    var expected = Envelope(
      sender: try AddressGrammar.mailbox("a@b.example".utf8.span), recipients: [],
      submitter: Submitter(peer: "127.0.0.1:4000", greeting: "app"),
      accepted: ServerBench.now)
    expected.coding = .eightBit
    expected.isInternationalized = true
    expected.reportContent = .headers
    expected.envelopeID = "QQ+1"
    expected.holdUntil = ServerBench.now + .seconds(60)
    var first = Recipient(try AddressGrammar.mailbox("c@d.example".utf8.span))
    first.notify = [.success, .delay]
    first.original = "rfc822;Bob+tag@example.com"
    var second = Recipient(try AddressGrammar.mailbox("é@d.example".utf8.span))
    second.notify = []
    second.original = "utf-8;\\x{E9}@x.example"
    expected.recipients = [first, second, Recipient(try AddressGrammar.mailbox("g@h.example".utf8.span))]
    #expect(message.envelope == expected)
    #expect(message.with == TransferProtocol(isExtended: true, isInternationalized: true))
  }

  @Test func `eight-bit bytes are declared though the client did not`() {
    var bench = ServerBench.greeted([.chunking])
    _ = bench.ask("MAIL FROM:<a@b.example>")
    _ = bench.ask("RCPT TO:<c@d.example>")
    _ = bench.ask("DATA")
    _ = bench.ask("Grüße\r\n.")
    #expect(bench.stored.last?.message.envelope.coding == .eightBit)
    _ = bench.ask("MAIL FROM:<a@b.example>")
    _ = bench.ask("RCPT TO:<c@d.example>")
    _ = bench.ask("DATA")
    _ = bench.ask("plain\r\n.")
    #expect(bench.stored.last?.message.envelope.coding == .sevenBit)
  }

  @Test(arguments: [
    (CloseReason.Interruption.idle, "421 4.4.2"), (.shuttingDown, "421 4.3.2"), (.tooManyConnections, "421 4.7.0"),
    (.notAllowed, "554 5.7.1"),
  ])
  func `a driver ends a conversation with the right words`(reason: CloseReason.Interruption, words: String) {
    var bench = ServerBench()
    bench.interrupt(reason)
    #expect(bench.takeOutput().hasPrefix(words))
    #expect(bench.closed == .interrupted(reason))
    #expect(!bench.conversation.awaitsLine)
  }

  @Test(arguments: [
    ("POST / HTTP/1.1\r\n", CloseReason.spokeHTTP), ("\u{16}\u{3}\u{1}", .spokeTLS), ("QUIT\r\n", .quit),
    ("NOOP\n", .bareLineFeedInCommand),
    ("BDAT x\r\n", .unreadableChunk), ("DATA\r\nx", .talkedAhead(of: .data)),
  ])
  func `the log learns why a conversation was closed`(input: String, reason: CloseReason) {
    var bench = ServerBench.greeted()
    bench.send(input)
    #expect(bench.closed == reason)
    #expect(!reason.description.isEmpty)
  }

  @Test(arguments: [("", 2048, "500 5.5.2"), ("AUTH PLAIN ", 12_288, "500 5.5.2")])
  func `a line without end is told by its length and not by its pieces`(start: String, limit: Int, answer: String) {
    for (length, isEndless) in [(limit + 1, false), (32_768, false), (32_769, true)] {
      for piece in [1, 1000, 20_000, 40_000] {
        var bench = ServerBench.greeted([.anyAuth])
        var rest = (Array(start.utf8) + [UInt8](repeating: 0x41, count: length - start.utf8.count) + [0x0a])[...]
        while !rest.isEmpty, bench.closed == nil {
          bench.send(Array(rest.prefix(piece)))
          rest = rest.dropFirst(piece)
        }
        #expect(bench.takeOutput().hasPrefix(answer), "\(length) in pieces of \(piece)")
        #expect(bench.closed == (isEndless ? .endlessLine : nil), "\(length) in pieces of \(piece)")
      }
    }
  }

  @Test func `nothing is taken after the end`() {
    var bench = ServerBench.greeted()
    bench.send("QUIT\r\nMAIL FROM:<a@b.example>\r\n")
    #expect(bench.takeOutput() == "221 2.0.0 goodbye\r\n")
  }

  @Test func `random bytes never stop the server and never make it repeat them`() {
    let words = [
      "MAIL FROM:", "RCPT TO:", "<a@b>", "<", ">", "\"", "\\", "BDAT 4", " LAST", "DATA", "\r\n", "\r\n", "\r", "\n", "ZQX", " ", "SIZE=9",
      "AUTH ", ".", "é",
    ]
    for seed in 0..<3000 {
      var random = ServerRandom(seed: UInt64(seed) + 77)
      var bench = ServerBench.greeted(Self.everything)
      for _ in 0..<random.below(60) where bench.closed == nil { bench.send(words[random.below(words.count)]) }
      let output = bench.takeOutput()
      if output.contains("ZQX") || output.utf8.contains(where: { $0 >= 0x7f || ($0 < 0x20 && $0 != 0x0d && $0 != 0x0a) }) {
        Issue.record("seed \(seed): \(output.debugDescription)")
      }
    }
  }
}

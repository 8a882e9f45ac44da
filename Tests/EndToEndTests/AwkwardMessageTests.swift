// SPDX-License-Identifier: Apache-2.0
internal import Harness
internal import Testing
internal import Varlink

/// Messages of every awkward shape: each is delivered byte for byte behind our trace lines, or refused with the right code; nothing else.
@Suite struct AwkwardMessageTests {
  /// One shape: what the client sends behind DATA, and what must come of it.
  struct Shape: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let sent: @Sendable () -> [UInt8]
    let fate: Fate

    init(_ name: String, _ sent: @autoclosure @escaping @Sendable () -> [UInt8], _ fate: Fate) {
      testDescription = name
      self.sent = sent
      self.fate = fate
    }
  }

  /// What must come of a message.
  enum Fate: Sendable {
    /// It is delivered; dots that were stuffed are gone.
    case delivered
    /// It is delivered, and these are its bytes.
    case deliveredAs([UInt8])
    /// Its end is answered so, and the conversation goes on.
    case refused(String)
    /// It is answered so, and the connection closed.
    case closed(String)
  }

  static func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

  static func lines(_ line: String, _ count: Int) -> [UInt8] {
    var all: [UInt8] = []
    let one = bytes(line + "\r\n")
    all.reserveCapacity(count * one.count)
    for _ in 0..<count { all += one }
    return all
  }

  static let head = bytes("Subject: awkward\r\n\r\n")
  static let end = bytes("\r\n.\r\n")

  static let shapes: [Shape] = [
    Shape("an empty body", bytes("Subject: empty\r\n\r\n.\r\n"), .delivered),
    Shape("nothing at all", bytes(".\r\n"), .delivered),
    Shape("a text without a header", bytes("hello\r\n.\r\n"), .delivered),
    Shape("an empty line and then a text", bytes("\r\nhello\r\n.\r\n"), .delivered),
    Shape("headers without an empty line", bytes("Subject: only\r\nFrom: a@b\r\n.\r\n"), .delivered),
    Shape(
      "lines of nothing but dots", head + bytes("..\r\n...\r\n....\r\n.\r\n"), .deliveredAs(head + bytes(".\r\n..\r\n...\r\n"))),
    Shape("dots inside lines", head + bytes("a.\r\nb . c\r\n..d\r\n.\r\n"), .deliveredAs(head + bytes("a.\r\nb . c\r\n.d\r\n"))),
    Shape("a dot that was not doubled", head + bytes(".x\r\n.\r\n"), .deliveredAs(head + bytes("x\r\n"))),
    Shape("eight bits in a header", bytes("Subject: caf\u{e9} \u{1F4EE}\r\n\r\nna\u{ef}ve\r\n.\r\n"), .delivered),
    Shape("bytes that are no UTF-8", bytes("Subject: ") + [0xff, 0xfe, 0x80] + bytes("\r\n\r\n") + [0xc3, 0x28] + end, .delivered),
    Shape("control characters", head + [0x01, 0x07, 0x08, 0x0b, 0x0c, 0x1b, 0x7f] + end, .delivered),
    Shape("a header folded over many lines", bytes("Subject: a\r\n") + lines(" b", 500) + bytes("\r\nx\r\n.\r\n"), .delivered),
    Shape("a line of 10 MiB", head + [UInt8](repeating: 0x78, count: 10 << 20) + end, .delivered),
    Shape("ten thousand headers", lines("X-Filler: 0123456789", 10_000) + bytes("\r\nx\r\n.\r\n"), .delivered),
    Shape("100,000 headers", lines("X-Filler: 0123456789", 100_000) + bytes("\r\nx\r\n.\r\n"), .refused("552 5.3.4")),
    Shape("60 mail servers passed", lines("Received: from a by b; Thu, 1 Jan 1970 00:00:00 +0000", 60) + end, .refused("554 5.4.6")),
    Shape("a message of 40 MiB", head + lines(String(repeating: "y", count: 1022), 40_960) + bytes(".\r\n"), .refused("552 5.3.4")),
    Shape("a message of 30 MiB", head + lines(String(repeating: "y", count: 1022), 30_720) + bytes(".\r\n"), .delivered),
    Shape("a NUL in a header", bytes("Subject: a\0b\r\n\r\nx") + end, .closed("521 5.5.2 NUL")),
    Shape("a NUL in the text", head + bytes("a\0b") + end, .closed("521 5.5.2 NUL")),
    Shape("a bare LF", head + bytes("a\nb") + end, .closed("521 5.5.2 bare LF")),
    Shape("a bare CR", head + bytes("a\rb") + end, .closed("521 5.5.2 bare CR")),
    Shape("a bare LF in a header", bytes("Subject: a\nX-Evil: b\r\n\r\nx") + end, .closed("521 5.5.2 bare LF")),
    Shape("a CR before a dot", head + bytes("a\r\n\r.\r\n"), .closed("521 5.5.2 bare CR")),
    Shape("no CRLF before the dot", head + bytes("a\n.\r\n"), .closed("521 5.5.2 bare LF")),
  ]

  @Test func `each is delivered as it came or refused as it should be`() throws {
    try Rig.use { rig in
      let daemon = try rig.daemon { $0["Log.Level"] = "info" }
      var delivered = 0
      for shape in AwkwardMessageTests.shapes {
        let client = try daemon.client()
        let sent = shape.sent()
        let text = AwkwardMessageTests.text(of: sent, shape.fate)
        try AwkwardMessageTests.begin(client)
        #expect(try client.say("DATA").code == 354)
        // A server that closes may reset a connection on which much is still to come.
        do { try client.connection.send(sent) } catch { #expect(text == nil, "\(shape.testDescription): \(error)") }
        let reply = "\(try client.reply())"
        switch shape.fate {
        case .delivered, .deliveredAs:
          #expect(reply.hasPrefix("250 2.0.0 queued as"), "\(shape.testDescription): \(reply)")
          delivered += 1
          let messages = try daemon.captured.messages(atLeast: delivered, .in(.seconds(60)))
          let isThere = messages.contains { AwkwardMessageTests.isTraced($0.bytes, text ?? []) }
          #expect(isThere, "\(shape.testDescription) is not what arrived")
          try client.quit()
        case .refused(let words):
          #expect(reply.hasPrefix(words), "\(shape.testDescription): \(reply)")
          #expect(try client.say("NOOP").code == 250)
          try client.quit()
        case .closed(let words):
          #expect(reply.hasPrefix(words), "\(shape.testDescription): \(reply)")
          #expect(try client.connection.rest().isEmpty)
        }
      }
      #expect(daemon.captured.count == delivered)
      #expect(try daemon.control.status().spool.messages == 0)
    }
  }

  @Test func `what is delivered reaches an upstream byte for byte, whatever its shape`() throws {
    try Rig.use { rig in
      var script = UpstreamScript.friendly
      script.extensions = ["PIPELINING", "SIZE 104857600", "8BITMIME"]
      let upstream = try ScriptedUpstream(rig, script)
      let daemon = try rig.daemon {
        $0.useUpstream(port: upstream.port)
        $0["Log.Level"] = "info"
      }
      var texts: [(String, [UInt8])] = []
      for shape in AwkwardMessageTests.shapes where !shape.testDescription.contains("30 MiB") {
        let sent = shape.sent()
        guard let text = AwkwardMessageTests.text(of: sent, shape.fate) else { continue }
        let client = try daemon.client()
        try AwkwardMessageTests.begin(client)
        #expect(try client.say("DATA").code == 354)
        try client.connection.send(sent)
        #expect(try client.reply().code == 250)
        try client.quit()
        texts.append((shape.testDescription, text))
        let taken = try upstream.taken(atLeast: texts.count, .in(.seconds(60)))
        #expect(AwkwardMessageTests.isTraced(taken[texts.count - 1].message.bytes, text), "\(shape.testDescription) is not what arrived")
      }
      #expect(upstream.taken.count == texts.count)
    }
  }

  /// The same by BDAT: the chunks, and the bytes that must arrive or how the last chunk is answered.
  static let chunked: [(String, [[UInt8]], delivered: [UInt8]?, reply: String)] = [
    ("nothing", [[]], [], "250 2.0.0"),
    ("no line end at the end", [head + bytes("x")], head + bytes("x"), "250 2.0.0"),
    ("dots that nobody doubled", [head + bytes(".\r\n..\r\n.x\r\n")], head + bytes(".\r\n..\r\n.x\r\n"), "250 2.0.0"),
    ("an end of data of DATA", [head + bytes("a\r\n.\r\nMAIL\r\n")], head + bytes("a\r\n.\r\nMAIL\r\n"), "250 2.0.0"),
    ("a line end in two chunks", [head + bytes("a\r"), bytes("\nb\r\n")], head + bytes("a\r\nb\r\n"), "250 2.0.0"),
    ("a header in many chunks", (head + bytes("x\r\n")).map { [$0] }, head + bytes("x\r\n"), "250 2.0.0"),
    (
      "a line of 10 MiB in chunks", [head] + [[UInt8]](repeating: [UInt8](repeating: 0x78, count: 1 << 20), count: 10),
      head + [UInt8](repeating: 0x78, count: 10 << 20), "250 2.0.0"
    ),
    ("a NUL", [head + bytes("a\0b\r\n")], nil, "550 5.6.11 NUL"), ("a bare LF", [head + bytes("a\nb\r\n")], nil, "550 5.6.11 bare LF"),
    ("a bare CR", [head + bytes("a\rb\r\n")], nil, "550 5.6.11 bare CR"),
    ("a CR at the end", [head + bytes("a\r")], nil, "550 5.6.11 bare CR"),
    ("100,000 headers", [lines("X-Filler: 0123456789", 100_000)], nil, "552 5.3.4"),
  ]

  @Test func `each shape in chunks is delivered as it came or refused as it should be`() throws {
    try Rig.use { rig in
      let daemon = try rig.daemon { $0["Log.Level"] = "info" }
      var delivered = 0
      for (name, chunks, text, words) in AwkwardMessageTests.chunked {
        let client = try daemon.client()
        try AwkwardMessageTests.begin(client)
        var reply = ""
        for (index, chunk) in chunks.enumerated() {
          try client.connection.send(
            AwkwardMessageTests.bytes("BDAT \(chunk.count)\(index == chunks.count - 1 ? " LAST" : "")\r\n") + chunk)
          reply = "\(try client.reply())"
        }
        #expect(reply.hasPrefix(words), "\(name): \(reply)")
        try client.quit()
        guard let text else { continue }
        delivered += 1
        let messages = try daemon.captured.messages(atLeast: delivered, .in(.seconds(60)))
        #expect(messages.contains { AwkwardMessageTests.isTraced($0.bytes, text) }, "\(name) is not what arrived")
      }
      #expect(daemon.captured.count == delivered)
    }
  }

  private static func begin(_ client: MailClient) throws {
    for command in ["MAIL FROM:<a@b.example> BODY=8BITMIME", "RCPT TO:<c@d.example>"] { #expect(try client.say(command).code == 250) }
  }

  /// The bytes that must arrive; nil where nothing must.
  private static func text(of sent: [UInt8], _ fate: Fate) -> [UInt8]? {
    switch fate {
    case .delivered: sent.dropLast(3)
    case .deliveredAs(let bytes): bytes
    case .refused, .closed: nil
    }
  }

  /// Whether `bytes` are `text` with nothing in front of it but what the capture and the trace put there.
  private static func isTraced(_ bytes: [UInt8], _ text: [UInt8]) -> Bool {
    guard bytes.count > text.count, bytes.count < text.count + 2000, bytes.suffix(text.count).elementsEqual(text) else { return false }
    let lines = String(decoding: bytes.dropLast(text.count), as: UTF8.self).split(separator: "\r\n")
    let ours = ["Return-Path: ", "Delivered-To: ", "Received: ", "\t", "Date: ", "Message-ID: "]
    return lines.allSatisfy { line in ours.contains { line.hasPrefix($0) } }
  }
}

// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import Harness
internal import Testing
internal import Varlink

/// Messages in which another one is hidden behind something that some mail server takes for the end of data: CVE-2023-51764 (Postfix),
/// CVE-2023-51765 (Sendmail), CVE-2023-51766 (Exim), CVE-2023-52354 (chasquid), CVE-2023-51747 (James), CVE-2024-27305 (aiosmtpd).
@Suite struct SmugglingTests {
  /// What somebody might take for a line end, and a few things that nobody should.
  static let lineEnds = [
    "\r\n", "\n", "\r", "\r\r\n", "\n\r", "\n\n", "\r\r", "\0\r\n", "\r\0\n", "\r\n\0", "\0", "\u{85}", "\u{2028}", "\u{0b}", "\u{0c}",
    " \r\n",
    "\r\n ", "\t\r\n", "",
  ]
  static let hidden = "MAIL FROM:<evil@b.example>\r\nRCPT TO:<victim@d.example>\r\nDATA\r\nSubject: smuggled\r\n\r\nx"

  /// Every pair of line ends around a dot, except for the one that ends the data indeed.
  static let sequences: [String] = lineEnds.flatMap { before in
    lineEnds.compactMap { after in before.hasSuffix("\r\n") && after.hasPrefix("\r\n") ? nil : before + "." + after }
  }

  /// Why a text must be refused, by a rule as simple as can be; nil for one that is clean.
  static func violation(in text: String) -> String? {
    let bytes = Array(text.utf8)
    for (index, byte) in bytes.enumerated() {
      if byte == 0 { return "NUL" }
      if byte == 0x0a, index == 0 || bytes[index - 1] != 0x0d { return "bare LF" }
      if byte == 0x0d, index + 1 == bytes.count || bytes[index + 1] != 0x0a { return "bare CR" }
    }
    return nil
  }

  static func begin(_ client: MailClient, _ parameters: String = "") throws {
    #expect(try client.say("MAIL FROM:<a@b.example>" + parameters).code == 250)
    #expect(try client.say("RCPT TO:<c@d.example>").code == 250)
  }

  @Test func `CVE-2023-51764 and its kin: nothing but CRLF.CRLF ends DATA, and whatever looks like it closes the connection`() throws {
    try Rig.use { rig in
      let daemon = try rig.daemon { $0["Log.Level"] = "info" }
      var taken = 0
      for sequence in SmugglingTests.sequences {
        let place = Comment(rawValue: "\(sequence.debugDescription)")
        let client = try daemon.client()
        try SmugglingTests.begin(client, " BODY=8BITMIME")
        #expect(try client.say("DATA").code == 354)
        let text = "Subject: outer\r\n\r\ntext" + sequence + SmugglingTests.hidden + "\r\n"
        do { try client.connection.send(text + ".\r\n") } catch { #expect(SmugglingTests.violation(in: text) != nil, place) }
        let reply = "\(try client.reply())"
        if let violation = SmugglingTests.violation(in: text) {
          #expect(reply.hasPrefix("521 5.5.2 \(violation) in the message"), "\(place): \(reply)")
          #expect(try client.connection.rest().isEmpty, place)
        } else {
          #expect(reply.hasPrefix("250 2.0.0"), "\(place): \(reply)")
          taken += 1
          try client.quit()
        }
      }
      let messages = try daemon.captured.messages(atLeast: taken, .in(.seconds(60)))
      #expect(messages.count == taken && taken > 0)
      #expect(messages.allSatisfy { $0.text.contains("Subject: outer") && $0.text.contains("victim@d.example") })
      #expect(messages.allSatisfy { $0.values(of: "Delivered-To") == ["c@d.example"] })
    }
  }

  @Test func `the same sequences are refused in chunks, and nothing behind them is taken for a command`() throws {
    try Rig.use { rig in
      let daemon = try rig.daemon { $0["Log.Level"] = "info" }
      for sequence in SmugglingTests.sequences {
        let text = "Subject: outer\r\n\r\ntext" + sequence + SmugglingTests.hidden + "\r\n"
        guard let violation = SmugglingTests.violation(in: text) else { continue }
        let client = try daemon.client()
        try SmugglingTests.begin(client, " BODY=8BITMIME")
        try client.connection.send("BDAT \(text.utf8.count) LAST\r\n" + text)
        let reply = "\(try client.reply())"
        #expect(reply.hasPrefix("550 5.6.11 \(violation) in the message"), "\(sequence.debugDescription): \(reply)")
        try client.quit()
      }
      #expect(daemon.captured.count == 0)
    }
  }

  @Test func `no door is an exception: IPv4, IPv6, a Unix socket, behind a login and through sendmail -bs`() throws {
    try Rig.use { rig in
      let path = rig.directory["smtp"]
      let daemon = try rig.daemon {
        $0["Listen.Address"] = "127.0.0.1:0 [::1]:0 unix:\(path)"
        $0["Listen.AcceptAnyAuth"] = "yes"
      }
      let listeners = try daemon.control.status().listeners
      let port = try #require(listeners[1].address.split(separator: ":").last.flatMap { UInt16($0) })
      let text = "Subject: outer\r\n\r\ntext\n.\r\n" + SmugglingTests.hidden + "\r\n.\r\n"
      for login in [false, true] {
        for connection in [try Connection(port: try daemon.port), try Connection(port: port, host: "::1"), try Connection(path: path)] {
          let client = try MailClient(connection)
          if login { #expect(try client.say("AUTH PLAIN AGFwcAB4").code == 235) }
          try SmugglingTests.begin(client)
          #expect(try client.say("DATA").code == 354)
          try client.connection.send(text)
          #expect("\(try client.reply())".hasPrefix("521 5.5.2 bare LF"))
          #expect(try client.connection.rest().isEmpty)
        }
      }
      let dialogue = "EHLO app\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<c@d.example>\r\nDATA\r\n" + text + "QUIT\r\n"
      let child = try rig.run(
        try Environment.program("posthouse"), ["sendmail", "-bs"],
        environment: ["POSTHOUSE_SUBMIT": "127.0.0.1:\(try daemon.port)", "POSTHOUSE_CONFIG": "/nowhere/posthouse.conf"],
        input: try rig.write(dialogue, to: "dialogue"))
      #expect(child.output.contains("521 5.5.2 bare LF"), "\(child.output) \(child.errors)")
      #expect(daemon.captured.count == 0)
    }
  }

  @Test func `none of the sequences leaves this house, whichever way it came in`() throws {
    try Rig.use { rig in
      let upstream = try ScriptedUpstream(rig)
      let daemon = try rig.daemon {
        $0.useUpstream(port: upstream.port)
        $0["Log.Level"] = "info"
        $0["Bounce.MaxPerHour"] = "0"
        $0["Listen.Extensions"] = "PIPELINING SIZE 8BITMIME SMTPUTF8 CHUNKING BINARYMIME ENHANCEDSTATUSCODES"
      }
      var count = 0
      // From a pipe come lines that end in any way; what arrives has the lines that were meant.
      let environment = ["POSTHOUSE_SUBMIT": "127.0.0.1:\(try daemon.port)", "POSTHOUSE_CONFIG": "/nowhere/posthouse.conf"]
      for (number, sequence) in SmugglingTests.sequences.enumerated() where number % 5 == 0 || sequence.utf8.count < 4 {
        let text = "Subject: outer\nX-Field: a\(sequence)b\n\ntext" + sequence + SmugglingTests.hidden
        let input = try rig.write(text, to: "message")
        let child = try rig.run(
          try Environment.program("posthouse"), ["sendmail", "-i", "-f", "a@b.example", "c@d.example"], environment: environment,
          input: input)
        #expect(child.end == .exited(0), "\(sequence.debugDescription): \(child.errors)")
        count += 1
      }
      // What cannot be sent as lines stays here, since this upstream takes nothing else.
      let client = try daemon.client()
      try SmugglingTests.begin(client, " BODY=BINARYMIME")
      let binary = "Subject: outer\r\n\r\ntext\n.\r\n" + SmugglingTests.hidden
      try client.connection.send("BDAT \(binary.utf8.count) LAST\r\n" + binary)
      #expect(try client.reply().code == 250)

      let taken = try upstream.taken(atLeast: count, .in(.seconds(60)))
      let failed = try Deadline.usual.first("a message that failed") { try daemon.control.queue().first { $0.state == .failed } }
      #expect(failed.recipients.first?.address == "c@d.example")
      #expect(taken.count == count && upstream.taken.count == count)
      for message in taken {
        #expect(message.recipients == ["c@d.example"] && message.sender == "a@b.example")
        #expect(SmugglingTests.violation(in: String(decoding: message.message.bytes, as: UTF8.self)) == nil)
        #expect(message.message.text.contains("victim@d.example"))
      }
      let strange = upstream.commands.filter { command in
        !["EHLO ", "MAIL FROM:<a@b.example>", "RCPT TO:<c@d.example>", "DATA", "RSET", "QUIT"].contains { command.hasPrefix($0) }
      }
      #expect(strange.isEmpty, "\(strange)")
    }
  }
}

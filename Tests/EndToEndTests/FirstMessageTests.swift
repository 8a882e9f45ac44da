// SPDX-License-Identifier: Apache-2.0
internal import Harness
internal import Testing
internal import Varlink

/// The way of the first message, as a newcomer takes it.
@Suite struct FirstMessageTests {
  /// Mail programs from Debian's packages, each with the command that hands in one message.
  enum Program: String, CaseIterable, Sendable {
    case curl, swaks, smtplib

    func command(port: UInt16, file: String) -> [String] {
      switch self {
      case .curl:
        [
          "curl", "-sS", "--crlf", "smtp://127.0.0.1:\(port)/client.test", "--mail-from", "ann@example.org", "--mail-rcpt",
          "bob@example.net",
          "-T", file,
        ]
      case .swaks:
        [
          "swaks", "--server", "127.0.0.1", "--port", "\(port)", "--helo", "client.test", "--from", "ann@example.org", "--to",
          "bob@example.net", "--data", "@" + file,
        ]
      case .smtplib:
        [
          "python3", "-c",
          """
          import smtplib, sys
          with smtplib.SMTP("127.0.0.1", int(sys.argv[1])) as server:
              server.sendmail("ann@example.org", ["bob@example.net"], open(sys.argv[2]).read())
          """, "\(port)", file,
        ]
      }
    }
  }

  @Test(arguments: Program.allCases)
  func `a message from an unmodified client is captured as it was sent`(_ program: Program) throws {
    try Rig.use { rig in
      let daemon = try rig.daemon()
      let text = "Subject: by \(program.rawValue)\nFrom: ann@example.org\nTo: bob@example.net\n\nA first letter.\n.hidden dot\n\nend\n"
      let command = program.command(port: try daemon.port, file: try rig.write(text, to: "letter"))
      try rig.output(of: command[0], Array(command.dropFirst()))

      let message = try #require(try daemon.captured.messages(atLeast: 1).first)
      #expect(message.body.hasPrefix("A first letter.\n.hidden dot\n\nend\n"))
      #expect(message.values(of: "Subject") == ["by \(program.rawValue)"])
      let received = try #require(message.value(of: "Received"))
      #expect(received.contains("client.test") || program == .smtplib)
      #expect(received.contains("by relay.test"))
      try daemon.drain()
    }
  }

  @Test func `what was captured is listed and shown by the command`() throws {
    try Rig.use { rig in
      let daemon = try rig.daemon()
      try daemon.client().send(from: "ann@example.org", to: ["bob@example.net"], "Subject: shown to all\n\nHear ye.\n")
      _ = try daemon.captured.messages(atLeast: 1)
      let list = try daemon.command("captured")
      #expect(list.end == .exited(0))
      #expect(list.output.contains("shown to all"))
      let shown = try daemon.command("captured", "1")
      #expect(shown.end == .exited(0))
      #expect(shown.output.contains("Hear ye."))
    }
  }

  @Test func `date and message identifier are added where they are missing, and left alone where they are not`() throws {
    try Rig.use { rig in
      let daemon = try rig.daemon()
      let client = try daemon.client()
      try client.send(from: "ann@example.org", to: ["bob@example.net"], "Subject: bare\n\nx\n")
      try client.send(
        from: "ann@example.org", to: ["bob@example.net"],
        "Subject: dressed\nDate: Fri, 20 Nov 2026 10:00:00 +0000\nMessage-ID: <a@b>\n\nx\n")
      let messages = try daemon.captured.messages(atLeast: 2)
      let bare = try #require(messages.first { $0.value(of: "Subject") == "bare" })
      #expect(bare.values(of: "Date").count == 1)
      #expect(bare.values(of: "Message-ID").count == 1)
      let dressed = try #require(messages.first { $0.value(of: "Subject") == "dressed" })
      #expect(dressed.values(of: "Date") == ["Fri, 20 Nov 2026 10:00:00 +0000"])
      #expect(dressed.values(of: "Message-ID") == ["<a@b>"])
    }
  }

  @Test func `of three recipients with one refused, two get the message and one is failed`() throws {
    try Rig.use { rig in
      let upstream = try ScriptedUpstream(
        rig,
        UpstreamScript { point in
          point.stage == .recipient && point.line.contains("nobody@") ? .reply("550 5.1.1 no such user here") : nil
        })
      let daemon = try rig.daemon { $0.useUpstream(port: upstream.port) }
      let client = try daemon.client()
      try client.send(
        from: "ann@example.org", to: ["one@example.net", "nobody@example.net", "two@example.net"], "Subject: three\n\nx\n")
      // The message, and the report of the refusal.
      let taken = try upstream.taken(atLeast: 2)
      #expect(taken.first { $0.sender == "ann@example.org" }?.recipients.sorted() == ["one@example.net", "two@example.net"])
      #expect(taken.contains { $0.sender.isEmpty && $0.recipients == ["ann@example.org"] })
      _ = try daemon.status("one message is failed") { $0.spool.failed == 1 }
      let message = try #require(try daemon.control.queue().first)
      #expect(message.state == .failed)
      let states = Dictionary(uniqueKeysWithValues: message.recipients.map { ($0.address, $0.state) })
      #expect(states["nobody@example.net"] == .failed)
      #expect(states["one@example.net"] != .failed)
      let refused = try #require(message.recipients.first { $0.address == "nobody@example.net" })
      #expect(refused.reply?.contains("550 5.1.1") == true)
    }
  }

  @Test func `the ends of lines are strict: a bare LF in DATA closes the connection and nothing is taken`() throws {
    try Rig.use { rig in
      let daemon = try rig.daemon()
      let client = try daemon.client()
      #expect(try client.say("MAIL FROM:<ann@example.org>").code == 250)
      #expect(try client.say("RCPT TO:<bob@example.net>").code == 250)
      #expect(try client.say("DATA").code == 354)
      try client.connection.send("Subject: x\r\n\r\nsmuggled\n.\nMAIL FROM:<eve@example.org>\r\n.\r\n")
      #expect(try client.reply().code / 100 == 5)
      #expect(try client.connection.line() == nil)
      #expect(try daemon.control.status().spool.messages == 0)
      #expect(daemon.captured.count == 0)
    }
  }
}

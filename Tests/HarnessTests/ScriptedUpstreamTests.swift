// SPDX-License-Identifier: Apache-2.0
internal import Harness
internal import Testing

@Suite struct ScriptedUpstreamTests {
  @Test func `a friendly upstream takes a message byte for byte`() throws {
    try Rig.use { rig in
      let upstream = try ScriptedUpstream(rig)
      let client = try MailClient(port: upstream.port)
      #expect(try client.send(from: "a@example.org", to: ["b@example.org", "c@example.org"], "Subject: dots\n\n.one\n..two\n").code == 250)
      try client.quit()
      let taken = try #require(try upstream.taken(atLeast: 1).first)
      #expect(taken.sender == "a@example.org")
      #expect(taken.recipients == ["b@example.org", "c@example.org"])
      #expect(taken.message.bytes == Array("Subject: dots\r\n\r\n.one\r\n..two\r\n".utf8))
      #expect(taken.message.value(of: "subject") == "dots")
      #expect(taken.message.body == ".one\n..two\n")
    }
  }

  @Test func `an empty message is a message`() throws {
    try Rig.use { rig in
      let upstream = try ScriptedUpstream(rig)
      #expect(try MailClient(port: upstream.port).send(from: "", to: ["b@example.org"], "").code == 250)
      #expect(upstream.taken.map(\.message.bytes) == [[]])
    }
  }

  @Test func `a scripted refusal is said at its stage and the message of the others is taken`() throws {
    try Rig.use { rig in
      let upstream = try ScriptedUpstream(
        rig,
        UpstreamScript { point in
          point.stage == .recipient && point.line.contains("no@") ? .reply("550-5.1.1 nobody\n550 5.1.1 by that name") : nil
        })
      let client = try MailClient(port: upstream.port)
      #expect(try client.say("MAIL FROM:<a@example.org>").code == 250)
      let refusal = try client.say("RCPT TO:<no@example.org>")
      #expect(refusal.code == 550)
      #expect(refusal.lines == ["5.1.1 nobody", "5.1.1 by that name"])
      #expect(try client.say("RCPT TO:<yes@example.org>").code == 250)
      #expect(try client.say("DATA").code == 354)
      #expect(try client.say("Subject: x\r\n\r\nhello\r\n.").code == 250)
      #expect(upstream.taken.map(\.recipients) == [["yes@example.org"]])
    }
  }

  @Test(arguments: [UpstreamScript.Act.close, .cut, .lastWords("421 4.3.2 going down")])
  func `a connection that is to end at the final dot ends there and the message is not taken`(_ act: UpstreamScript.Act) throws {
    try Rig.use { rig in
      let upstream = try ScriptedUpstream(rig, UpstreamScript { $0.stage == .end && $0.earlier == 0 ? act : nil })
      let client = try MailClient(port: upstream.port)
      if case .lastWords = act {
        #expect(try client.send(from: "a@example.org", to: ["b@example.org"], "x\n").code == 421)
        #expect(try client.connection.line() == nil)
      } else {
        #expect(throws: HarnessFailure.self) { try client.send(from: "a@example.org", to: ["b@example.org"], "x\n") }
      }
      #expect(upstream.taken.isEmpty)
      #expect(try MailClient(port: upstream.port).send(from: "a@example.org", to: ["b@example.org"], "x\n").code == 250)
      #expect(upstream.taken.count == 1)
      #expect(upstream.sessions == 2)
    }
  }

  @Test func `a trickled greeting is a greeting, and a stalled reply is none`() throws {
    try Rig.use { rig in
      let upstream = try ScriptedUpstream(
        rig,
        UpstreamScript { point in
          switch point.stage {
          case .greeting: .trickle("220 slow but sure")
          case .sender: .stall
          default: nil
          }
        })
      let client = try MailClient(port: upstream.port)
      try client.connection.send("MAIL FROM:<>\r\n")
      #expect(throws: HarnessFailure.self) { try client.reply(.in(.milliseconds(100))) }
    }
  }

  @Test func `a stopped upstream refuses connections until it is started again on the same port`() throws {
    try Rig.use { rig in
      let upstream = try ScriptedUpstream(rig)
      let client = try MailClient(port: upstream.port)
      upstream.stop()
      #expect(try client.connection.line() == nil)
      #expect(throws: (any Error).self) { try MailClient(port: upstream.port) }
      try upstream.start()
      #expect(try MailClient(port: upstream.port).say("NOOP").code == 502)
    }
  }

  @Test func `fifty clients at one time are all served`() throws {
    try Rig.use { rig in
      let upstream = try ScriptedUpstream(rig)
      try Crew.run(50) { index in
        let client = try MailClient(port: upstream.port)
        try client.send(from: "a@example.org", to: ["b\(index)@example.org"], "Subject: \(index)\n\nx\n")
        try client.quit()
      }
      #expect(Set(upstream.taken.flatMap(\.recipients)).count == 50)
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
internal import Harness
internal import Testing
internal import Varlink

/// Mail through real servers, by every way that each of them offers, and what they say arrived.
@Suite struct RealServerTests {
  private static let letter = "Subject: a letter\n\n.a line with a dot\nthe end\n"

  @Test(arguments: RealServer.allCases)
  func `mail goes by STARTTLS and by implicit TLS, and arrives as it was`(_ kind: RealServer) throws {
    try Rig.use { rig in
      let server = try kind.start(rig)
      let secret = try rig.write(MailAccount.app.password, to: "secret", mode: 0o600)
      for (number, way) in ["starttls", "implicit"].enumerated() {
        let daemon = try rig.daemon {
          $0.useUpstream(server, passwordFile: secret)
          $0["Upstream.TLS"] = way
          $0["Upstream.Port"] = "\(way == "implicit" ? server.tlsPort : server.port)"
        }
        try daemon.client().send(from: "ann@example.org", to: ["bob@example.net"], RealServerTests.letter)
        let messages = try server.inbox.messages(atLeast: number + 1)
        #expect(messages.count == number + 1)
        for message in messages {
          #expect(message.body.hasPrefix(".a line with a dot\nthe end\n"), "\(way): \(message.text)")
          #expect(message.values(of: "Subject") == ["a letter"])
        }
        try daemon.drain()
        #expect(daemon.log.contains("TLS"), "\(way): the log names the TLS version: \(daemon.log)")
        #expect(try daemon.command("status").end == .exited(0))
        try daemon.stop()
      }
    }
  }

  @Test(arguments: RealServer.allCases)
  func `every mechanism of a server carries a login, and a wrong secret bounces nothing and mends itself`(_ kind: RealServer) throws {
    try Rig.use { rig in
      let server = try kind.start(rig)
      let token = kind == .postfix ? try DovecotLogin.token(for: MailAccount.app.user, rig) : ""
      for (number, mechanism) in kind.mechanisms.enumerated() {
        let takesToken = mechanism.hasSuffix("AUTH2") || mechanism == "OAUTHBEARER"
        let secret = try rig.write("not this one", to: "secret.\(number)", mode: 0o600)
        let daemon = try rig.daemon {
          $0.useUpstream(server, passwordFile: secret)
          $0["Upstream.Auth"] = mechanism
          if takesToken {
            $0["Upstream.PasswordFile"] = nil
            $0["Upstream.TokenFile"] = secret
          }
        }
        try daemon.client().send(from: "ann@example.org", to: ["bob@example.net"], RealServerTests.letter)
        let status = try daemon.status("the login is a fault of \(mechanism)") { $0.upstreams.first?.fault != nil }
        #expect(status.spool.failed == 0 && status.spool.messages == 1, "\(mechanism)")
        let fault = try #require(status.upstreams.first?.fault)
        #expect(fault.contains("535") || fault.contains("token"), "\(mechanism): \(fault)")
        #expect(server.inbox.count == number, "\(mechanism): nothing may go before the login")

        _ = try rig.write(takesToken ? token : MailAccount.app.password, to: "secret.\(number)", mode: 0o600)
        _ = try server.inbox.messages(atLeast: number + 1)
        try daemon.drain()
        #expect(server.transcript.uppercased().contains("AUTH \(mechanism)"), "\(mechanism): \(server.transcript.suffix(4000))")
        #expect(!daemon.log.contains("not this one") && !daemon.log.contains(MailAccount.app.password), "\(mechanism)")
        try daemon.stop()
      }
      #expect(server.inbox.count == kind.mechanisms.count)
    }
  }

  @Test(arguments: RealServer.allCases)
  func `the relay says to a server what that offers, and nothing else`(_ kind: RealServer) throws {
    try Rig.use { rig in
      let server = try kind.start(rig)
      let secret = try rig.write(MailAccount.app.password, to: "secret", mode: 0o600)
      let daemon = try rig.daemon { $0.useUpstream(server, passwordFile: secret) }
      try sendWithWishes(try daemon.client())
      _ = try server.inbox.message(with: "wishes")
      try daemon.drain()

      let words = server.transcript
      let wishes = ["RET=HDRS", "ENVID=an+2Bid", "NOTIFY=SUCCESS,FAILURE", "ORCPT=rfc822;bob@example.net"]
      for wish in wishes { #expect(words.contains(wish) == kind.extensions.contains(.notifications), "\(wish): \(words.suffix(4000))") }
      let hasChunk = words.contains(kind.signOfChunk)
      #expect(hasChunk == kind.extensions.isSuperset(of: [.chunking, .pipelining]), "\(words.suffix(4000))")

      // An address in UTF-8 goes where it can be understood, and fails in words where it cannot.
      let client = try daemon.client()
      #expect(try client.say("MAIL FROM:<ann@example.org> SMTPUTF8").code == 250)
      #expect(try client.say("RCPT TO:<jürgen@example.net>").code == 250)
      #expect(try client.say("DATA").code == 354)
      try client.connection.send("Subject: über alles\r\n\r\nx\r\n.\r\n")
      #expect(try client.reply().code == 250)
      if kind.extensions.contains(.internationalized) {
        let message = try server.inbox.message(with: "über alles")
        #expect(message.body.hasPrefix("x\n"))
        #expect(server.transcript.contains("SMTPUTF8"))
        try daemon.drain()
      } else {
        _ = try daemon.status("the message has failed") { $0.spool.failed == 1 }
        let reply = try #require(try daemon.control.queue().first?.recipients.first?.reply)
        #expect(reply.contains("SMTPUTF8"), "\(reply)")
        #expect(try server.inbox.messages().allSatisfy { $0.value(of: "Subject") != "über alles" })
      }
    }
  }

  @Test(arguments: RealServer.allCases)
  func `of three recipients with one refused, two get the message, and a hundred messages arrive once each`(_ kind: RealServer) throws {
    try Rig.use { rig in
      let server = try kind.start(rig)
      let secret = try rig.write(MailAccount.app.password, to: "secret", mode: 0o600)
      let daemon = try rig.daemon { $0.useUpstream(server, passwordFile: secret) }
      let client = try daemon.client()
      try client.send(from: "ann@example.org", to: ["one@example.net", "refused@example.org", "two@example.net"], RealServerTests.letter)
      let failed = try daemon.status("one message is failed") { $0.spool.failed == 1 && $0.spool.messages == 1 }
      #expect(failed.upstreams.first?.fault == nil)
      let message = try #require(try daemon.control.queue().first)
      let states = Dictionary(uniqueKeysWithValues: message.recipients.map { ($0.address, $0.state) })
      #expect(states["refused@example.org"] == .failed)
      #expect(states.values.filter { $0 == .delivered }.count == 2)

      for number in 0..<100 { try client.send(from: "ann@example.org", to: ["bob@example.net"], "Subject: number \(number)\n\nx\n") }
      _ = try daemon.status("all but one are gone") { $0.spool.messages == 1 }
      let arrived = { try server.inbox.messages().compactMap { $0.value(of: "Subject") }.filter { $0.hasPrefix("number") } }
      try Deadline.usual.wait(everyMicroseconds: 100_000, until: "all had arrived") { try Set(arrived()).count >= 100 }
      let subjects = try arrived()
      #expect(subjects.count == 100 && Set(subjects).count == 100)
    }
  }

  /// A message with every wish of RFC 3461.
  private func sendWithWishes(_ client: MailClient) throws {
    #expect(try client.say("MAIL FROM:<ann@example.org> RET=HDRS ENVID=an+2Bid").code == 250)
    #expect(try client.say("RCPT TO:<bob@example.net> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;bob@example.net").code == 250)
    #expect(try client.say("DATA").code == 354)
    try client.connection.send("Subject: wishes\r\n\r\nx\r\n.\r\n")
    #expect(try client.reply().code == 250)
  }
}

// SPDX-License-Identifier: Apache-2.0
import EventLoop
import Harness
import LinuxSystem
import Mail
import Octets
import Spool
import TLS
import Telemetry
import Testing
import Timekeeping

@testable import Submission

/// TLS at the door: STARTTLS, TLS from the first byte, and what must not happen with either.
@Suite struct EncryptionTests {
  /// Runs a test with a certificate, on virtual time.
  static func run(
    _ settings: String = "", _ protection: MailDoor.Protection = .clear,
    _ test: @escaping @Sendable @Loop (Bench, TLSContext) async throws -> Void
  ) throws {
    try Rig.use { rig in
      let certificate = try TestCertificate(rig)
      var plan = Bench.Plan(certificate.settings + settings)
      plan.tls = try certificate.server()
      plan.protection = protection
      let client = try certificate.client()
      try Bench.simulated(plan) { bench in try await test(bench, client) }
    }
  }

  @Test func `STARTTLS encrypts and forgets what was said before`() throws {
    try EncryptionTests.run { bench, tls in
      let client = try await bench.client()
      #expect(try await client.say("EHLO app").contains("\n250-STARTTLS\n"))
      #expect(try await client.say("STARTTLS") == "220 2.0.0 begin TLS now")
      try await client.startTLS(tls)
      #expect(try await client.say("MAIL FROM:<a@b.example>").hasPrefix("503 5.5.1"))
      let offer = try await client.say("EHLO app")
      #expect(!offer.contains("STARTTLS") && offer.contains("\n250-REQUIRETLS\n"))
      try await client.say(("MAIL FROM:<a@b.example> REQUIRETLS", 250), ("RCPT TO:<c@d.example>", 250), ("DATA", 354))
      #expect(try await client.say("Subject: hi\r\n\r\nhello\r\n.").hasPrefix("250"))
      let letter = try #require(bench.letters.first)
      #expect(letter.envelope.requiresTLS)
      #expect(String(decoding: try await bench.bytes(of: letter), as: UTF8.self).contains(" with ESMTPS id "))
      try await client.say(("QUIT", 221))
      #expect(try await client.hasEnded())
      client.close()
      _ = await bench.loop.sleep(.seconds(3))
      #expect(bench.events.last?.text.contains("why=quit messages=1") == true)
    }
  }

  @Test func `CVE-2011-0411, commands injected behind STARTTLS are not taken`() throws {
    try EncryptionTests.run { bench, tls in
      let together = try await bench.client()
      try await together.send("STARTTLS\r\nMAIL FROM:<evil@b.example>\r\n")
      #expect(try await together.reply().hasPrefix("554 5.5.0"))
      #expect(try await together.hasEnded())
      // Bytes that come later than the command are the handshake's affair, which they cannot be.
      let later = try await bench.client()
      try await later.say(("STARTTLS", 220))
      try await later.send("MAIL FROM:<evil@b.example>\r\n")
      #expect(try await later.reply().isEmpty)
      // Bytes in the clear in front of a handshake spoil it.
      let mixed = try await bench.client()
      try await mixed.say(("STARTTLS", 220))
      try await mixed.send("NOOP\r\n")
      do {
        try await mixed.startTLS(tls)
        Issue.record("a handshake came about behind bytes in the clear")
      } catch {
        #expect(error is WireFailure)
      }
      mixed.close()
      _ = await bench.loop.sleep(.seconds(3))
      #expect(bench.letters.isEmpty)
      #expect(bench.events.filter { $0.name == "disconnected" }.count == 3)
    }
  }

  @Test func `a door with TLS from the first byte greets inside it`() throws {
    try EncryptionTests.run("", .implicitTLS) { bench, tls in
      let client = try await bench.visitor()
      try await client.startTLS(tls)
      #expect(try await client.reply().hasPrefix("220"))
      #expect(try await client.say("EHLO app").contains("STARTTLS") == false)
      #expect(try await client.hand(in: Array("Subject: hi\r\n\r\nhello\r\n".utf8)).hasPrefix("250"))
      #expect(String(decoding: try await bench.bytes(of: bench.letters[0]), as: UTF8.self).contains(" with ESMTPS id "))
      try await client.say(("QUIT", 221))
      #expect(try await client.hasEnded())
    }
  }

  @Test func `a client in the clear at such a door is closed with a reason in the log`() throws {
    try EncryptionTests.run("[Listen]\nHandshakeTimeout=10s\n", .implicitTLS) { bench, _ in
      let silent = try await bench.visitor()
      _ = try? await silent.reply()
      #expect(bench.events.last?.text.contains("why=timed-out") == true)
      let talking = try await bench.visitor()
      try await talking.send("EHLO app\r\n")
      #expect(try await talking.hasEnded())
      #expect(bench.events.last?.name == "disconnected" && bench.events.last?.severity == .warning)
    }
  }

  @Test func `TLS can be withheld, and demanded of other machines`() throws {
    try EncryptionTests.run("[Listen]\nStartTLS=no\n") { bench, _ in
      let client = try await bench.client()
      #expect(try await client.say("EHLO app").contains("STARTTLS") == false)
      #expect(try await client.say("STARTTLS").hasPrefix("502 5.5.1"))
    }
    try EncryptionTests.run("[Listen]\nStartTLS=required\nAddress=0.0.0.0:25\nNetworks=10.0.0.0/8\n") { bench, tls in
      let local = try await bench.client()
      try await local.say(("MAIL FROM:<a@b.example>", 250))
      let remote = try await bench.visitor(from: .v4([10, 0, 0, 1], port: 5))
      #expect(try await remote.reply().hasPrefix("220"))
      try await remote.say(("EHLO app", 250))
      #expect(try await remote.say("MAIL FROM:<a@b.example>").hasPrefix("530 5.7.0 say STARTTLS first"))
      try await remote.say(("STARTTLS", 220))
      try await remote.startTLS(tls)
      try await remote.say(("EHLO app", 250), ("MAIL FROM:<a@b.example>", 250))
    }
  }

  @Test func `a certificate is read again at a reload, and a broken one does not take the place of a good one`() throws {
    try Rig.use { rig in
      let (first, second) = (try TestCertificate(rig), try TestCertificate(rig))
      var plan = Bench.Plan(first.settings)
      plan.tls = try first.server()
      let clients = [try first.client(), try second.client()]
      let broken = "[Listen]\nCertificateFile=/dev/null\nKeyFile=/dev/null\n"
      try Bench.simulated(plan) { [plan] bench in
        func check(_ tls: TLSContext) async throws {
          let client = try await bench.client()
          try await client.say(("STARTTLS", 220))
          try await client.startTLS(tls)
        }
        try await check(clients[0])
        bench.server.reload(try Bench.settings(second.settings))
        try await check(clients[1])
        bench.server.reload(try Bench.settings(broken))
        #expect(bench.events.last { $0.name == "risky-setting" }?.text.contains("the certificate in use stays") == true)
        try await check(clients[1])
        _ = plan
      }
    }
  }

  @Test func `a broken certificate is refused at the start`() throws {
    let settings = try Bench.settings("[Listen]\nCertificateFile=/dev/null\nKeyFile=/dev/null\n")
    try Bench.simulated { bench in
      #expect(throws: TLSContextFailure.self) {
        try SubmissionServer(bench.loop, bench.spool, settings, peers: PeerLookup(), report: { _ in }, deliver: { _ in })
      }
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
import EventLoop
import LinuxSystem
import Mail
import Octets
import Simulation
import Spool
import Telemetry
import Testing
import Timekeeping

@testable import Submission

/// What is offered by default and by setting, and what of it reaches the envelope.
@Suite struct ExtensionTests {
  @Test func `what is safe is offered without being asked for`() throws {
    try Bench.simulated { bench in
      let client = try await bench.visitor()
      _ = try await client.reply()
      let lines = try await client.say("EHLO app").split(separator: "\n").map { $0.dropFirst(4) }
      #expect(lines.first == "relay.example.com")
      let keywords = lines.dropFirst().map { String($0.prefix { $0 != " " }) }
      #expect(
        Set(keywords) == [
          "PIPELINING", "SIZE", "8BITMIME", "SMTPUTF8", "DSN", "CHUNKING", "FUTURERELEASE", "LIMITS", "ENHANCEDSTATUSCODES",
        ])
      #expect(lines.contains("SIZE 36700160") && lines.contains("LIMITS RCPTMAX=1000 MAILMAX=1000"))
    }
  }

  @Test func `extensions can be chosen, and what is not offered is not taken`() throws {
    try Bench.simulated(.init("[Listen]\nExtensions=SIZE 8BITMIME BINARYMIME CHUNKING\n")) { bench in
      let client = try await bench.visitor()
      _ = try await client.reply()
      #expect(try await client.say("EHLO app") == "250-relay.example.com\n250-SIZE 36700160\n250-8BITMIME\n250-CHUNKING\n250 BINARYMIME")
      #expect(try await client.say("MAIL FROM:<a@b.example> SMTPUTF8").hasPrefix("555 5.5.4 SMTPUTF8 is not offered"))
      #expect(try await client.say("MAIL FROM:<a@b.example> HOLDFOR=60").hasPrefix("555 5.5.4"))
      try await client.say(("MAIL FROM:<a@b.example> BODY=BINARYMIME", 250), ("RCPT TO:<c@d.example>", 250))
      try await client.send(Array("BDAT 8\r\n".utf8) + [0, 1, 2, 3, 0x0a, 0x0d, 0xff, 0x0a] + Array("BDAT 2 LAST\r\n\0\0".utf8))
      #expect(try await client.reply() == "250 2.0.0 8 octets taken")
      #expect(try await client.reply().hasPrefix("250 2.0.0 queued as"))
      let letter = try #require(bench.letters.first)
      #expect(letter.envelope.coding == .binary)
      #expect(try await bench.bytes(of: letter).suffix(10).elementsEqual([0, 1, 2, 3, 0x0a, 0x0d, 0xff, 0x0a, 0, 0]))
    }
  }

  @Test func `wishes about reports and delivery reach the envelope`() throws {
    try Bench.simulated { bench in
      let client = try await bench.client()
      let before = bench.loop.wallTime
      try await client.say(
        ("MAIL FROM:<a@b.example> RET=HDRS ENVID=q+2B1 HOLDFOR=3600 BODY=8BITMIME", 250),
        ("RCPT TO:<c@d.example> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;c+40d.example", 250), ("RCPT TO:<e@d.example> NOTIFY=NEVER", 250))
      #expect(try await client.say("BDAT 22 LAST\r\nSubject: hi\r\n\r\nhello").hasPrefix("250 2.0.0 queued as"))
      let envelope = try #require(bench.letters.first).envelope
      #expect(envelope.reportContent == .headers && envelope.envelopeID == "q+1" && envelope.coding == .eightBit)
      #expect(envelope.recipients.map(\.notify) == [[.success, .delay], []])
      #expect(envelope.recipients[0].original == "rfc822;c@d.example")
      let hold = try #require(envelope.holdUntil) - before
      #expect(hold >= .seconds(3600) && hold < .seconds(3610))
    }
  }

  @Test func `a message cannot be held for longer than the setting says`() throws {
    try Bench.simulated(.init("[Listen]\nMaxHold=1h\n")) { bench in
      let client = try await bench.client()
      #expect(try await client.say("EHLO app").contains("FUTURERELEASE 3600 "))
      #expect(try await client.say("MAIL FROM:<a@b.example> HOLDFOR=3601").hasPrefix("501 5.5.4"))
      try await client.say(("MAIL FROM:<a@b.example> HOLDFOR=3600", 250))
    }
  }

  @Test func `programs on this machine that insist on a login get one, and nothing of it is kept`() throws {
    let secret = "AHVzZXIAaHVudGVyMg=="
    try Bench.simulated(.init("[Listen]\nAcceptAnyAuth=yes\nAddress=0.0.0.0:25\nNetworks=10.0.0.0/8\n")) { bench in
      let client = try await bench.client()
      #expect(try await client.say("EHLO app").contains("AUTH PLAIN LOGIN"))
      #expect(try await client.say("AUTH PLAIN \(secret)").hasPrefix("235 2.7.0"))
      #expect(try await client.hand(in: Array("Subject: hi\r\n\r\nhello\r\n".utf8)).hasPrefix("250"))
      let other = try await bench.client()
      try await other.say(("AUTH LOGIN", 334), ("dXNlcg==", 334), ("aHVudGVyMg==", 235), ("MAIL FROM:<a@b.example>", 250))
      let remote = try await bench.visitor(from: .v4([10, 0, 0, 1], port: 5))
      _ = try await remote.reply()
      #expect(try await remote.say("EHLO app").contains("AUTH") == false)
      #expect(try await remote.say("AUTH PLAIN \(secret)").hasPrefix("502 5.5.1 AUTH is not offered"))
      #expect(bench.events.allSatisfy { !$0.text.contains("AHVz") && !$0.text.contains("hunter2") && !$0.text.contains("aHVu") })
      let bytes = String(decoding: try await bench.bytes(of: bench.letters[0]), as: UTF8.self)
      #expect(!bytes.contains("AHVz") && bytes.contains(" with ESMTP id "))
    }
  }

  @Test func `nobody is offered a login by default`() throws {
    try Bench.simulated { bench in
      let client = try await bench.client()
      #expect(try await client.say("AUTH PLAIN AGEAYg==").hasPrefix("502 5.5.1 AUTH is not offered: this relay needs no login"))
    }
  }
}

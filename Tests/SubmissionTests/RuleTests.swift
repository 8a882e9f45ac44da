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

/// The rules of `[Policy]` and `Networks=` as a client meets them.
@Suite struct RuleTests {
  @Test func `a sender that is not allowed hears so at RCPT, with what is`() throws {
    try Bench.simulated(.init("[Policy]\nAllowSenders=*@example.com\n")) { bench in
      let client = try await bench.client()
      #expect(try await client.say("MAIL FROM:<app@example.net>").hasPrefix("250 2.1.0"))
      let reply = try await client.say("RCPT TO:<a@b.example>")
      #expect(reply == "550 5.7.1 Policy.AllowSenders= of this relay does not name this sender; allowed: *@example.com")
      #expect(try await client.say("DATA").hasPrefix("554 5.5.1 no valid recipients"))
      #expect(bench.refusals.first?.text.contains("code=550 status=5.7.1 why=\"Policy.AllowSenders=") == true)
      try await client.say(("RSET", 250), ("MAIL FROM:<APP@Example.Com>", 250), ("RCPT TO:<a@b.example>", 250))
    }
  }

  @Test func `the empty sender is judged like any other`() throws {
    try Bench.simulated(.init("[Policy]\nDenySenders=<>\n")) { bench in
      let client = try await bench.client()
      try await client.say(("MAIL FROM:<>", 250), ("RCPT TO:<a@b.example>", 550), ("RSET", 250))
      try await client.say(("MAIL FROM:<a@b.example>", 250), ("RCPT TO:<a@b.example>", 250))
    }
  }

  @Test func `a recipient that is refused leaves the others as they were`() throws {
    try Bench.simulated(.init("[Policy]\nAllowRecipients=*@example.com\nDenyRecipients=ceo@example.com\n")) { bench in
      let client = try await bench.client()
      try await client.say(("MAIL FROM:<a@b.example>", 250), ("RCPT TO:<you@example.com>", 250))
      let denied = try await client.say("RCPT TO:<CEO@example.com>")
      #expect(denied == "550 5.7.1 this relay refuses the recipient: Policy.DenyRecipients= names ceo@example.com")
      #expect(try await client.say("RCPT TO:<you@customer.example>").hasPrefix("550 5.7.1 Policy.AllowRecipients="))
      #expect(try await client.say("DATA").hasPrefix("354"))
      #expect(try await client.say("Subject: hi\r\n\r\nhello\r\n.").hasPrefix("250 2.0.0 queued as"))
      #expect(bench.letters.map { $0.envelope.recipients.map(\.mailbox.text) } == [["you@example.com"]])
      #expect(bench.refusals.count == 2)
    }
  }

  @Test func `a refusal by a rule is no mistake of the client`() throws {
    try Bench.simulated(.init("[Policy]\nAllowRecipients=*@example.com\n[Listen]\nMaxErrors=2\n")) { bench in
      let client = try await bench.client()
      try await client.say(("MAIL FROM:<a@b.example>", 250))
      for index in 0..<50 { try await client.say(("RCPT TO:<user\(index)@elsewhere.example>", 550)) }
      try await client.say(("RCPT TO:<you@example.com>", 250))
    }
  }

  @Test func `new rules hold for new connections`() throws {
    try Bench.simulated { bench in
      let before = try await bench.client()
      try bench.server.reload(Bench.settings("[Policy]\nAllowRecipients=*@example.com\n"))
      let after = try await bench.client()
      try await before.say(("MAIL FROM:<a@b.example>", 250), ("RCPT TO:<a@b.example>", 250))
      try await after.say(("MAIL FROM:<a@b.example>", 250), ("RCPT TO:<a@b.example>", 550))
    }
  }

  static func identity(_ user: UInt32?, _ name: String?, _ unit: String?) -> PeerIdentity {
    PeerIdentity(
      user: user.map { .success($0) } ?? .failure(.noSuchSocket), userName: name, unit: unit.map { .success($0) } ?? .failure(.noUnit))
  }

  @Test(arguments: [
    ("DenyUsers=www-data", "554 5.7.1 programs of user www-data may not send: Policy.DenyUsers= names it"),
    ("AllowUsers=alice 1001", "554 5.7.1 programs of user www-data may not send: Policy.AllowUsers= does not name it"),
    ("DenyUnits=web*.service", "554 5.7.1 programs of webapp.service may not send: Policy.DenyUnits= names web*.service"),
    ("AllowUnits=cron.service", "554 5.7.1 programs of webapp.service may not send: Policy.AllowUnits= does not name it"),
    ("AllowUsers=33", "220"), ("AllowUnits=webapp.service\nDenyUsers=root", "220"),
  ])
  func `a client is judged by its user and unit before anything is said`(rule: String, greeting: String) throws {
    try Bench.simulated(.init("[Policy]\n\(rule)\n")) { bench in
      (bench.network as? SimulatedNetwork)?.identity = { RuleTests.identity(33, "www-data", "webapp.service") }
      let client = try await bench.visitor()
      let reply = try await client.reply()
      #expect(reply.hasPrefix(greeting))
      guard greeting != "220" else { return }
      #expect(try await client.hasEnded())
      #expect(bench.events.map(\.name) == ["listening", "connection-refused"])
    }
  }

  @Test func `a client of whom nothing is known is refused where a rule asks, and let in where the settings say so`() throws {
    for (more, code) in [("", "554 5.7.1 the user of your program is unknown"), ("\nUnknownClients=admit", "220")] {
      try Bench.simulated(.init("[Policy]\nDenyUsers=www-data\(more)\n")) { bench in
        let greeting = try await bench.greeting()
        #expect(greeting.hasPrefix(code))
      }
    }
  }

  @Test func `a unit that is too new to be known is asked for again before it is judged`() throws {
    try Bench.simulated(.init("[Policy]\nAllowUnits=webapp.service\n")) { bench in
      let network = try #require(bench.network as? SimulatedNetwork)
      var questions = 0
      network.identity = {
        questions += 1
        return PeerIdentity(
          user: .success(33), userName: "www-data", unit: questions < 10 ? .failure(.cgroupNotReadYet) : .success("webapp.service"))
      }
      #expect(try await bench.visitor().reply().hasPrefix("220"))
      network.identity = { PeerIdentity(user: .success(33), userName: nil, unit: .failure(.cgroupNotReadYet)) }
      let begun = bench.loop.moment
      #expect(try await bench.visitor().reply().hasPrefix("554 5.7.1 the unit of your program is unknown"))
      #expect(bench.loop.moment - begun < .seconds(2))
    }
  }

  @Test func `what the kernel tells goes into the envelope and the log`() throws {
    try Bench.simulated { bench in
      var questions = 0
      (bench.network as? SimulatedNetwork)?.identity = {
        questions += 1
        return PeerIdentity(
          user: .success(33), userName: "www-data", unit: questions == 1 ? .failure(.cgroupNotReadYet) : .success("webapp.service"))
      }
      let client = try await bench.client()
      #expect(try await client.hand(in: Array("Subject: hi\r\n\r\nhello\r\n".utf8)).hasPrefix("250"))
      let submitter = try #require(bench.letters.first).envelope.submitter
      #expect(submitter.user == 33 && submitter.userName == "www-data" && submitter.unit == "webapp.service" && submitter.greeting == "app")
      let accepted = try #require(bench.events.first { $0.name == "accepted" })
      #expect(accepted.text.hasSuffix("helo=app uid=33 user=www-data unit=webapp.service"))
    }
  }

  @Test func `another machine is served only if it is named`() throws {
    try Bench.simulated(.init("[Listen]\nAddress=0.0.0.0:25\nNetworks=10.1.0.0/16\n")) { bench in
      let friend = try await bench.visitor(from: .v4([10, 1, 2, 3], port: 5000))
      #expect(try await friend.reply().hasPrefix("220"))
      let stranger = try await bench.visitor(from: .v4([10, 2, 2, 3], port: 5000))
      #expect(try await stranger.reply().hasPrefix("554 5.7.1 this relay serves its own machine; Listen.Networks"))
      #expect(try await stranger.hasEnded())
    }
  }
}

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

/// What happens at each limit: the right reply, and nobody else is disturbed.
@Suite struct LimitTests {
  static func text(_ lines: Int, _ line: String = "0123456789012345678901234567890123456789012345678901234567890123") -> [UInt8] {
    Array("Subject: text\r\n\r\n".utf8) + Array(String(repeating: line + "\r\n", count: lines).utf8)
  }

  @Test func `one connection too many is told to come back, and there is room again when another ends`() throws {
    try Bench.simulated(.init("[Listen]\nMaxConnections=3\n")) { bench in
      var clients: [Speaker] = []
      for _ in 0..<3 { clients.append(try await bench.client()) }
      let late = try await bench.visitor()
      #expect(try await late.reply() == "421 4.3.2 too many connections; try again later; closing")
      #expect(try await late.hasEnded())
      for client in clients { try await client.say(("NOOP", 250)) }
      try await clients[0].say(("QUIT", 221))
      #expect(try await clients[0].hasEnded())
      clients[0].close()
      _ = await bench.loop.sleep(.seconds(3))
      #expect(try await bench.visitor().reply().hasPrefix("220"))
    }
  }

  @Test func `one user's connections leave room for those of others`() throws {
    try Bench.simulated(.init("[Listen]\nMaxConnections=10\nMaxConnectionsPerClient=2\n")) { bench in
      let network = try #require(bench.network as? SimulatedNetwork)
      network.identity = { RuleTests.identity(33, "www-data", nil) }
      let first = try await bench.client()
      let second = try await bench.client()
      let third = try await bench.visitor()
      #expect(try await third.reply().hasPrefix("421 4.7.0 too many connections of yours; Listen.MaxConnectionsPerClient allows 2"))
      network.identity = { RuleTests.identity(34, "other", nil) }
      #expect(try await bench.visitor().reply().hasPrefix("220"))
      for client in [first, second] { try await client.say(("NOOP", 250)) }
      #expect(bench.refusals.count == 1)
    }
  }

  @Test func `where the user is unknown, connections are counted by address`() throws {
    try Bench.simulated(.init("[Listen]\nAddress=0.0.0.0:25\nNetworks=10.0.0.0/8\nMaxConnectionsPerClient=1\n")) { bench in
      let reply11 = try await bench.greeting(from: .v4([10, 0, 0, 1], port: 1))
      #expect(reply11.hasPrefix("220"))
      let reply12 = try await bench.greeting(from: .v4([10, 0, 0, 1], port: 2))
      #expect(reply12.hasPrefix("421 4.7.0"))
      let reply21 = try await bench.greeting(from: .v4([10, 0, 0, 2], port: 1))
      #expect(reply21.hasPrefix("220"))
    }
  }

  @Test func `a message that is too large is refused at MAIL when it is announced, and at its end when not`() throws {
    try Bench.simulated(.init("[Listen]\nMaxMessageSize=64K\n")) { bench in
      let client = try await bench.client()
      #expect(try await client.say("MAIL FROM:<a@b.example> SIZE=65537").hasPrefix("552 5.3.4"))
      #expect(try await client.hand(in: LimitTests.text(2000)).hasPrefix("552 5.3.4"))
      #expect(try await client.hand(in: LimitTests.text(900)).hasPrefix("250"))
      #expect(bench.letters.count == 1)
    }
  }

  @Test func `one recipient too many waits for the next transaction`() throws {
    try Bench.simulated(.init("[Listen]\nMaxRecipients=2\n")) { bench in
      let client = try await bench.client()
      try await client.say(("MAIL FROM:<a@b.example>", 250), ("RCPT TO:<a@b.example>", 250), ("RCPT TO:<b@b.example>", 250))
      #expect(try await client.say("RCPT TO:<c@b.example>").hasPrefix("452 4.5.3"))
      try await client.say(("DATA", 354), ("\r\nhello\r\n.", 250))
      #expect(bench.letters.first?.envelope.recipients.count == 2)
    }
  }

  @Test func `a command line, a text line and a header section have their lengths`() throws {
    try Bench.simulated(.init("[Listen]\nMaxCommandLine=512\nMaxTextLine=1000\nMaxHeaderSize=8K\n")) { bench in
      let client = try await bench.client()
      #expect(try await client.say("NOOP " + String(repeating: "x", count: 506)).hasPrefix("500 5.5.2"))
      #expect(try await client.say("NOOP " + String(repeating: "x", count: 505)).hasPrefix("250"))
      #expect(try await client.hand(in: LimitTests.text(1, String(repeating: "x", count: 999))).hasPrefix("554 5.6.0"))
      #expect(try await client.hand(in: LimitTests.text(1, String(repeating: "x", count: 998))).hasPrefix("250"))
      let header = Array(String(repeating: "X-Filler: 0123456789\r\n", count: 400).utf8)
      #expect(try await client.hand(in: header + LimitTests.text(1)).hasPrefix("552 5.3.4 the header section"))
      #expect(try await client.hand(in: header.prefix(22 * 300) + LimitTests.text(1)).hasPrefix("250"))
      #expect(bench.letters.count == 2)
    }
  }

  @Test func `a header section without end is not kept in memory`() throws {
    var plan = Bench.Plan("[Listen]\nMaxHeaderSize=8K\nMaxMessageSize=35M\nMaxMemory=1M\n")
    plan.spool = { $0.segmentSize = .mebibytes(2) }
    try Bench.simulated(plan) { bench in
      let client = try await bench.client()
      let endless = Array(String(repeating: "X-Filler: 0123456789\r\n", count: 200_000).utf8)
      #expect(try await client.hand(in: endless).hasPrefix("552 5.3.4 the header section is larger than the limit of 8192 bytes"))
      #expect(try await client.hand(in: LimitTests.text(1)).hasPrefix("250"))
    }
  }

  @Test func `a message that goes round in circles is refused`() throws {
    try Bench.simulated(.init("[Listen]\nMaxHops=3\n")) { bench in
      let client = try await bench.client()
      let hop = Array("Received: from a by b; Thu, 1 Jan 1970 00:00:00 +0000\r\n".utf8)
      #expect(try await client.hand(in: hop + hop + hop + LimitTests.text(1)).hasPrefix("250"))
      #expect(try await client.hand(in: hop + hop + hop + hop + LimitTests.text(1)).hasPrefix("554 5.4.6"))
    }
  }

  @Test func `messages and errors of one connection are counted`() throws {
    try Bench.simulated(.init("[Listen]\nMaxTransactions=2\nMaxErrors=3\n")) { bench in
      let client = try await bench.client()
      for _ in 0..<2 { #expect(try await client.hand(in: LimitTests.text(1)).hasPrefix("250")) }
      #expect(try await client.say("MAIL FROM:<a@b.example>").hasPrefix("421 4.7.0"))
      #expect(try await client.hasEnded())
      let clumsy = try await bench.client()
      try await clumsy.say(("WHAT", 500), ("WHAT", 500))
      #expect(try await clumsy.say("WHAT").hasPrefix("421 4.7.0 too many errors"))
      #expect(try await clumsy.hasEnded())
    }
  }

  @Test func `without room on the disk there is no MAIL, and afterwards there is`() throws {
    var plan = Bench.Plan()
    plan.spool = {
      $0.segmentSize = .mebibytes(2)
      $0.reserve = .mebibytes(64)
    }
    try Bench.simulated(plan) { bench in
      let client = try await bench.client()
      bench.disk.setCapacity(16 << 20)
      _ = await bench.loop.sleep(.seconds(5))
      _ = try await client.say("MAIL FROM:<a@b.example>")
      _ = await bench.loop.sleep(.seconds(5))
      try await client.say(("RSET", 250))
      #expect(try await client.say("MAIL FROM:<a@b.example>").hasPrefix("452 4.3.1"))
      bench.disk.setCapacity(1 << 40)
      _ = await bench.loop.sleep(.seconds(5))
      _ = try await client.say("MAIL FROM:<a@b.example>")
      _ = await bench.loop.sleep(.seconds(5))
      try await client.say(("RSET", 250), ("MAIL FROM:<a@b.example>", 250))
    }
  }

  @Test func `unfinished messages share a bounded memory, and those beyond it are told to come back`() throws {
    try Bench.simulated(.init("[Listen]\nMaxMemory=1M\n")) { bench in
      let memory = bench.server.memory
      var clients: [Speaker] = []
      // Thirty clients bring 100 KiB each and do not end: past half of the limit their bodies go to files.
      let part = LimitTests.text(1600)
      for _ in 0..<30 {
        let client = try await bench.client()
        try await client.say(("MAIL FROM:<a@b.example>", 250), ("RCPT TO:<c@d.example>", 250), ("DATA", 354))
        try await client.send(part)
        clients.append(client)
        _ = await bench.loop.sleep(.milliseconds(50))
        #expect(memory.held <= 1 << 20)
      }
      #expect(bench.disk.count(of: .write) > 4)
      for client in clients {
        try await client.send(".\r\n")
        let reply = try await client.reply()
        #expect(reply.hasPrefix("250") || reply.hasPrefix("452 4.3.1 too many messages"), "\(reply)")
      }
      #expect(bench.letters.count >= 25)
      for letter in bench.letters { #expect(try await bench.bytes(of: letter).suffix(part.count).elementsEqual(part)) }
      #expect(memory.held == 0)
    }
  }

  @Test func `a message that would take more memory than there is, is refused and another is not`() throws {
    var plan = Bench.Plan("[Listen]\nMaxMemory=1M\n")
    plan.change = { $0.maxMemory = .kibibytes(100) }
    try Bench.simulated(plan) { bench in
      let client = try await bench.client()
      let small = try await bench.client()
      // A header section is kept until it is complete, so this cannot go to a file.
      let header = Array(String(repeating: "X-Filler: 0123456789\r\n", count: 6000).utf8)
      #expect(try await client.hand(in: header + LimitTests.text(1)).hasPrefix("452 4.3.1 too many messages are coming in"))
      #expect(bench.refusals.last?.text.contains("Listen.MaxMemory=") == true)
      #expect(try await small.hand(in: LimitTests.text(1)).hasPrefix("250"))
      #expect(try await client.hand(in: LimitTests.text(1)).hasPrefix("250"))
      #expect(bench.server.memory.held == 0)
    }
  }
}

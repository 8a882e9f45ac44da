// SPDX-License-Identifier: Apache-2.0
import EventLoop
import Mail
import Octets
import Simulation
import Spool
import Testing
import Timekeeping

@testable import Submission

/// Bodies about as long as the journal takes, many at one time, against the memory that they share.
@Suite struct LargeBodyTests {
  /// 1.2 MiB, in parts that come one after the other.
  private static let part = LimitTests.text(1000)
  private static let parts = 19

  @Test func `two hundred clients that bring 1.2 MiB slowly stay within the memory, and all their mail is taken`() throws {
    var plan = Bench.Plan("[Listen]\nMaxMemory=64M\n")
    plan.spool = { $0.segmentSize = .mebibytes(16) }
    try Bench.simulated(plan) { bench in
      let memory = bench.server.memory
      var clients: [Speaker] = []
      for _ in 0..<200 {
        let client = try await bench.client()
        try await client.say(("MAIL FROM:<a@b.example>", 250), ("RCPT TO:<c@d.example>", 250), ("DATA", 354))
        clients.append(client)
      }
      var most = 0
      for _ in 0..<LargeBodyTests.parts {
        for client in clients {
          try await client.send(LargeBodyTests.part)
          most = max(most, memory.held)
        }
        _ = await bench.loop.sleep(.milliseconds(300))
        most = max(most, memory.held)
      }
      // Who was let in stays in memory, everybody else is in a file.
      #expect(most > 16 << 20 && most <= 64 << 20, "\(most)")
      for client in clients {
        try await client.send(".\r\n")
        #expect(try await client.reply().hasPrefix("250"))
      }
      let journaled = bench.letters.count { if case .memory = $0.body { true } else { false } }
      #expect(bench.letters.count == 200 && journaled >= 20 && journaled <= 48, "\(journaled)")
      #expect(memory.held == 0 && memory.shared == 0)
    }
  }

  @Test func `a thousand clients that fall silent in a large body hold no more than the memory, and others are served`() throws {
    var plan = Bench.Plan("[Listen]\nMaxMemory=8M\nMaxConnections=2000\nMaxConnectionsPerClient=2000\nDataTimeout=60s\n")
    plan.spool = { $0.segmentSize = .mebibytes(16) }
    try Bench.simulated(plan) { bench in
      let memory = bench.server.memory
      var refused = 0
      for number in 0..<1000 {
        let client = try await bench.client()
        let size = number.isMultiple(of: 2) ? " SIZE=1200000" : ""
        let reply = try await client.say("MAIL FROM:<a@b.example>\(size)")
        guard reply.hasPrefix("250") else {
          #expect(reply.hasPrefix("452 4.3.1 too many messages"))
          refused += 1
          continue
        }
        try await client.say(("RCPT TO:<c@d.example>", 250), ("DATA", 354))
        try await client.send(LargeBodyTests.part + LargeBodyTests.part)
        #expect(memory.held <= 8 << 20)
      }
      _ = await bench.loop.sleep(.seconds(1))
      #expect(memory.held <= 8 << 20)
      // All is given back when they are given up.
      _ = await bench.loop.sleep(.seconds(120))
      #expect(memory.held == 0 && memory.shared == 0)
      _ = await bench.loop.sleep(.seconds(1))
      #expect(try bench.disk.names(in: "bodies").isEmpty && bench.letters.isEmpty)
      let late = try await bench.client()
      #expect(try await late.hand(in: LimitTests.text(16_000)).hasPrefix("250"))
    }
  }

  @Test func `more clients than there is memory for wait for each other, and none of their mail needs a file`() throws {
    var plan = Bench.Plan("[Listen]\nMaxMemory=8M\n")
    plan.spool = { $0.segmentSize = .mebibytes(16) }
    try Bench.simulated(plan) { bench in
      let text = LimitTests.text(15_000)
      let first = try await bench.client()
      #expect(try await first.hand(in: text).hasPrefix("250"))
      var clients: [Speaker] = []
      for _ in 0..<12 {
        let client = try await bench.client()
        try await client.say(("MAIL FROM:<a@b.example> SIZE=\(text.count)", 250), ("RCPT TO:<c@d.example>", 250), ("DATA", 354))
        clients.append(client)
      }
      for client in clients { await client.offer(text + Array(".\r\n".utf8)) }
      for client in clients { #expect(try await client.reply().hasPrefix("250")) }
      #expect(try bench.letters.count == 13 && bench.disk.names(in: "bodies").isEmpty)
      for letter in bench.letters { #expect(try await bench.bytes(of: letter).suffix(text.count).elementsEqual(text)) }
      #expect(bench.server.memory.held == 0 && bench.server.memory.shared == 0)
    }
  }

  @Test(arguments: [0, 1_310_720, 1_310_721, 3_000_000])
  func `what a client says about the size decides nothing but where its message is kept`(announced: Int) throws {
    var plan = Bench.Plan()
    plan.spool = { $0.segmentSize = .mebibytes(16) }
    try Bench.simulated(plan) { bench in
      let client = try await bench.client()
      for lines in [900, 1100, 4000, 19_500, 20_500, 46_000] {
        let text = LimitTests.text(lines)
        let size = announced == 0 ? "" : " SIZE=\(announced)"
        try await client.say(("MAIL FROM:<a@b.example>\(size)", 250), ("RCPT TO:<c@d.example>", 250), ("DATA", 354))
        try await client.send(text + Array(".\r\n".utf8))
        #expect(try await client.reply().hasPrefix("250"))
        let letter = try #require(bench.letters.last)
        #expect(try await bench.bytes(of: letter).suffix(text.count).elementsEqual(text))
        if letter.size > 1_310_720 { #expect(try bench.disk.names(in: "bodies").contains("\(letter.id)")) }
      }
      #expect(bench.server.memory.held == 0 && bench.server.memory.shared == 0)
    }
  }

  @Test func `who is too large for what is left holds nobody up`() throws {
    try Bench.simulated(Bench.Plan("[Listen]\nMaxMemory=2M\n")) { bench in
      let (memory, start) = (bench.server.memory, bench.loop.moment)
      #expect(await memory.takeShare(900_000))
      memory.returnShare(900_000)
      #expect(await memory.takeShare(900_000))
      var isLetIn: Bool?
      bench.loop.spawn { isLetIn = await memory.takeShare(400_000) }
      _ = await bench.loop.sleep(.milliseconds(10))
      #expect(await memory.takeShare(100_000))
      #expect(await !memory.takeShare(1_100_000), "it never fits, so it does not wait")
      #expect(isLetIn == nil && bench.loop.moment - start < .milliseconds(20))
      // What fits now is let in, in the order of asking.
      memory.returnShare(900_000)
      _ = await bench.loop.sleep(.milliseconds(1))
      #expect(isLetIn == true)
      // Small ones that move on are no reason for a large one to wait.
      _ = await bench.loop.sleep(.milliseconds(300))
      memory.returnShare(100_000)
      #expect(await !memory.takeShare(900_000))
      #expect(bench.loop.moment - start < .milliseconds(320))
    }
  }

  @Test func `an envelope that leaves the body no room in a record sends it to a file`() throws {
    var plan = Bench.Plan()
    plan.spool = { $0.segmentSize = .mebibytes(1) }
    try Bench.simulated(plan) { bench in
      let client = try await bench.client()
      for length in [200_000, 230_000, 240_000, 250_000, 253_500, 256_000, 262_000] {
        try await client.say(("MAIL FROM:<a@b.example>", 250))
        for number in 0..<400 { try await client.say(("RCPT TO:<\(number)-with-a-name-that-takes-room@d.example>", 250)) }
        try await client.say(("DATA", 354))
        let text = Array(LimitTests.text(length / 64 + 2).prefix(length - 2)) + Array("\r\n".utf8)
        try await client.send(text + Array(".\r\n".utf8))
        let reply = try await client.reply()
        #expect(reply.hasPrefix("250"), "\(length): \(reply)")
      }
    }
  }

  @Test func `a message that is all headers and longer than a record goes to a file`() throws {
    var plan = Bench.Plan()
    plan.spool = { $0.segmentSize = .mebibytes(1) }
    try Bench.simulated(plan) { bench in
      let client = try await bench.client()
      for lines in [900, 4000, 6000] {
        let text = (0..<lines).flatMap { Array("X-\($0): \(String(repeating: "x", count: 60))\r\n".utf8) }
        #expect(try await client.hand(in: text).hasPrefix("250"))
        let letter = try #require(bench.letters.last)
        #expect(try await bench.bytes(of: letter).suffix(text.count).elementsEqual(text))
      }
      #expect(bench.server.memory.held == 0 && bench.server.memory.shared == 0)
    }
  }
}

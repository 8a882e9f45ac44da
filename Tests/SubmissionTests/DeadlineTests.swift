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

/// Every wait for a client ends, in virtual time.
@Suite struct DeadlineTests {
  @Test func `a client that says nothing is told so and closed`() throws {
    try Bench.simulated(.init("[Listen]\nCommandTimeout=1min\n")) { bench in
      let client = try await bench.client()
      client.patience = .seconds(61)
      let begun = bench.loop.moment
      #expect(try await client.reply() == "421 4.4.2 timeout; closing")
      #expect(bench.loop.moment - begun >= .seconds(59))
      #expect(try await client.hasEnded())
    }
  }

  @Test func `a client that falls silent inside a message is closed, and nothing of it is kept`() throws {
    try Bench.simulated(.init("[Listen]\nDataTimeout=30s\n")) { bench in
      let client = try await bench.client()
      client.patience = .seconds(60)
      try await client.say(("MAIL FROM:<a@b.example>", 250), ("RCPT TO:<c@d.example>", 250), ("DATA", 354))
      try await client.send("Subject: hi\r\n\r\nhello")
      #expect(try await client.reply() == "421 4.4.2 timeout; closing")
      #expect(try await client.hasEnded())
      #expect(bench.letters.isEmpty && bench.server.memory.held == 0)
    }
  }

  @Test func `a message that drips in for ever comes to an end`() throws {
    try Bench.simulated(.init("[Listen]\nTransactionTimeout=10min\n")) { bench in
      let client = try await bench.client()
      try await client.say(("MAIL FROM:<a@b.example>", 250), ("RCPT TO:<c@d.example>", 250), ("DATA", 354))
      let begun = bench.loop.moment
      for _ in 0..<59 {
        try await client.send("drip\r\n")
        _ = await bench.loop.sleep(.seconds(10))
      }
      client.patience = .seconds(30)
      #expect(try await client.reply() == "421 4.4.2 timeout; closing")
      #expect(bench.loop.moment - begun < .seconds(610))
    }
  }

  @Test func `RCPT after RCPT is within the time of one message`() throws {
    try Bench.simulated(.init("[Listen]\nTransactionTimeout=1min\n")) { bench in
      let client = try await bench.client()
      try await client.say(("MAIL FROM:<a@b.example>", 250))
      var replies: [String] = []
      for index in 0..<10 {
        _ = await bench.loop.sleep(.seconds(10))
        await client.offer(Array("RCPT TO:<user\(index)@d.example>\r\n".utf8))
        replies.append(try await client.reply())
        if replies.last?.hasPrefix("421") == true { break }
      }
      #expect(replies.count == 6 && replies.last == "421 4.4.2 timeout; closing")
    }
  }

  @Test func `a connection kept open by NOOP comes to an end, but not in the middle of a message`() throws {
    try Bench.simulated(.init("[Listen]\nConnectionTimeout=10min\n")) { bench in
      let idle = try await bench.client()
      let busy = try await bench.client()
      for _ in 0..<9 {
        _ = await bench.loop.sleep(.seconds(60))
        try await idle.say(("NOOP", 250))
        try await busy.say(("NOOP", 250))
      }
      try await busy.say(("MAIL FROM:<a@b.example>", 250), ("RCPT TO:<c@d.example>", 250))
      idle.patience = .seconds(90)
      #expect(try await idle.reply() == "421 4.4.2 timeout; closing")
      _ = await bench.loop.sleep(.seconds(60))
      try await busy.say(("DATA", 354), ("Subject: hi\r\n\r\nhello\r\n.", 250))
      #expect(try await busy.reply() == "421 4.4.2 timeout; closing")
      #expect(bench.letters.count == 1)
    }
  }

  @Test func `a client that does not read its replies is given up`() throws {
    try Bench.simulated(.init("[Listen]\nCommandTimeout=1min\n")) { bench in
      let client = try await bench.client()
      let flood = Array(String(repeating: "HELP\r\n", count: 2000).utf8)
      await client.offer(flood)
      _ = await bench.loop.sleep(.seconds(90))
      #expect(bench.server.doors.first?.connections == 0)
      #expect(bench.events.last?.text.contains("timed-out") == true)
    }
  }

  @Test func `a stop ends idle connections and lets messages under way be finished`() throws {
    try Bench.simulated { bench in
      let idle = try await bench.client()
      let busy = try await bench.client()
      try await busy.say(("MAIL FROM:<a@b.example>", 250), ("RCPT TO:<c@d.example>", 250), ("DATA", 354))
      bench.loop.spawn { await bench.server.drain(until: bench.loop.moment + .seconds(30)) }
      #expect(try await idle.reply().hasPrefix("421 4.3.2"))
      _ = await bench.loop.sleep(.seconds(1))
      #expect(try await busy.say("Subject: hi\r\n\r\nhello\r\n.").hasPrefix("250 2.0.0 queued as"))
      #expect(try await busy.reply().hasPrefix("421 4.3.2"))
    }
  }
}

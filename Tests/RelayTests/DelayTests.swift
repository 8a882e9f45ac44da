// SPDX-License-Identifier: Apache-2.0
import EventLoop
import Octets
import Relay
import Simulation
import Testing
import Timekeeping
import Varlink

/// What senders are told while their mail waits, and what becomes of reports when the disk is in trouble.
@Suite struct DelayTests {
  @Test func `a sender is told once that a message is late, and of its end`() {
    run("late") { world in
      let house = try await House(world, "[Retry]\nMaxAge=2d\n[Bounce]\nWarnAfter=4h\n") { upstream, _ in
        upstream.answer = { $0.hasPrefix("RCPT TO:<slow") ? .say("450 4.2.1 busy") : .usual }
      }
      let begun = house.loop.moment
      try await house.submit(to: ["slow@b.example", "quick@b.example"])
      #expect(await house.wait(within: .seconds(5 * 3600)) { house.takings.messages.count == 2 })
      #expect(house.loop.moment - begun >= .seconds(4 * 3600))
      let warning = house.takings.messages[1]
      #expect(warning.sender.isEmpty && warning.recipients == ["me@a.example"])
      for words in ["Subject: Delayed: hi\r\n", "Action: delayed\r\n", "Status: 4.2.1\r\n", "Will-Retry-Until: ", "slow@b.example"] {
        #expect(warning.body.contains(words), "\(words)")
      }
      #expect(!warning.body.contains("quick@b.example"))
      #expect(await house.wait(within: .seconds(3 * 86_400)) { house.relay.status().spool.failed == 1 })
      #expect(await house.wait(within: .seconds(60)) { house.takings.messages.count == 3 })
      #expect(house.takings.messages[2].body.contains("Status: 4.4.7\r\n"))
      #expect(house.takings.messages[2].body.contains("450 4.4.7 given up after"))
      await house.stop()
    }
  }

  @Test func `who wants no word of delays gets none, and mail that waits by its sender's wish is not late`() {
    run("wishes") { world in
      let house = try await House(world, "[Bounce]\nWarnAfter=4h\n")
      house.upstream.answer = { $0.hasPrefix("RCPT") ? .say("450 4.2.1 busy") : .usual }
      try await ReportTests.handIn(house, "MAIL FROM:<me@a.example>", ["RCPT TO:<slow@b.example> NOTIFY=FAILURE"])
      try await ReportTests.handIn(house, "MAIL FROM:<me@a.example> HOLDFOR=36000", ["RCPT TO:<later@b.example>"])
      try await ReportTests.handIn(house, "MAIL FROM:<>", ["RCPT TO:<slow@b.example>"])
      _ = await house.loop.sleep(.seconds(12 * 3600))
      #expect(house.log.lines(with: "reported ").isEmpty)
      _ = await house.loop.sleep(.seconds(3 * 3600))
      #expect(house.log.lines(with: "reported ").count == 1)
      house.upstream.answer = { _ in .usual }
      #expect(await house.drain(within: .seconds(7200)))
      await house.stop()
    }
  }

  @Test func `mail that waits for an upstream that is gone is late in words that give nothing away`() {
    run("gone") { world in
      let house = try await House(world, "[Bounce]\nWarnAfter=1h\n")
      house.upstream.stop()
      try await house.submit()
      _ = await house.loop.sleep(.seconds(7 * 86_400))
      // The warning waits as well; nothing else is reported, however long it lasts.
      #expect(house.relay.status().spool.failed == 0 && house.relay.status().spool.messages == 2)
      #expect(house.log.lines(with: "reported ").count == 1)
      try house.upstream.start()
      #expect(await house.drain(within: .seconds(400)))
      let warning = house.takings.messages.first { $0.sender.isEmpty }
      #expect(warning?.body.contains("Diagnostic-Code: x-posthouse; the next mail server cannot") == true)
      #expect(warning?.body.contains("mx.example.com") == false)
      await house.stop()
    }
  }

  @Test func `a failure is noted only when the report of it is on the disk`() {
    run("full") { world in
      let house = try await House(world, "[Spool]\nReserve=64M\n[Retry]\nFirst=60s\nMax=60s\n")
      house.upstream.pause = .seconds(5)
      house.upstream.answer = ReportTests.refuse
      try await house.submit(to: ["bad@b.example", "good@b.example"])
      house.disk.setCapacity(20_000_000)
      #expect(await house.wait(within: .seconds(200)) { !house.log.lines(with: "report-refused").isEmpty })
      #expect(house.takings.messages.map(\.recipients) == [["good@b.example"]])
      #expect(house.relay.status().spool.failed == 0 && house.relay.status().spool.messages == 1)
      let waiting = await house.relay.message(house.relay.messages(in: nil)[0])
      #expect(waiting?.recipients[0].reply?.contains("no report of the failure could be stored: no such user") == true)
      house.disk.setCapacity(1 << 40)
      #expect(await house.wait(within: .seconds(400)) { house.takings.messages.count == 2 })
      #expect(house.takings.messages[1].recipients == ["me@a.example"])
      #expect(house.relay.status().spool.failed == 1)
      await house.stop()
    }
  }
}

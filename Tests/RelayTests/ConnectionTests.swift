// SPDX-License-Identifier: Apache-2.0
import EventLoop
import LinuxSystem
import Relay
import Simulation
import Testing
import Timekeeping
import Varlink

/// How connections to the upstream are used: again, not for too long, not too many.
@Suite struct ConnectionTests {
  @Test func `messages that follow each other share a connection, and an idle one is left in good order`() {
    run("reuse") { world in
      let house = try await House(world, "[Upstream]\nIdleTimeout=10s\n")
      for number in 0..<5 {
        try await house.submit(to: ["to\(number)@b.example"])
        _ = await house.loop.sleep(.seconds(5))
      }
      #expect(house.upstream.connections == 1 && house.takings.messages.count == 5)
      #expect(house.relay.status().upstreams[0].connections == 1)
      _ = await house.loop.sleep(.seconds(7))
      #expect(house.upstream.open == 0 && house.upstream.commands.last == "QUIT")
      try await house.submit()
      _ = await house.loop.sleep(.seconds(1))
      #expect(house.upstream.connections == 2)
      await house.stop()
    }
  }

  @Test func `with an idle time of nothing each message has a connection of its own`() {
    run("no idling") { world in
      let house = try await House(world, "[Upstream]\nIdleTimeout=0s\n")
      for number in 0..<5 {
        try await house.submit(to: ["to\(number)@b.example"])
        _ = await house.loop.sleep(.seconds(5))
      }
      #expect(house.upstream.connections == 5 && house.upstream.open == 0 && house.takings.messages.count == 5)
      await house.stop()
    }
  }

  @Test(arguments: [["PIPELINING"], ["PIPELINING", "CHUNKING"], []])
  func `a connection carries as many messages as the settings say`(offers: [String]) {
    run("limit") { world in
      let house = try await House(world, "[Upstream]\nConnections=1\nMessagesPerConnection=3\n") { upstream, _ in
        upstream.offers = offers
        upstream.pause = .milliseconds(2)
      }
      for number in 0..<10 { try await house.submit(to: ["to\(number)@b.example"]) }
      #expect(await house.drain(within: .seconds(60)))
      #expect(house.takings.messages.count == 10 && house.upstream.connections == 4 && house.upstream.mostOpen == 1)
      await house.stop()
    }
  }

  @Test func `a connection that has grown old takes no more mail, idle or busy`() {
    run("old") { world in
      let house = try await House(world, "[Upstream]\nConnections=1\nIdleTimeout=1h\nConnectionAge=60s\n")
      for number in 0..<20 {
        try await house.submit(to: ["to\(number)@b.example"])
        _ = await house.loop.sleep(.seconds(12))
      }
      #expect(house.takings.messages.count == 20 && house.upstream.connections == 4, "\(house.upstream.connections) connections")
      _ = await house.loop.sleep(.seconds(61))
      #expect(house.upstream.open == 0 && house.upstream.commands.last == "QUIT")
      #expect(house.log.lines(with: "postponed").isEmpty)
      await house.stop()
    }
  }

  @Test(arguments: [1, 2, 5]) func `no more connections are open than the settings say`(limit: Int) {
    run("most") { world in
      let house = try await House(world, "[Upstream]\nConnections=\(limit)\n") { upstream, _ in
        upstream.offers = []
        upstream.pause = .milliseconds(50)
      }
      for number in 0..<40 { try await house.submit(to: ["to\(number)@b.example"]) }
      #expect(await house.drain(within: .seconds(60)))
      #expect(house.takings.messages.count == 40 && house.upstream.mostOpen == limit)
      await house.stop()
    }
  }

  @Test func `an upstream that hangs up on the idle costs no message an attempt`() {
    run("hang up") { world in
      let house = try await House(world, "[Upstream]\nIdleTimeout=1h\n")
      for number in 0..<5 {
        try await house.submit(to: ["to\(number)@b.example"])
        _ = await house.loop.sleep(.seconds(30))
        house.upstream.hangUp()
        _ = await house.loop.sleep(.seconds(30))
      }
      #expect(house.takings.messages.count == 5 && house.upstream.connections == 5)
      #expect(house.log.lines(with: "postponed").isEmpty && house.log.lines(with: "unreachable").isEmpty)
      await house.stop()
    }
  }

  @Test func `large messages go out of their files, whole`() {
    run("large") { world in
      let house = try await House(world)
      let line = "0123456789 abcdefghijklmnopqrstuvwxyz 0123456789 abcdefghijklmnop\r\n"
      let body = "Subject: large\r\n\r\n" + String(repeating: line + ".\r\n", count: 12_000)
      for number in 0..<3 { try await house.submit(to: ["to\(number)@b.example"], body) }
      #expect(await house.drain(within: .seconds(60)))
      #expect(house.takings.messages.count == 3 && house.takings.messages.allSatisfy { $0.body.hasSuffix(body) })
      _ = await house.loop.sleep(.seconds(1))
      #expect(try house.disk.names(in: "bodies").isEmpty)
      await house.stop()
    }
  }

  @Test func `more mail than memory keeps is read back, and nothing is lost or sent twice`() {
    run("many") { world in
      let house = try await House(world, "[Upstream]\nConnections=3\n") { upstream, _ in upstream.pause = .milliseconds(1) }
      let body = "Subject: b\r\n\r\n" + String(repeating: "x", count: 900) + "\r\n" + String(repeating: "many lines\r\n", count: 8000)
      house.upstream.stop()
      for _ in 0..<4 {
        var client = try await MailClient.connect(house.loop, house.network, House.mailAddress)
        for number in 0..<100 {
          #expect(try await client.send(from: "m\(number)@a.example", to: ["to@b.example"], body).hasPrefix("250"))
        }
        await client.quit()
      }
      try house.upstream.start()
      #expect(house.relay.flush(nil) == 400)
      #expect(await house.drain(within: .seconds(600)))
      #expect(house.takings.messages.count == 400)
      await house.stop()
    }
  }

  @Test func `a flush tries a held upstream at once, and finds it held again`() {
    run("flush") { world in
      let house = try await House(world) { upstream, _ in
        upstream.answer = { $0.hasPrefix("MAIL") ? .say("530 5.7.0 Authentication required") : .usual }
      }
      for number in 0..<3 { try await house.submit(to: ["to\(number)@b.example"]) }
      _ = await house.loop.sleep(.seconds(3600))
      let before = house.upstream.commands.count { $0.hasPrefix("MAIL") }
      #expect(house.relay.flush(nil) == 3)
      _ = await house.loop.sleep(.seconds(2))
      let tries = house.upstream.commands.count { $0.hasPrefix("MAIL") } - before
      #expect((1...3).contains(tries), "\(tries) attempts")
      #expect(house.relay.status().upstreams[0].state == .held)
      house.upstream.answer = { _ in .usual }
      let ids = house.relay.messages(in: nil)
      #expect(house.relay.flush(ids[1]) == 1)
      #expect(await house.drain(within: .seconds(5)))
      #expect(house.relay.flush(ids[1]) == nil)
      await house.stop()
    }
  }

  @Test func `a flush of one message leaves the others their time`() {
    run("flush one") { world in
      var isWilling = false
      let house = try await House(world, "[Retry]\nFirst=1h\nJitter=0%\n") { upstream, _ in
        upstream.answer = { $0.hasPrefix("RCPT") && !isWilling ? .say("450 4.2.0 not now") : .usual }
      }
      for number in 0..<3 { try await house.submit(to: ["to\(number)@b.example"]) }
      _ = await house.loop.sleep(.seconds(10))
      isWilling = true
      #expect(house.relay.flush(house.relay.messages(in: .deferred)[1]) == 1)
      _ = await house.loop.sleep(.seconds(10))
      #expect(house.takings.messages.map(\.recipients) == [["to1@b.example"]])
      #expect(await house.drain(within: .seconds(3700)))
      await house.stop()
    }
  }
}

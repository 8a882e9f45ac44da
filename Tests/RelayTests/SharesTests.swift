// SPDX-License-Identifier: Apache-2.0
import EventLoop
import LinuxSystem
import Relay
import Simulation
import Testing
import Timekeeping
import Varlink

/// How much an upstream gets, and who has a share in it.
@Suite struct SharesTests {
  @Test func `no more leaves in a second than the settings say, and no less`() {
    run("rate") { world in
      let house = try await House(world, "[Upstream]\nMaxPerSecond=10\n")
      for number in 0..<300 { try await house.submit(to: ["to\(number)@b.example"]) }
      let begun = house.takings.messages.count
      _ = await house.loop.sleep(.seconds(10))
      let sent = house.takings.messages.count - begun
      #expect((95...105).contains(sent), "\(sent) in ten seconds")
      #expect(await house.drain(within: .seconds(60)))
      await house.stop()
    }
  }

  @Test func `recipients are counted where the settings say so`() {
    run("recipients") { world in
      let house = try await House(world, "[Upstream]\nMaxPerMinute=60\nLimitCounts=recipients\n")
      for number in 0..<20 { try await house.submit(to: (0..<10).map { "to\(number)-\($0)@b.example" }) }
      _ = await house.loop.sleep(.seconds(100))
      #expect((90...120).contains(house.takings.messages.flatMap(\.recipients).count))
      #expect(await house.drain(within: .seconds(200)))
      await house.stop()
    }
  }

  @Test func `what was sent in a day still counts after a restart`() {
    run("day") { world in
      let settings = "[Upstream]\nMaxPerDay=20\n"
      let house = try await House(world, settings)
      for number in 0..<15 { try await house.submit(to: ["to\(number)@b.example"]) }
      #expect(await house.drain(within: .seconds(5)))
      await house.stop()
      let next = try await House(world, settings, disk: house.disk, takings: house.takings)
      for number in 0..<15 { try await next.submit(to: ["next\(number)@b.example"]) }
      _ = await next.loop.sleep(.seconds(3600))
      #expect(next.takings.messages.count == 20)
      #expect(await next.drain(within: .seconds(90_000)))
      #expect(next.takings.messages.count == 30)
      await next.stop()
    }
  }

  @Test func `who has had its day lets another upstream go on`() {
    run("overflow") { world in
      let more = "[Upstream]\nMaxPerDay=5\n[Upstream \"paid\"]\nHost=paid.example.com\nPort=25\nTLS=none\nPriority=20\n"
      let house = try await House(world, more)
      let paid = try house.addUpstream("paid", 2)
      for number in 0..<12 { try await house.submit(to: ["to\(number)@b.example"]) }
      #expect(await house.drain(within: .seconds(10)))
      #expect([house.takings.messages.count, paid.takings.messages.count] == [5, 7])
      await house.stop()
    }
  }

  @Test func `mail that somebody waits for passes bulk, and bulk is not forgotten`() {
    run("bulk") { world in
      let house = try await House(world, "[Upstream]\nMaxPerSecond=10\n")
      for number in 0..<200 { try await house.submit(to: ["bulk\(number)@b.example"], "Precedence: bulk\r\n\r\nnews\r\n") }
      for number in 0..<20 { try await house.submit(to: ["now\(number)@b.example"]) }
      _ = await house.loop.sleep(.seconds(4))
      let sent = house.takings.messages.flatMap(\.recipients)
      #expect(sent.count { $0.hasPrefix("now") } == 20)
      #expect(sent.count { $0.hasPrefix("bulk") } > 10)
      #expect(await house.drain(within: .seconds(60)))
      await house.stop()
    }
  }

  @Test func `a route makes mail bulk, or takes that away from it`() {
    run("bulk by rule") { world in
      let more = "[Upstream]\nMaxPerSecond=10\n[Route \"n\"]\nSenders=news@*\nBulk=yes\n[Route \"x\"]\nSenders=x@*\nBulk=no\n"
      let house = try await House(world, more)
      for number in 0..<100 { try await house.submit(to: ["bulk\(number)@b.example"], from: "news@a.example") }
      for number in 0..<10 {
        try await house.submit(to: ["now\(number)@b.example"], from: "x@a.example", "Precedence: list\r\n\r\nhurry\r\n")
      }
      _ = await house.loop.sleep(.seconds(3))
      #expect(house.takings.messages.flatMap(\.recipients).count { $0.hasPrefix("now") } == 10)
      #expect(await house.drain(within: .seconds(60)))
      await house.stop()
    }
  }

  @Test func `connections grow with success and shrink when the upstream wants fewer`() {
    run("window") { world in
      var isTight = false
      let house = try await House(world, "[Upstream]\nConnections=10\nMessagesPerConnection=1\n") { upstream, _ in
        upstream.pause = .milliseconds(100)
      }
      house.upstream.answer = { line in
        isTight && line == "CONNECT" && house.upstream.open > 3 ? .sayAndClose("421 4.7.0 Too many concurrent SMTP connections") : .usual
      }
      for number in 0..<300 { try await house.submit(to: ["to\(number)@b.example"]) }
      #expect(await house.drain(within: .seconds(600)))
      #expect(house.upstream.mostOpen == 10)
      isTight = true
      for number in 0..<300 { try await house.submit(to: ["more\(number)@b.example"]) }
      #expect(await house.drain(within: .seconds(3600)))
      #expect(house.takings.messages.count == 600)
      await house.stop()
    }
  }
}

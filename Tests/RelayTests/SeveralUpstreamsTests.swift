// SPDX-License-Identifier: Apache-2.0
import EventLoop
import LinuxSystem
import Relay
import Simulation
import Testing
import Timekeeping
import Varlink

/// Several ways out: which mail goes where, and what becomes of it while one of them is closed.
@Suite struct SeveralUpstreamsTests {
  private static let backup = "[Upstream \"backup\"]\nHost=backup.example.com\nPort=25\nTLS=none\nPriority=20\n"

  @Loop private static func addresses(_ takings: Takings) -> [String] { takings.messages.flatMap(\.recipients) }

  @Test func `the second takes the mail while the first cannot be reached, and gives it back when it can`() {
    run("failover") { world in
      let house = try await House(world, Self.backup)
      let second = try house.addUpstream("backup", 2)
      try await house.submit(to: ["one@b.example"])
      #expect(await house.drain(within: .seconds(5)))
      #expect(house.takings.messages.count == 1 && second.takings.messages.isEmpty)
      house.upstream.stop()
      house.upstream.hangUp()
      for number in 0..<20 { try await house.submit(to: ["to\(number)@b.example"]) }
      #expect(await house.drain(within: .seconds(10)))
      #expect(second.takings.messages.count == 20)
      let status = house.relay.status().upstreams
      #expect(status.map(\.name) == ["default", "backup"] && status[0].state == .failing && status[1].fault == nil)
      try house.upstream.start()
      _ = await house.loop.sleep(.seconds(400))
      for number in 0..<20 { try await house.submit(to: ["again\(number)@b.example"]) }
      #expect(await house.drain(within: .seconds(10)))
      // The first message is the probe; the others may go either way until it is answered.
      #expect(house.takings.messages.count >= 2)
      try await house.submit(to: ["last@b.example"])
      #expect(await house.drain(within: .seconds(5)))
      #expect(house.takings.messages.last?.recipients == ["last@b.example"])
      await house.stop()
    }
  }

  @Test func `an operator's fault at the first sends the mail over the second, and is told`() {
    run("held") { world in
      let house = try await House(world, Self.backup) { upstream, _ in
        upstream.answer = { $0.hasPrefix("MAIL") ? .say("530 5.7.0 Authentication required") : .usual }
      }
      let second = try house.addUpstream("backup", 2)
      for number in 0..<5 { try await house.submit(to: ["to\(number)@b.example"]) }
      #expect(await house.drain(within: .seconds(10)))
      #expect(second.takings.messages.count == 5 && house.relay.status().upstreams[0].state == .held)
      await house.stop()
    }
  }

  @Test func `with both closed the mail waits, and goes out when either opens`() {
    run("both") { world in
      let house = try await House(world, Self.backup)
      house.upstream.stop()
      for number in 0..<5 { try await house.submit(to: ["to\(number)@b.example"]) }
      _ = await house.loop.sleep(.seconds(3600))
      #expect(house.takings.messages.isEmpty && house.relay.messages(in: nil).count == 5)
      let second = try house.addUpstream("backup", 2)
      #expect(await house.drain(within: .seconds(900)))
      #expect(second.takings.messages.count == 5)
      await house.stop()
    }
  }

  @Test func `weights divide the mail between equals`() {
    run("weights") { world in
      let more = "[Upstream]\nWeight=3\n[Upstream \"twin\"]\nHost=twin.example.com\nPort=25\nTLS=none\n"
      let house = try await House(world, more) { upstream, _ in upstream.pause = .milliseconds(5) }
      let twin = try house.addUpstream("twin", 2)
      twin.upstream.pause = .milliseconds(5)
      for number in 0..<200 {
        try await house.submit(to: ["to\(number)@b.example"])
        _ = await house.loop.sleep(.milliseconds(number % 7 == 0 ? 100 : 15))
      }
      #expect(await house.drain(within: .seconds(60)))
      #expect((145...155).contains(house.takings.messages.count), "\(house.takings.messages.count) of 200")
      #expect(house.takings.messages.count + twin.takings.messages.count == 200)
      await house.stop()
    }
  }

  @Test func `each recipient's mail goes the way of the first route that fits`() {
    run("routes") { world in
      let more = """
        [Upstream "ses"]
        Host=ses.example.com
        Port=25
        TLS=none
        [Route "news"]
        Senders=news@*
        Upstreams=ses
        [Route "partner"]
        Recipients=*@partner.example
        Upstreams=ses

        """
      let house = try await House(world, more)
      let ses = try house.addUpstream("ses", 2)
      try await house.submit(to: ["a@b.example"], from: "me@a.example")
      try await house.submit(to: ["b@b.example"], from: "news@a.example")
      try await house.submit(to: ["c@b.example", "d@partner.example", "e@b.example"], from: "me@a.example")
      #expect(await house.drain(within: .seconds(10)))
      #expect(house.takings.messages.map(\.recipients) == [["a@b.example"], ["c@b.example", "e@b.example"]])
      #expect(Set(Self.addresses(ses.takings)) == ["b@b.example", "d@partner.example"])
      await house.stop()
    }
  }

  @Test func `a way that is closed delays only its own mail`() {
    run("closed way") { world in
      let more = "[Upstream \"ses\"]\nHost=ses.example.com\nPort=25\nTLS=none\n[Route \"news\"]\nSenders=news@*\nUpstreams=ses\n"
      let house = try await House(world, more)
      let ses = try house.addUpstream("ses", 2)
      ses.upstream.stop()
      for number in 0..<50 { try await house.submit(to: ["n\(number)@b.example"], from: "news@a.example") }
      for number in 0..<50 { try await house.submit(to: ["m\(number)@b.example"]) }
      try await house.submit(to: ["x@b.example"])
      _ = await house.loop.sleep(.seconds(5))
      #expect(house.takings.messages.count == 51 && ses.takings.messages.isEmpty)
      try ses.upstream.start()
      #expect(await house.drain(within: .seconds(900)))
      #expect(ses.takings.messages.count == 50)
      await house.stop()
    }
  }

  @Test func `mail that waits follows corrected routes at once, after a reload and after a restart`() {
    run("rerouted") { world in
      let ses = "[Upstream \"ses\"]\nHost=ses.example.com\nPort=25\nTLS=none\n"
      let route = ses + "[Route \"news\"]\nSenders=news@*\nUpstreams=ses\n"
      let house = try await House(world)
      house.upstream.stop()
      for number in 0..<300 { try await house.submit(to: ["n\(number)@b.example"], from: number < 200 ? "news@a.example" : "me@a.example") }
      _ = await house.loop.sleep(.seconds(60))
      let takings = try house.addUpstream("ses", 2).takings
      house.relay.reload(try House.settings(route))
      #expect(await house.wait(within: .seconds(30)) { takings.messages.count == 200 })
      #expect(house.relay.messages(in: nil).count == 100)
      await house.stop()

      let next = try await House(world, ses + "[Route \"me\"]\nSenders=me@*\nUpstreams=ses\n", disk: house.disk)
      let second = try next.addUpstream("ses", 2).takings
      _ = next.relay.flush(nil)
      #expect(await next.wait(within: .seconds(30)) { second.messages.count == 100 })
      await next.stop()
    }
  }

  @Test func `more recipients than one transaction takes are all tried in each round`() {
    run("rounds") { world in
      var tries: [String: Int] = [:]
      let house = try await House(world, "[Upstream]\nMaxRecipients=2\n[Retry]\nFirst=60\nJitter=0%\n") { upstream, _ in
        upstream.answer = { line in
          guard line.hasPrefix("RCPT") else { return .usual }
          tries[line, default: 0] += 1
          return tries[line, default: 0] < 3 ? .say("450 4.2.0 greylisted") : .usual
        }
      }
      try await house.submit(to: (0..<7).map { "to\($0)@b.example" })
      _ = await house.loop.sleep(.seconds(30))
      #expect(tries.count == 7 && tries.values.allSatisfy { $0 == 1 })
      _ = await house.loop.sleep(.seconds(60))
      #expect(tries.count == 7 && tries.values.allSatisfy { $0 == 2 })
      #expect(await house.drain(within: .seconds(600)))
      #expect(Self.addresses(house.takings).count == 7)
      await house.stop()
    }
  }
}

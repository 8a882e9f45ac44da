// SPDX-License-Identifier: Apache-2.0
import EventLoop
import LinuxSystem
import Relay
import Resolver
import Simulation
import Testing
import Timekeeping
import Varlink

/// The whole way of messages through the whole relay, in virtual time.
@Suite struct JourneyTests {
  @Test func `a message goes from submission to the upstream and leaves nothing behind`() {
    run("journey") { world in
      let house = try await House(world)
      let reply = try await house.submit("Subject: hi\r\n\r\n.dots\r\n..\r\nend\r\n")
      #expect(reply.hasPrefix("250 2.0.0"))
      #expect(await house.drain(within: .seconds(5)))
      let taken = house.takings.messages
      #expect(taken.count == 1)
      #expect(taken.first?.sender == "me@a.example" && taken.first?.recipients == ["you@b.example"])
      #expect(taken.first?.body.hasSuffix("Subject: hi\r\n\r\n.dots\r\n..\r\nend\r\n") == true)
      #expect(taken.first?.body.contains("Received: from app.example") == true)
      let status = house.relay.status()
      #expect(status.spool.messages == 0 && status.spool.failed == 0)
      await house.stop()
    }
  }

  @Test func `of three recipients one is refused, two have it and the message stays as failed`() {
    run("three") { world in
      let house = try await House(world) { upstream, _ in
        upstream.answer = { $0.hasPrefix("RCPT TO:<bad") ? .say("550 5.1.1 no such user") : .usual }
      }
      try await house.submit(to: ["one@b.example", "bad@b.example", "two@b.example"])
      #expect(await house.drain(within: .seconds(5)))
      #expect(house.takings.messages.map(\.recipients) == [["one@b.example", "two@b.example"], ["me@a.example"]])
      let ids = house.relay.messages(in: .failed)
      #expect(ids.count == 1)
      let message = await house.relay.message(ids[0])
      #expect(message?.recipients.map(\.state) == [.delivered, .failed, .delivered])
      #expect(message?.attempts == 1)
      #expect(message?.recipients[1].reply == "550 5.1.1 no such user")
      _ = await house.loop.sleep(.seconds(86_400))
      #expect(house.takings.messages.count == 2)
      await house.stop()
    }
  }

  @Test func `attempts grow apart, are counted, and end when the upstream gives in`() {
    run("greylisted") { world in
      let house = try await House(world, "[Retry]\nFirst=60\nGrowth=2\nMax=3600\nJitter=0%\n") { upstream, _ in
        upstream.answer = { $0.hasPrefix("RCPT") ? .say("450 4.2.0 greylisted") : .usual }
      }
      var tries: [Duration] = []
      let begun = house.loop.moment
      house.upstream.answer = {
        if $0.hasPrefix("RCPT") {
          tries.append(house.loop.moment - begun)
          return tries.count <= 9 ? .say("450 4.2.0 greylisted") : .usual
        }
        return .usual
      }
      try await house.submit()
      #expect(await house.drain(within: .seconds(86_400)))
      let waits = zip(tries.dropFirst(), tries).map { Int(($0 - $1).components.seconds) }
      #expect(waits == [60, 120, 240, 480, 960, 1920, 3600, 3600, 3600])
      #expect(house.takings.messages.count == 1)
      await house.stop()
    }
  }

  @Test func `a message that is deferred for too long fails in words that say so`() {
    run("expiry") { world in
      let house = try await House(world, "[Retry]\nMaxAge=2d\n[Spool]\nKeepFailed=14d\n") { upstream, _ in
        upstream.answer = { $0.hasPrefix("RCPT TO:<slow") ? .say("450 4.2.1 busy") : .usual }
      }
      try await house.submit(to: ["slow@b.example", "quick@b.example"])
      #expect(await house.drain(within: .seconds(2 * 86_400 + 3700)))
      #expect(house.loop.moment - Moment(nanoseconds: 0) >= .seconds(2 * 86_400))
      let ids = house.relay.messages(in: .failed)
      #expect(ids.count == 1)
      let message = await house.relay.message(ids[0])
      #expect(message?.recipients.map(\.state) == [.failed, .delivered])
      #expect(message?.recipients[0].reply?.hasPrefix("450 4.4.7 given up after") == true)
      #expect(house.takings.messages.map(\.recipients) == [["quick@b.example"], ["me@a.example"]])
      _ = await house.loop.sleep(.seconds(15 * 86_400))
      #expect(house.relay.messages(in: nil).isEmpty)
      await house.stop()
    }
  }

  @Test func `an upstream that is down for a week costs no message its attempts`() {
    run("week") { world in
      let house = try await House(world)
      house.upstream.stop()
      for number in 0..<20 { try await house.submit(to: ["to\(number)@b.example"]) }
      #expect(await house.wait(within: .seconds(30)) { house.relay.status().upstreams[0].state == .failing })
      #expect(house.relay.status().upstreams[0].fault?.contains("connection refused") == true)
      _ = await house.loop.sleep(.seconds(7 * 86_400))
      #expect(house.relay.status().spool.messages == 20)
      let waiting = await house.relay.message(house.relay.messages(in: nil)[0])
      #expect(waiting?.attempts == 0)
      try house.upstream.start()
      #expect(await house.drain(within: .seconds(400)))
      #expect(Set(house.takings.messages.flatMap(\.recipients)).count == 20 && house.takings.messages.count == 20)
      #expect(house.relay.status().upstreams[0].fault == nil)
      await house.stop()
    }
  }

  @Test func `a name that cannot be looked up holds the mail and says so`() {
    run("dns") { world in
      let house = try await House(world)
      house.resolver.set("mx.example.com", to: .noSuchName("mx.example.com"))
      try await house.submit()
      #expect(await house.wait(within: .seconds(5)) { house.relay.status().upstreams[0].state == .held })
      house.resolver.set("mx.example.com", to: [House.upstreamAddress])
      #expect(await house.drain(within: .seconds(400)))
      #expect(house.takings.messages.count == 1)
      await house.stop()
    }
  }

  @Test func `a message held for longer than messages are tried has all its attempts when its time comes`() {
    run("held") { world in
      let house = try await House(world, "[Retry]\nMaxAge=5d\n")
      var refusals = 0
      house.upstream.answer = {
        guard $0.hasPrefix("RCPT"), refusals < 3 else { return .usual }
        refusals += 1
        return .say("450 4.2.0 greylisted")
      }
      var client = try await MailClient.connect(house.loop, house.network, House.mailAddress)
      let begun = house.loop.moment
      #expect(try await client.ask("MAIL FROM:<me@a.example> HOLDFOR=864000").hasPrefix("250"))
      #expect(try await client.ask("RCPT TO:<you@b.example>").hasPrefix("250"))
      #expect(try await client.ask("DATA").hasPrefix("354"))
      #expect(try await client.ask("Subject: later\r\n\r\nhello\r\n.").hasPrefix("250"))
      await client.quit()
      #expect(await house.drain(within: .seconds(20 * 86_400)))
      #expect(house.takings.messages.count == 1 && refusals == 3 && house.relay.messages(in: .failed).isEmpty)
      #expect(house.loop.moment - begun >= .seconds(864_000))
      await house.stop()
    }
  }
}

/// Runs a simulation; what it throws is an issue under its name.
func run(
  _ name: String, clock: VirtualClock = VirtualClock(), sourceLocation: SourceLocation = #_sourceLocation,
  _ body: @escaping @Loop (World) async throws -> Void
) {
  _ = World.run(name, clock: clock, failed: { Issue.record("\(name): \($0)", sourceLocation: sourceLocation) }, body)
}

// SPDX-License-Identifier: Apache-2.0
import EventLoop
import LinuxSystem
import Relay
import Simulation
import Testing
import Timekeeping
import Varlink

/// When messages go out: no wake-up is lost, whatever connections are idle or busy at the time.
@Suite struct PacingTests {
  @Test func `a message that is due while an idle connection works on another goes out in time`() {
    run("wake-up") { world in
      let house = try await House(world, "[Upstream]\nConnections=1\nIdleTimeout=1h\n[Retry]\nFirst=60\nJitter=0%\n") { upstream, _ in
        upstream.pause = .seconds(1)
      }
      var refused: Set<String> = []
      var deferredAt: [String: Moment] = [:]
      var deliveredAt: [String: Moment] = [:]
      house.upstream.answer = { line in
        guard line.hasPrefix("RCPT") else { return .usual }
        if refused.insert(line).inserted {
          deferredAt[line] = house.loop.moment
          return .say("450 4.2.0 greylisted")
        }
        deliveredAt[line] = house.loop.moment
        return .usual
      }
      for number in 0..<5 {
        try await house.submit(to: ["to\(number)@b.example"])
        _ = await house.loop.sleep(.seconds(7))
      }
      #expect(await house.drain(within: .seconds(7200)))
      for (line, at) in deferredAt {
        let wait = deliveredAt[line].map { $0 - at } ?? .zero
        #expect(wait < .seconds(75), "\(line) waited \(wait)")
      }
      await house.stop()
    }
  }

  @Test(arguments: 1...40) func `whatever is due goes out within seconds`(seed: UInt64) {
    run("pacing, seed \(seed)") { world in
      var generator = SeededGenerator(seed: seed)
      let connections = Int.random(in: 1...4, using: &generator)
      let idle = [0, 1, 10, 3600].randomElement(using: &generator) ?? 0
      let perConnection = [1, 2, 5, 100].randomElement(using: &generator) ?? 1
      let house = try await House(
        world,
        "[Upstream]\nConnections=\(connections)\nIdleTimeout=\(idle)s\nMessagesPerConnection=\(perConnection)\n"
          + "[Retry]\nFirst=60\nMax=600\nJitter=20%\n",
        seed: seed)
      house.upstream.pause = .milliseconds(Int.random(in: 0...40, using: &generator))
      house.upstream.answer = { line in
        switch Int.random(in: 0..<100, using: &generator) {
        case 0..<25 where line.hasPrefix("RCPT"): .say("450 4.2.0 greylisted")
        case 25..<28 where line.hasPrefix("RCPT"): .sayAndClose("421 4.3.2 going down")
        case 28..<31: line == "CONNECT" ? .usual : .cut
        case 31..<33 where line == ".": .doAndCut
        default: .usual
        }
      }
      var latest = Duration.zero
      var overdue: [String: Moment] = [:]
      for number in 0..<30 {
        let count = Int.random(in: 1...3, using: &generator)
        try await house.submit(to: (0..<count).map { "to\(number)-\($0)@b.example" })
        _ = await house.loop.sleep(.milliseconds(Int.random(in: 0...20_000, using: &generator)))
      }
      let deadline = house.loop.moment + .seconds(86_400)
      while house.loop.moment < deadline, house.relay.status().spool.messages > 0 {
        let isTroubled = house.relay.status().upstreams[0].fault != nil
        for id in (house.relay.messages(in: .deferred) + house.relay.messages(in: .queued)).prefix(5) {
          guard let message = await house.relay.message(id), let due = message.nextAttemptUSec else { continue }
          if due > house.loop.wallTime.microseconds || isTroubled {
            overdue[message.id] = nil
          } else {
            let since = overdue[message.id] ?? house.loop.moment
            overdue[message.id] = since
            latest = max(latest, house.loop.moment - since)
          }
        }
        _ = await house.loop.sleep(.seconds(5))
      }
      #expect(house.relay.status().spool.messages == 0, "seed \(seed): \(house.relay.status().spool.messages) messages are stuck")
      #expect(latest < .seconds(20), "seed \(seed): a message was overdue by \(latest)")
      #expect(house.upstream.mostOpen <= connections, "seed \(seed): \(house.upstream.mostOpen) connections")
      await house.stop()
      _ = await house.loop.sleep(.seconds(1))
      #expect(house.upstream.open == 0)
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
import EventLoop
import Octets
import Relay
import Simulation
import Testing
import Timekeeping
import Varlink

/// The operator's rules about replies, through the whole relay.
@Suite struct ReplyRuleTests {
  @Test func `a rule turns a refusal for good into one for now`() {
    run("later") { world in
      let house = try await House(world, "[Reply]\nRule=550 \"mood\" at recipient means recipient later\n")
      var refusals = 0
      house.upstream.answer = {
        guard $0.hasPrefix("RCPT"), refusals < 3 else { return .usual }
        refusals += 1
        return .say("550 5.7.1 not in the Mood")
      }
      try await house.submit()
      #expect(await house.drain(within: .seconds(7200)))
      #expect(house.takings.messages.count == 1 && refusals == 3 && house.relay.status().spool.failed == 0)
      await house.stop()
    }
  }

  @Test func `the first rule that fits counts, and a reload brings others`() {
    run("first") { world in
      let house = try await House(
        world, "[Reply]\nRule=450 \"forever\" at recipient means recipient never\nRule=4xx at recipient means hold upstream\n")
      house.upstream.answer = { $0.hasPrefix("RCPT TO:<gone") ? .say("450 4.2.1 gone forever") : .usual }
      try await house.submit(to: ["gone@b.example"])
      #expect(await house.wait(within: .seconds(10)) { house.relay.status().spool.failed == 1 })
      house.upstream.answer = { $0.hasPrefix("RCPT TO:<busy") ? .say("450 4.2.1 busy") : .usual }
      try await house.submit(to: ["busy@b.example"])
      #expect(await house.wait(within: .seconds(10)) { house.relay.status().upstreams[0].state == .held })
      house.relay.reload(try House.settings(""))
      #expect(await house.wait(within: .seconds(10)) { house.relay.status().upstreams[0].state != .held })
      house.upstream.answer = { _ in .usual }
      #expect(await house.drain(within: .seconds(7200)))
      await house.stop()
    }
  }
}

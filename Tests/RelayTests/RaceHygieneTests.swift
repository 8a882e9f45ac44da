// SPDX-License-Identifier: Apache-2.0
import EventLoop
import LinuxSystem
import Relay
import Simulation
import Testing
import Timekeeping
import Varlink

/// Nothing is left behind by connections that never came about.
@Suite struct RaceHygieneTests {
  /// Names whose addresses hang, refuse, answer late or at once, anew for every message.
  @Test(arguments: 0..<8) func `thousands of attempts leave no descriptor, no task and no second connection`(seed: UInt64) {
    // The loop ends only when its last task has, and the simulation complains when that takes for ever.
    run("hygiene \(seed)") { world in
      let house = try await House(world, "[Upstream]\nConnections=4\nIdleTimeout=0s\nConnectTimeout=3s\n[Retry]\nFirst=5s\nMax=20s\n")
      var random = SeededGenerator(seed: seed)
      let homes = (1...8).map { SocketAddress.v4([203, 0, 113, $0], port: 25) }
      let upstreams = homes.map { SimulatedUpstream(house.loop, house.network, at: $0, into: house.takings) }
      for upstream in upstreams { try upstream.start() }
      for number in 0..<400 {
        shuffle(house.network, homes, using: &random)
        house.resolver.set(
          "mx.example.com", to: Array(homes.shuffled(using: &random).prefix(.random(in: 1...8, using: &random))), lifetime: .zero)
        try await house.submit(to: ["to\(number)@b.example"])
        _ = house.relay.flush(nil)
        _ = await house.loop.sleep(.milliseconds(.random(in: 0...4000, using: &random)))
      }
      house.network.silent = []
      house.network.delays = [:]
      house.network.refusing = []
      #expect(await house.drain(within: .seconds(3600)))
      _ = await house.loop.sleep(.seconds(10))
      let status = house.relay.status()
      #expect(house.network.connecting == 0 && house.network.descriptors == 0, "\(house.network.descriptors) descriptors")
      #expect(status.upstreams[0].connections == 0 && upstreams.allSatisfy { $0.open == 0 })
      #expect(house.takings.messages.count == 400)
      #expect(house.network.attempts.count { $0.address.port == 25 } > 800)
      await house.stop()
      for upstream in upstreams { upstream.stop() }
    }
  }

  @Loop private func shuffle(_ network: SimulatedNetwork, _ homes: [SocketAddress], using random: inout SeededGenerator) {
    network.silent = []
    network.delays = [:]
    for home in homes {
      switch Int.random(in: 0..<4, using: &random) {
      case 0: network.silent.insert(home)
      case 1: network.delays[home] = .milliseconds(.random(in: 200...4000, using: &random))
      case 2: network.refusing.insert(home)
      default: network.refusing.remove(home)
      }
    }
  }
}

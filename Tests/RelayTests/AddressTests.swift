// SPDX-License-Identifier: Apache-2.0
import EventLoop
import LinuxSystem
import Relay
import Resolver
import Simulation
import Testing
import Timekeeping
import Varlink

/// Which of an upstream's addresses is connected to, and when its name is asked for again.
@Suite struct AddressTests {
  private static func four(_ last: UInt8) -> SocketAddress { .v4([192, 0, 2, last], port: 25) }

  private static func six(_ last: UInt8) -> SocketAddress {
    .v6([0x20, 0x01, 0x0d, 0xb8] + [UInt8](repeating: 0, count: 11) + [last], port: 25, scope: 0)
  }

  /// A house whose upstream listens at `home` and whose name has these addresses.
  @Loop private static func house(
    _ world: World, _ addresses: [SocketAddress], home: SocketAddress, _ settings: String = "", lifetime: Duration = .seconds(300),
    prepare: (SimulatedUpstream, SimulatedNetwork) -> Void = { _, _ in }
  ) async throws -> House {
    let house = try await House(world, settings, upstreamAt: home, prepare: prepare)
    house.resolver.set("mx.example.com", to: addresses, lifetime: lifetime)
    return house
  }

  /// The addresses of the upstream that were tried, in order, with the time since the first.
  @Loop private static func tries(_ house: House) -> [(address: SocketAddress, after: Duration)] {
    let attempts = house.network.attempts.filter { $0.address.port == 25 }
    return attempts.map { ($0.address, $0.moment - attempts[0].moment) }
  }

  @Test func `an address that stays silent is overtaken after a quarter of a second, and costs the next connection nothing`() {
    run("silent first") { world in
      let house = try await AddressTests.house(world, [AddressTests.six(1), AddressTests.four(1)], home: AddressTests.four(1)) {
        $1.silent = [AddressTests.six(1)]
      }
      try await house.submit()
      #expect(await house.drain(within: .seconds(1)))
      let tries = AddressTests.tries(house)
      #expect(tries.map(\.address) == [AddressTests.six(1), AddressTests.four(1)])
      #expect(tries[1].after >= .milliseconds(250) && tries[1].after < .milliseconds(260))
      #expect(house.network.connecting == 0 && house.relay.status().upstreams[0].state == .connected)
      _ = await house.loop.sleep(.seconds(60))
      try await house.submit()
      #expect(await house.drain(within: .seconds(1)))
      #expect(AddressTests.tries(house).map(\.address).last == AddressTests.four(1) && AddressTests.tries(house).count == 3)
      await house.stop()
    }
  }

  @Test func `after ten minutes an address that was silent is tried first again`() {
    run("forgiven") { world in
      let house = try await AddressTests.house(world, [AddressTests.six(1), AddressTests.four(1)], home: AddressTests.four(1)) {
        $1.silent = [AddressTests.six(1)]
      }
      try await house.submit()
      #expect(await house.drain(within: .seconds(1)))
      _ = await house.loop.sleep(.seconds(601))
      try await house.submit()
      #expect(await house.drain(within: .seconds(1)))
      #expect(AddressTests.tries(house).map(\.address).dropFirst(2) == [AddressTests.six(1), AddressTests.four(1)])
      await house.stop()
    }
  }

  @Test func `addresses that refuse are passed over at once, families in turn`() {
    run("refusals") { world in
      let addresses = [
        AddressTests.six(1), AddressTests.six(2), AddressTests.six(3), AddressTests.four(1), AddressTests.four(2), AddressTests.four(9),
      ]
      let house = try await AddressTests.house(world, addresses, home: AddressTests.four(9))
      try await house.submit()
      #expect(await house.drain(within: .milliseconds(200)))
      let order = [AddressTests.six(1), AddressTests.four(1), AddressTests.six(2), AddressTests.four(2), AddressTests.six(3)]
      #expect(AddressTests.tries(house).map(\.address) == order + [AddressTests.four(9)])
      await house.stop()
    }
  }

  @Test func `when no address answers, the complaint names each of them with what became of it`() {
    run("none") { world in
      let house = try await AddressTests.house(
        world, [AddressTests.six(1), AddressTests.four(1)], home: AddressTests.four(7), "[Upstream]\nConnectTimeout=10s\n"
      ) { $1.silent = [AddressTests.six(1)] }
      try await house.submit()
      #expect(await house.wait(within: .seconds(11)) { house.relay.status().upstreams[0].fault != nil })
      let status = house.relay.status().upstreams[0]
      #expect(
        status.fault?.hasPrefix(
          "connect: cannot connect: [2001:db8::1]:25: no answer in time; 192.0.2.1:25: connection refused; mail waits") == true
          && status.state == .failing, "\(status.fault ?? "")")
      #expect(house.network.connecting == 0)
      await house.stop()
    }
  }

  @Test func `a name is asked for again when its time is over, and not before`() {
    run("lifetime") { world in
      let house = try await AddressTests.house(
        world, [AddressTests.four(1)], home: AddressTests.four(1), "[Upstream]\nIdleTimeout=0s\n", lifetime: .seconds(100))
      for _ in 0..<10 {
        try await house.submit()
        _ = await house.loop.sleep(.seconds(30))
      }
      #expect(house.upstream.connections == 10 && house.resolver.asked.count == 3)
      await house.stop()
    }
  }

  @Test func `an upstream that has moved is found as soon as its old address fails`() {
    run("moved") { world in
      let house = try await AddressTests.house(
        world, [AddressTests.four(8)], home: AddressTests.four(1), lifetime: .seconds(86_400))
      try await house.submit()
      _ = await house.loop.sleep(.seconds(1))
      house.resolver.set("mx.example.com", to: [AddressTests.four(1)])
      #expect(await house.drain(within: .seconds(60)))
      #expect(house.resolver.asked.count == 2)
      await house.stop()
    }
  }

  @Test func `while the name servers are in trouble the former answer serves, for a day`() {
    run("no name servers") { world in
      let house = try await AddressTests.house(
        world, [AddressTests.four(1)], home: AddressTests.four(1), lifetime: .seconds(60))
      try await house.submit()
      #expect(await house.drain(within: .seconds(1)))
      house.resolver.set("mx.example.com", to: .noAnswer("mx.example.com", servers: "192.0.2.53"))
      _ = await house.loop.sleep(.seconds(3600))
      try await house.submit()
      #expect(await house.drain(within: .seconds(1)))
      _ = await house.loop.sleep(.seconds(86_400))
      try await house.submit()
      _ = await house.loop.sleep(.seconds(10))
      #expect(house.relay.status().upstreams[0].fault?.contains("192.0.2.53") == true)
      await house.stop()
    }
  }

  @Test func `an address that connects and says nothing useful is tried behind the others`() {
    run("half dead") { world in
      let house = try await AddressTests.house(
        world, [AddressTests.four(2), AddressTests.four(1)], home: AddressTests.four(1), "[Retry]\nJitter=0%\n")
      let broken = SimulatedUpstream(house.loop, house.network, at: AddressTests.four(2), into: Takings())
      broken.answer = { $0 == "CONNECT" ? .close : .usual }
      try broken.start()
      try await house.submit()
      #expect(await house.drain(within: .seconds(30)))
      #expect(broken.connections == 1 && house.takings.messages.count == 1)
      broken.stop()
      await house.stop()
    }
  }

  @Test func `connections come from the source address of their family`() {
    run("source") { world in
      let own = SocketAddress.v4([198, 51, 100, 7], port: 0)
      let house = try await AddressTests.house(
        world, [AddressTests.six(1), AddressTests.four(1)], home: AddressTests.four(1), "[Upstream]\nSourceAddress=198.51.100.7\n"
      ) { $1.owned = [own] }
      try await house.submit()
      #expect(await house.drain(within: .seconds(1)))
      #expect(house.network.attempts.filter { $0.address.port == 25 }.map(\.source) == [own])
      await house.stop()
    }
  }

  @Test func `a source address that this machine lacks is the operator's to mend`() {
    run("foreign source") { world in
      let house = try await AddressTests.house(
        world, [AddressTests.four(1)], home: AddressTests.four(1), "[Upstream]\nSourceAddress=198.51.100.7\n"
      ) { $1.owned = [] }
      try await house.submit()
      #expect(await house.wait(within: .seconds(5)) { house.relay.status().upstreams[0].state == .held })
      let fault = house.relay.status().upstreams[0].fault ?? ""
      #expect(fault.contains("SourceAddress 198.51.100.7") && fault.contains("correct SourceAddress in [Upstream]"), "\(fault)")
      house.network.owned = nil
      #expect(await house.drain(within: .seconds(60)))
      await house.stop()
    }
  }

  @Test func `a stop ends every attempt of a race at once`() {
    run("stop the race") { world in
      let addresses = (1...6).map { AddressTests.four($0) }
      let house = try await AddressTests.house(
        world, addresses, home: AddressTests.four(9), "[Relay]\nShutdownTimeout=1s\n[Upstream]\nConnectTimeout=10m\n"
      ) { $1.silent = Set(addresses) }
      try await house.submit()
      _ = await house.loop.sleep(.seconds(2))
      #expect(house.network.connecting == 6)
      let begun = house.loop.moment
      await house.stop()
      #expect(house.loop.moment - begun <= .seconds(2) && house.network.connecting == 0)
    }
  }
}

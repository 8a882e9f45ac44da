// SPDX-License-Identifier: Apache-2.0
import EventLoop
import LinuxSystem
import Relay
import Simulation
import Testing
import Timekeeping
import Varlink

/// A stop ends the whole loop in time, whatever anybody is doing, and loses nothing.
@Suite struct StopTests {
  /// Where an upstream falls silent.
  static let stages = ["CONNECT", "EHLO", "MAIL", "RCPT", "DATA", ".", "QUIT"]

  @Test(arguments: stages) func `an upstream that falls silent holds a stop up no longer than the settings say`(stage: String) {
    let takings = Takings()
    let disk = SimulatedDisk(seed: 5)
    run("silent at \(stage)") { world in
      let house = try await House(world, "[Relay]\nShutdownTimeout=10s\n", disk: disk, takings: takings) { upstream, _ in
        upstream.answer = { $0.hasPrefix(stage) ? .nothing : .usual }
      }
      try await house.submit()
      _ = await house.loop.sleep(.seconds(1))
      let begun = house.loop.moment
      await house.stop()
      #expect(house.loop.moment - begun <= .seconds(11), "it took \(house.loop.moment - begun)")
      _ = await house.loop.sleep(.seconds(1))
      #expect(house.upstream.open == 0)
    }
    run("after silence at \(stage)") { world in
      let house = try await House(world, disk: disk, takings: takings)
      #expect(await house.drain(within: .seconds(120)))
      #expect(takings.messages.count == 1)
      await house.stop()
    }
  }

  @Test func `a stop does not wait for a connection that never comes about, nor for a name`() {
    run("black hole") { world in
      let house = try await House(world, "[Relay]\nShutdownTimeout=5s\n[Upstream]\nConnectTimeout=10m\n") { _, network in
        network.silent = [House.upstreamAddress]
      }
      try await house.submit()
      _ = await house.loop.sleep(.seconds(1))
      let begun = house.loop.moment
      await house.stop()
      #expect(house.loop.moment - begun <= .seconds(6), "it took \(house.loop.moment - begun)")
      #expect(house.relay.status().spool.messages == 1)
    }
  }

  @Test func `what is under way is finished, and what waits stays`() {
    let takings = Takings()
    let disk = SimulatedDisk(seed: 6)
    run("under way") { world in
      let house = try await House(world, "[Upstream]\nConnections=1\n", disk: disk, takings: takings) { upstream, _ in
        upstream.pause = .seconds(1)
      }
      for number in 0..<5 { try await house.submit(to: ["to\(number)@b.example"]) }
      #expect(await house.wait(within: .seconds(30)) { house.upstream.commands.contains("DATA") })
      await house.stop()
      #expect(takings.messages.map(\.recipients) == [["to0@b.example"]] && takings.messages[0].isAnswered)
    }
    run("under way, again") { world in
      let house = try await House(world, disk: disk, takings: takings)
      #expect(await house.drain(within: .seconds(120)))
      #expect(takings.messages.flatMap(\.recipients).sorted() == (0..<5).map { "to\($0)@b.example" })
      await house.stop()
    }
  }

  @Test func `a client in the middle of a message may finish it, and then hears that we are going`() {
    run("client") { world in
      let house = try await House(world)
      var idle = try await MailClient.connect(house.loop, house.network, House.mailAddress)
      var busy = try await MailClient.connect(house.loop, house.network, House.mailAddress)
      var stuck = try await MailClient.connect(house.loop, house.network, House.mailAddress)
      #expect(try await busy.ask("MAIL FROM:<a@a.example>").hasPrefix("250"))
      #expect(try await stuck.ask("MAIL FROM:<a@a.example>").hasPrefix("250"))
      let begun = house.loop.moment
      let ended = Ending()
      house.loop.spawn {
        await house.stop()
        ended.at = house.loop.moment
      }
      _ = await house.loop.sleep(.milliseconds(500))
      #expect(try await idle.reply().hasPrefix("421 4.3.2"))
      #expect(try await busy.ask("RCPT TO:<b@b.example>").hasPrefix("250"))
      #expect(try await busy.ask("DATA").hasPrefix("354"))
      #expect(try await busy.ask("Subject: late\r\n\r\nin time\r\n.").hasPrefix("250"))
      #expect(try await busy.reply().hasPrefix("421 4.3.2"))
      #expect(try await stuck.reply().hasPrefix("421 4.3.2"))
      idle.leave()
      busy.leave()
      stuck.leave()
      #expect(await house.wait(within: .seconds(60)) { ended.at != nil })
      let took = (ended.at ?? .distantFuture) - begun
      #expect((.seconds(20)...(.seconds(31))).contains(took), "it took \(took)")
    }
  }

  @Test func `a disk that is stuck does not keep a stop for ever`() {
    run("stuck disk") { world in
      let house = try await House(world, "[Relay]\nShutdownTimeout=5s\n")
      house.disk.cutPower(afterCalls: 1)
      let reply = try await house.submit()
      #expect(reply.hasPrefix("452"), "\(reply)")
      let begun = house.loop.moment
      await house.stop()
      #expect(house.loop.moment - begun <= .seconds(12), "it took \(house.loop.moment - begun)")
    }
  }

  @Test func `new settings change the upstream, and queued mail goes there at once`() {
    run("reload") { world in
      let old = SocketAddress.v4([192, 0, 2, 1], port: 25)
      let house = try await House(world, "[Retry]\nFirst=1h\n") { upstream, _ in
        upstream.answer = { $0.hasPrefix("RCPT") ? .say("450 4.2.0 greylisted") : .usual }
      }
      let other = SimulatedUpstream(house.loop, house.network, at: old.with(port: 2587), into: house.takings)
      try other.start()
      try await house.submit()
      _ = await house.loop.sleep(.seconds(60))
      #expect(house.takings.messages.isEmpty)
      house.relay.reload(try House.settings("[Upstream]\nPort=2587\n"))
      #expect(await house.drain(within: .seconds(10)))
      #expect(house.takings.messages.count == 1 && other.connections == 1)
      await house.stop()
      other.stop()
    }
  }

  @Test func `a connection that was begun under old settings carries no mail under new ones`() {
    run("reload meanwhile") { world in
      let house = try await House(world, "[Upstream]\nConnections=2\nIdleTimeout=1h\n") { upstream, _ in
        upstream.pause = .seconds(2)
      }
      let other = SimulatedUpstream(house.loop, house.network, at: House.upstreamAddress.with(port: 2587), into: house.takings)
      try other.start()
      try await house.submit()
      _ = await house.loop.sleep(.seconds(1))
      #expect(house.upstream.open == 1 && !house.upstream.commands.contains { $0.hasPrefix("MAIL") })
      house.relay.reload(try House.settings("[Upstream]\nPort=2587\n"))
      for number in 0..<5 { try await house.submit(to: ["to\(number)@b.example"]) }
      #expect(await house.drain(within: .seconds(60)))
      #expect(!house.upstream.commands.contains { $0.hasPrefix("MAIL") })
      #expect(house.takings.messages.count == 6)
      await house.stop()
      other.stop()
    }
  }
}

/// When something ended.
@Loop final class Ending {
  var at: Moment?
}

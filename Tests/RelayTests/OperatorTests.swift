// SPDX-License-Identifier: Apache-2.0
import Control
import EventLoop
import Mail
import Octets
import Relay
import Simulation
import Testing
import Timekeeping
import Varlink

/// What operators order for single messages, and what of it outlives the machine.
@Suite struct OperatorTests {
  @Test func `a held message waits over a restart and a crash, and goes when it is released`() {
    let takings = Takings()
    let first = life(takings, SimulatedDisk(seed: 1)) { house in
      house.upstream.answer = { $0.hasPrefix("RCPT") ? .say("450 4.2.0 later") : .usual }
      try await house.submit()
      #expect(await house.wait(within: .seconds(5)) { house.relay.messages(in: .deferred).count == 1 })
      try await house.relay.carryOut(.hold, on: house.relay.messages(in: nil)[0], for: 7)
      #expect(house.relay.messages(in: .held).count == 1)
      house.upstream.answer = { _ in .usual }
      #expect(house.relay.flush(nil) == 0)
      _ = await house.loop.sleep(.seconds(86_400))
      #expect(house.takings.messages.isEmpty)
      return house.disk.crashedCopy(seed: 5)
    }
    let second = life(takings, first) { house in
      #expect(house.relay.messages(in: .held).count == 1)
      _ = await house.loop.sleep(.seconds(86_400))
      return house.disk
    }
    _ = life(takings, second) { house in
      let id = house.relay.messages(in: .held)[0]
      #expect(await house.relay.message(id)?.state == .held)
      await refused(.wrongState(.held)) { try await house.relay.carryOut(.hold, on: id, for: 7) }
      await refused(.wrongState(.held)) { try await house.relay.carryOut(.retry, on: id, for: 7) }
      try await house.relay.carryOut(.release, on: id, for: 7)
      #expect(await house.drain(within: .seconds(5)))
      #expect(house.takings.messages.count == 1)
      return house.disk
    }
  }

  @Test func `a failed message is tried again, and its failure reported again`() {
    run("retry") { world in
      let house = try await House(world) { upstream, _ in upstream.answer = ReportTests.refuse }
      try await house.submit(to: ["bad@b.example", "good@b.example"])
      #expect(await house.wait(within: .seconds(5)) { house.takings.messages.count == 2 })
      let id = house.relay.messages(in: .failed)[0]
      await refused(.wrongState(.failed)) { try await house.relay.carryOut(.hold, on: id, for: 7) }
      await refused(.wrongState(.failed)) { try await house.relay.carryOut(.release, on: id, for: 7) }
      try await house.relay.carryOut(.retry, on: id, for: 7)
      #expect(await house.wait(within: .seconds(5)) { house.takings.messages.count == 3 })
      #expect(house.takings.messages[2].recipients == ["me@a.example"])
      house.upstream.answer = { _ in .usual }
      #expect(await house.wait(within: .seconds(5)) { house.relay.messages(in: .failed) == [id] })
      try await house.relay.carryOut(.retry, on: id, for: 7)
      #expect(await house.wait(within: .seconds(5)) { house.relay.status().spool.messages == 0 })
      #expect(house.takings.messages.last?.recipients == ["bad@b.example"])
      await house.stop()
    }
  }

  @Test func `what waits can be tried at once, and what is on the road cannot be touched`() {
    run("road") { world in
      let house = try await House(world) { upstream, _ in
        upstream.answer = { $0.hasPrefix("RCPT") ? .say("450 4.2.0 later") : .usual }
      }
      try await house.submit()
      #expect(await house.wait(within: .seconds(5)) { house.relay.messages(in: .deferred).count == 1 })
      let id = house.relay.messages(in: nil)[0]
      await refused(.wrongState(.deferred)) { try await house.relay.carryOut(.release, on: id, for: 7) }
      house.upstream.answer = { $0.hasPrefix("DATA") ? .nothing : .usual }
      try await house.relay.carryOut(.retry, on: id, for: 7)
      #expect(await house.wait(within: .seconds(5)) { house.relay.messages(in: .active) == [id] })
      for order in [MessageOrder.retry, .hold, .remove] {
        await refused(.isActive) { try await house.relay.carryOut(order, on: id, for: 7) }
      }
      await refused(.wrongState(.active)) { try await house.relay.carryOut(.release, on: id, for: 7) }
      await refused(.isActive) { _ = try await house.relay.redirect(id, to: [OperatorTests.box], for: 7) }
      house.upstream.answer = { _ in .usual }
      #expect(await house.drain(within: .seconds(3600)))
      await refused(.noSuchMessage) { try await house.relay.carryOut(.remove, on: id, for: 7) }
      await refused(.noSuchMessage) { _ = try await house.relay.redirect(id, to: [OperatorTests.box], for: 7) }
      await refused(.noSuchMessage) { _ = try await house.relay.text(of: id) }
      await house.stop()
    }
  }

  @Test func `a removed message is gone for good, and the log knows who did it`() {
    let takings = Takings()
    let disk = life(takings, SimulatedDisk(seed: 1)) { house in
      house.upstream.answer = { $0.hasPrefix("RCPT") ? .say("450 4.2.0 later") : .usual }
      for _ in 0..<3 { try await house.submit() }
      #expect(await house.wait(within: .seconds(5)) { house.relay.messages(in: .deferred).count == 3 })
      let ids = house.relay.messages(in: nil)
      try await house.relay.carryOut(.hold, on: ids[1], for: 7)
      for id in ids { try await house.relay.carryOut(.remove, on: id, for: 7) }
      #expect(house.relay.status().spool.messages == 0)
      #expect(house.log.lines(with: "removed id=\(ids[0]) recipients=1 uid=7").count == 1)
      return house.disk.crashedCopy(seed: 3)
    }
    _ = life(takings, disk) { house in
      #expect(house.relay.status().spool.messages == 0 && house.takings.messages.isEmpty)
      return house.disk
    }
  }

  @Test(arguments: [20, 400_000]) func `a message goes to others under a new name, and only to those`(size: Int) {
    run("redirect") { world in
      let house = try await House(world) { upstream, _ in upstream.answer = ReportTests.refuse }
      let text = String(repeating: "0123456789\r\n", count: size / 12 + 1)
      try await house.submit(to: ["bad@b.example", "good@b.example"], "Subject: hi\r\n\r\n\(text)")
      #expect(await house.wait(within: .seconds(30)) { house.takings.messages.count == 2 })
      let id = house.relay.messages(in: .failed)[0]
      let successor = try await house.relay.redirect(id, to: [OperatorTests.box], for: 7)
      #expect(successor != id)
      #expect(await house.wait(within: .seconds(30)) { house.relay.status().spool.messages == 0 })
      let last = house.takings.messages[2]
      #expect(last.recipients == ["box@b.example"] && last.sender == "me@a.example" && last.body.hasSuffix(text))
      #expect(house.log.lines(with: "redirected id=\(id) successor=\(successor) to=<box@b.example> recipients=1 uid=7").count == 1)
      await house.stop()
    }
  }

  @Test(arguments: [20, 400_000]) func `a message is exported as it travels`(size: Int) {
    run("export") { world in
      let house = try await House(world) { upstream, _ in upstream.answer = ReportTests.refuse }
      let text = String(repeating: "0123456789\r\n", count: size / 12 + 1)
      try await house.submit(to: ["bad@b.example"], "Subject: hi\r\n\r\n\(text)")
      #expect(await house.wait(within: .seconds(30)) { house.relay.messages(in: .failed).count == 1 })
      let source = try await house.relay.text(of: house.relay.messages(in: .failed)[0])
      var bytes: [UInt8] = []
      while case .success(let piece?) = await source.next() { bytes += piece }
      let whole = String(decoding: bytes, as: UTF8.self)
      #expect(whole.hasPrefix("Received: ") && whole.hasSuffix("Subject: hi\r\n\r\n\(text)"))
      await house.stop()
    }
  }

  @Test(arguments: 1...40) func `a redirected message is never lost, wherever the power is cut`(seed: UInt64) {
    let takings = Takings()
    let disk = life(takings, SimulatedDisk(seed: seed)) { house in
      house.upstream.answer = { $0.hasPrefix("RCPT") ? .say("450 4.2.0 later") : .usual }
      try await house.submit()
      #expect(await house.wait(within: .seconds(5)) { house.relay.messages(in: .deferred).count == 1 })
      let id = house.relay.messages(in: nil)[0]
      house.takings.isClosed = true
      house.disk.cutPower(afterCalls: Int(seed % 8) + 1)
      house.loop.spawn { _ = try? await house.relay.redirect(id, to: [OperatorTests.box], for: 7) }
      _ = await house.loop.sleep(.milliseconds(Int(seed) * 3))
      return house.disk.crashedCopy(seed: seed)
    }
    _ = life(takings, disk) { house in
      #expect(await house.drain(within: .seconds(7200)))
      let reached = Set(house.takings.messages.flatMap(\.recipients))
      #expect(reached.contains("box@b.example") || reached.contains("you@b.example"), "seed \(seed)")
      return house.disk
    }
  }

  static nonisolated let box = Mailbox(verifiedLocalPart: "box", domain: "b.example")
}

/// One life of a house; answers the disk that is left of it.
private func life(
  _ takings: Takings, _ disk: SimulatedDisk, sourceLocation: SourceLocation = #_sourceLocation,
  _ body: @escaping @Loop (House) async throws -> SimulatedDisk
) -> SimulatedDisk {
  let left = World.run("life", failed: { Issue.record("\($0)", sourceLocation: sourceLocation) }) { world in
    takings.isClosed = false
    let house = try await House(world, disk: disk, takings: takings)
    let left = try await body(house)
    await house.stop()
    return left
  }
  return left ?? disk
}

/// Expects that an order is refused for this reason.
@Loop private func refused(
  _ reason: OrderRefusal, sourceLocation: SourceLocation = #_sourceLocation, _ order: @Loop () async throws -> Void
) async {
  do {
    try await order()
    Issue.record("it was carried out", sourceLocation: sourceLocation)
  } catch {
    #expect(error as? OrderRefusal == reason, sourceLocation: sourceLocation)
  }
}

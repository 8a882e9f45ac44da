// SPDX-License-Identifier: Apache-2.0
import Control
import EventLoop
import Glibc
import LinuxSystem
import Relay
import Simulation
import Testing
import Timekeeping
import Varlink

/// What is the operator's or the provider's fault: mail is held, nothing bounces, the status says it, and it heals by itself.
@Suite struct FaultTests {
  /// A house that logs in with what a file says, at an upstream that takes "right".
  @Loop private static func house(_ world: World, _ secret: SecretFile, _ more: String = "") async throws -> House {
    try await House(
      world, "[Upstream]\nHost=127.0.0.1\nUser=relay\nPasswordFile=\(secret.path)\n\(more)", upstreamAt: .v4([127, 0, 0, 1], port: 25)
    ) { upstream, _ in upstream.password = "right" }
  }

  @Test func `with a wrong password nothing bounces, the status names it, and correcting the file drains the queue`() throws {
    let secret = try SecretFile("wrong")
    run("password") { world in
      let house = try await FaultTests.house(world, secret, "[Retry]\nMaxAge=5d\n")
      for number in 0..<10 { try await house.submit(to: ["to\(number)@b.example"]) }
      #expect(await house.wait(within: .seconds(5)) { house.relay.status().upstreams[0].state == .held })
      let fault = house.relay.status().upstreams[0].fault ?? ""
      #expect(fault.contains("535 5.7.8 Authentication credentials invalid") && fault.contains("correct User and the password"))
      let since = house.relay.status().upstreams[0].faultSinceUSec
      _ = await house.loop.sleep(.seconds(6 * 86_400))
      #expect(house.relay.status().upstreams[0].state == .held)
      #expect(house.relay.status().upstreams[0].faultSinceUSec == since)
      #expect(house.relay.status().spool.failed == 0 && house.relay.status().spool.messages == 10)
      #expect(await house.relay.message(house.relay.messages(in: nil)[0])?.attempts == 0)
      // Probes are few: an account must not be locked because we keep knocking.
      let logins = house.upstream.commands.count { $0.hasPrefix("AUTH") }
      #expect((1000...6 * 86_400 / 200).contains(logins), "\(logins) logins in six days")
      #expect(house.log.lines(with: "upstream-held").count + house.log.lines(with: "held").count < 20)
      #expect(house.relay.status().counters.first { $0.name == "upstreamLoginFailures" }?.count == Int64(logins))
      try secret.write("right")
      // No probe comes as soon as that, after six days.
      #expect(await house.drain(within: .seconds(6)))
      #expect(house.log.lines(with: "upstream-corrected").count == 1)
      #expect(Set(house.takings.messages.flatMap(\.recipients)).count == 10 && house.takings.messages.count == 10)
      #expect(house.relay.status().upstreams[0].fault == nil)
      await house.stop()
    }
  }

  @Test func `every change of a file is worth one login, and waits go on growing`() throws {
    let secret = try SecretFile("wrong")
    run("changes") { world in
      let house = try await FaultTests.house(world, secret)
      try await house.submit()
      _ = await house.loop.sleep(.seconds(86_400))
      @Loop func logins() -> Int { house.upstream.commands.count { $0.hasPrefix("AUTH") } }
      for wrong in ["wronger", "wrong still", "empty"] {
        let before = logins()
        try secret.write(wrong)
        _ = await house.loop.sleep(.seconds(100))
        #expect((1...2).contains(logins() - before), "\(logins() - before) logins with \(wrong)")
      }
      // Who takes the file away and puts it back corrects it too.
      try secret.remove()
      _ = await house.loop.sleep(.seconds(400))
      #expect(house.relay.status().upstreams[0].fault?.contains("is not there") == true)
      try secret.write("right")
      // After four changes that did not help, the files are looked at less often.
      #expect(await house.drain(within: .seconds(85)))
      #expect(house.log.lines(with: "upstream-corrected").count == 5)
      await house.stop()
    }
  }

  @Test func `a file that changes all the time does not make us knock all the time`() throws {
    let secret = try SecretFile("wrong")
    run("changes without end") { world in
      let house = try await FaultTests.house(world, secret)
      try await house.submit()
      for number in 0..<3600 {
        try secret.write("wrong \(number)")
        _ = await house.loop.sleep(.seconds(1))
      }
      let logins = house.upstream.commands.count { $0.hasPrefix("AUTH") }
      #expect((10...40).contains(logins), "\(logins) logins in an hour")
      await house.stop()
    }
  }

  @Test func `a fault at MAIL is tried over a new connection when a file has changed, once`() throws {
    let secret = try SecretFile("right")
    run("renewed") { world in
      let house = try await FaultTests.house(world, secret)
      house.upstream.answer = { $0.hasPrefix("MAIL") ? .say("530 5.7.0 Authentication required") : .usual }
      try await house.submit()
      #expect(await house.wait(within: .seconds(2)) { house.relay.status().upstreams[0].state == .held })
      #expect(house.upstream.commands.count { $0.hasPrefix("AUTH") } == 1)
      try secret.write("right")
      _ = await house.loop.sleep(.seconds(6))
      #expect(house.upstream.commands.count { $0.hasPrefix("AUTH") } == 2)
      _ = await house.loop.sleep(.seconds(600))
      #expect(house.log.lines(with: "upstream-corrected").count == 1)
      await house.stop()
    }
  }

  @Test func `a correction that no mail waits for is told once`() throws {
    let secret = try SecretFile("wrong")
    run("nobody waits") { world in
      let house = try await FaultTests.house(world, secret)
      try await house.submit()
      #expect(await house.wait(within: .seconds(5)) { house.relay.status().upstreams[0].state == .held })
      try await house.relay.carryOut(.remove, on: house.relay.messages(in: nil)[0], for: 7)
      _ = await house.loop.sleep(.seconds(400))
      try secret.write("right")
      _ = await house.loop.sleep(.seconds(400))
      #expect(house.log.lines(with: "upstream-corrected").count == 1)
      try await house.submit()
      #expect(await house.drain(within: .seconds(2)))
      await house.stop()
    }
  }

  @Test func `a fault that shows only at MAIL holds the upstream until MAIL succeeds`() {
    run("530") { world in
      let house = try await House(world) { upstream, _ in
        upstream.answer = { $0.hasPrefix("MAIL") ? .say("530 5.7.0 Authentication required") : .usual }
      }
      try await house.submit()
      #expect(await house.wait(within: .seconds(5)) { house.relay.status().upstreams[0].state == .held })
      let since = house.relay.status().upstreams[0].faultSinceUSec
      _ = await house.loop.sleep(.seconds(86_400))
      #expect(house.relay.status().upstreams[0].state == .held)
      #expect(house.relay.status().upstreams[0].faultSinceUSec == since)
      #expect(
        house.log.lines(with: "upstream-recovered").isEmpty,
        "\(house.log.lines(with: "upstream-recovered").count) recoveries that were none")
      let tries = house.upstream.commands.count { $0.hasPrefix("MAIL") }
      #expect((200...400).contains(tries), "\(tries) attempts in a day; waits grow to five minutes")
      #expect(await house.relay.message(house.relay.messages(in: nil)[0])?.attempts == 0)
      house.upstream.answer = { _ in .usual }
      #expect(await house.drain(within: .seconds(310)))
      #expect(house.log.lines(with: "upstream-recovered").count == 1)
      await house.stop()
    }
  }

  @Test func `a recipient that was throttled is tried again soon, and the others do not get it twice`() {
    run("throttled recipient") { world in
      let house = try await House(world) { upstream, _ in
        var throttles = 0
        upstream.answer = {
          guard $0.hasPrefix("RCPT TO:<two"), throttles < 3 else { return .usual }
          throttles += 1
          return .say("454 Throttling failure: Maximum sending rate exceeded.")
        }
      }
      try await house.submit(to: ["one@b.example", "two@b.example", "three@b.example"])
      #expect(await house.drain(within: .seconds(300)))
      #expect(house.takings.messages.map(\.recipients) == [["one@b.example", "three@b.example"], ["two@b.example"]])
      await house.stop()
    }
  }

  @Test func `a used up quota is waited for, whatever other connections have under way`() {
    run("quota") { world in
      let house = try await House(world, "[Upstream]\nConnections=3\n") { upstream, _ in
        upstream.pause = .milliseconds(100)
        upstream.answer = { $0.hasPrefix("RCPT TO:<to5") ? .say("550 5.4.5 Daily user sending quota exceeded") : .usual }
      }
      for number in 0..<12 { try await house.submit(to: ["to\(number)@b.example"]) }
      _ = await house.loop.sleep(.seconds(60))
      let before = house.upstream.commands.count { $0.hasPrefix("MAIL") }
      let upstream = house.relay.status().upstreams[0]
      #expect(upstream.state == .failing && upstream.fault?.contains("quota") == true)
      _ = await house.loop.sleep(.seconds(80_000))
      #expect(house.upstream.commands.count { $0.hasPrefix("MAIL") } == before)
      #expect(house.relay.status().spool.failed == 0)
      house.upstream.answer = { _ in .usual }
      #expect(await house.drain(within: .seconds(10_000)))
      #expect(Set(house.takings.messages.flatMap(\.recipients)).count == 12 && house.takings.messages.count == 12)
      await house.stop()
    }
  }

  @Test func `attempts that did not count are not counted after a restart either`() {
    let disk = SimulatedDisk(seed: 3)
    let takings = Takings()
    let clock = VirtualClock()
    run("uncounted", clock: clock) { world in
      let house = try await House(world, disk: disk, takings: takings) { upstream, _ in
        upstream.answer = { $0.hasPrefix("MAIL") ? .say("530 5.7.0 Authentication required") : .usual }
      }
      try await house.submit()
      _ = await house.loop.sleep(.seconds(86_400))
      await house.stop()
    }
    run("uncounted, again", clock: VirtualClock(start: clock.wallTime)) { world in
      let house = try await House(world, disk: disk, takings: takings) { upstream, _ in
        upstream.answer = { $0.hasPrefix("RCPT") ? .say("450 4.2.0 greylisted") : .usual }
      }
      _ = await house.loop.sleep(.seconds(5))
      let message = await house.relay.message(house.relay.messages(in: nil)[0])
      #expect(message?.attempts == 1)
      #expect(message?.nextAttemptUSec.map { $0 - house.loop.wallTime.microseconds < 61_000_000 } == true, "the first wait is a minute")
      await house.stop()
    }
  }
}

/// A file with a password in it, as the operator would write it.
final class SecretFile: Sendable {
  let path: String

  init(_ content: String) throws {
    var template = Array("/tmp/posthouse-secret-XXXXXX".utf8CString)
    let number = unsafe template.withUnsafeMutableBufferPointer { unsafe mkstemp($0.baseAddress!) }
    guard number >= 0 else { throw SystemFailure.last("make", "a file in /tmp") }
    close(number)
    path = String(decoding: template.dropLast().map(UInt8.init), as: UTF8.self)
    try write(content)
  }

  deinit { _ = unsafe unlink(path) }

  func write(_ content: String) throws { try SecretFile.write(content, to: path) }

  func remove() throws {
    guard unsafe unlink(path) == 0 else { throw SystemFailure.last("remove", path) }
  }

  static func write(_ content: String, to path: String) throws {
    let number = unsafe open(path, O_WRONLY | O_TRUNC | O_CREAT, 0o600)
    guard number >= 0 else { throw SystemFailure.last("open", path) }
    defer { close(number) }
    let bytes = Array(content.utf8)
    guard unsafe Glibc.write(number, bytes, bytes.count) == bytes.count else { throw SystemFailure.last("write", path) }
  }
}

// SPDX-License-Identifier: Apache-2.0
import EventLoop
import Glibc
import LinuxSystem
import Relay
import Simulation
import Telemetry
import Testing
import Timekeeping
import Varlink

/// An upstream that does whatever it likes for a while, but is honest about what it took: it says so of nothing else.
///
/// That includes the lines of a body, which must not be answered as if they were commands, and replies left out, which make those to the
/// following commands look like what they are not. No client can tell such a reply from the one it waits for.
@Suite struct HostilityTests {
  /// As many seeds as a run of the whole suite has time for; in a soak many more.
  private static let seeds: ClosedRange<UInt64> = 1...(unsafe getenv("POSTHOUSE_SOAK") == nil ? 80 : 2000)

  @Test(arguments: seeds) func `no mood of an upstream loses mail, makes it stick, or keeps a stop waiting`(seed: UInt64) {
    run("hostility, seed \(seed)") { world in
      var generator = SeededGenerator(seed: seed &* 104_729)
      let disk = SimulatedDisk(seed: seed)
      let (connections, messages) = (Int.random(in: 1...3, using: &generator), Int.random(in: 1...6, using: &generator))
      let idle = Int.random(in: 0...20, using: &generator)
      let settings = """
        [Upstream]
        Connections=\(connections)
        MessagesPerConnection=\(messages)
        IdleTimeout=\(idle)s
        CommandTimeout=30s
        ReplyTimeout=60s
        DataTimeout=20s
        [Bounce]
        MaxPerHour=0
        [Retry]
        First=10s
        Max=5m
        MaxAge=30d

        """
      let house = try await House(world, settings, disk: disk, seed: seed)
      if Bool.random(using: &generator) { house.upstream.offers.append("CHUNKING") }
      if Int.random(in: 0..<4, using: &generator) == 0 { house.upstream.offers.removeAll { $0 == "PIPELINING" } }
      house.upstream.pause = .milliseconds(Int.random(in: 0...100, using: &generator))
      let mayShift = !house.upstream.offers.contains("CHUNKING")
      let malice = Int.random(in: 5...60, using: &generator)
      house.upstream.answer = { line in
        guard Int.random(in: 0..<100, using: &generator) < malice else { return .usual }
        return HostilityTests.mood(line, mayShift, &generator)
      }
      var everybody: Set<String> = []
      for number in 0..<25 {
        let recipients = (0..<Int.random(in: 1...4, using: &generator)).map { "to\(number)-\($0)@b.example" }
        everybody.formUnion(recipients)
        #expect(try await house.submit(to: recipients).hasPrefix("250"), "seed \(seed)")
        _ = await house.loop.sleep(.milliseconds(Int.random(in: 0...30_000, using: &generator)))
        if Int.random(in: 0..<10, using: &generator) == 0 { _ = house.relay.flush(nil) }
        if Int.random(in: 0..<20, using: &generator) == 0 { house.relay.reload(house.relay.settings) }
      }
      _ = await house.loop.sleep(.seconds(Int.random(in: 0...7200, using: &generator)))
      house.upstream.answer = { _ in .usual }
      #expect(await house.drain(within: .seconds(2 * 86_400)), "seed \(seed): \(house.relay.status().spool.messages) are stuck")
      await HostilityTests.compare(house, everybody, seed)
      let begun = house.loop.moment
      await house.stop()
      #expect(house.loop.moment - begun < .seconds(30), "seed \(seed)")
    }
  }

  /// Something that no honest upstream does at this place. Where a body leaves with its envelope, a positive reply too many says that it
  /// was taken: nobody can tell, so there it does not happen.
  private static func mood(_ line: String, _ mayShift: Bool, _ generator: inout SeededGenerator) -> SimulatedUpstream.Answer {
    let codes = [
      "421 4.3.2 going", "450 4.2.0 later", "451 4.3.0 later", "452 4.5.3 too many recipients", "454 4.7.0 too many login attempts",
      "500 5.5.2 what", "503 5.5.1 sequence", "530 5.7.0 Authentication required", "550 5.1.1 nobody", "552 5.3.4 too big",
      "550 5.4.5 Daily user sending quota exceeded", "554 5.7.1 no", "354 go", "220 hello", "334 ", "no reply at all",
      "250-more\r\n550 other",
      "454 Throttling failure: Maximum sending rate exceeded.", "{\"json\":true}", "4",
      mayShift ? "450\r\n450 twice" : "450 once",
    ]
    let isEnd = line == "."
    let mayAskForBody = line != "DATA"
    switch Int.random(in: 0..<20, using: &generator) {
    case 0..<11:
      let words = codes.randomElement(using: &generator) ?? ""
      return words == "354 go" && !mayAskForBody ? .usual : .say(words)
    case 11: return .sayAndClose(codes.randomElement(using: &generator) ?? "")
    case 12, 13: return .cut
    case 14: return .close
    case 15 where isEnd: return .doAndCut
    case 16, 17: return .silence
    case 18 where !isEnd && mayShift: return .say("250 2.0.0 ok\r\n250 2.0.0 surplus")
    case 19: return .say(String(repeating: "450-on and on\r\n", count: 200))
    default: return .usual
    }
  }

  /// Delivered is what was taken, what was taken is delivered, and nothing has two ends.
  @Loop private static func compare(_ house: House, _ everybody: Set<String>, _ seed: UInt64) async {
    var taken: Set<String> = []
    for message in house.takings.messages { taken.formUnion(message.recipients) }
    var failed: Set<String> = []
    for id in house.relay.messages(in: .failed) {
      guard let message = await house.relay.message(id) else { continue }
      for recipient in message.recipients {
        if recipient.state == .failed { failed.insert(recipient.address) }
        if recipient.state == .delivered, !taken.contains(recipient.address) {
          Issue.record("seed \(seed): \(recipient.address) counts as delivered and was never taken")
        }
        if recipient.state == .waiting || recipient.state == .deferred {
          Issue.record("seed \(seed): \(recipient.address) is \(recipient.state) in a failed message")
        }
      }
    }
    let lost = everybody.subtracting(taken).subtracting(failed)
    #expect(lost.isEmpty, "seed \(seed): neither taken nor failed: \(lost.sorted())")
    let settled = house.events.counters
    #expect(settled[.messagesAccepted] == 25, "seed \(seed)")
    let delivered = Int(settled[.recipientsDelivered])
    let accepted = Int(settled[.recipientsAccepted])
    #expect(delivered + failed.count == accepted, "seed \(seed): \(accepted) accepted, \(delivered) delivered, \(failed.count) failed")
    #expect(taken.count >= delivered, "seed \(seed): \(delivered) delivered, \(taken.count) taken")
  }
}

// SPDX-License-Identifier: Apache-2.0
import EventLoop
import LinuxSystem
import Mail
import Relay
import Simulation
import Testing
import Timekeeping
import Varlink

/// The first promise against power cuts: the machine dies at random moments under load, again and again, and in the end the books are
/// compared.
@Suite struct CrashTests {
  @Test(arguments: 1...150) func `whatever was acknowledged arrives, and what was decided stays decided`(seed: UInt64) {
    guard let books = CrashTests.history(seed) else { return }
    #expect(books.complaints.isEmpty, "seed \(seed): \(books.complaints.joined(separator: "; "))")
  }

  @Test func `a disk that only pretends to sync is found out`() {
    let complaints = (1...10).flatMap { CrashTests.history($0) { $0.ignoreSyncs() }?.complaints ?? [] }
    #expect(complaints.contains { $0.contains("never reached") })
  }

  /// A few lives of the machine, and what the books say in the end.
  private static func history(_ seed: UInt64, _ prepare: (SimulatedDisk) -> Void = { _ in }) -> Books? {
    var generator = SeededGenerator(seed: seed &* 7919)
    var books = Books(seed: seed)
    let lives = Int.random(in: 2...4, using: &generator)
    for life in 1...lives {
      prepare(books.disk)
      guard let next = live(books, isLast: life == lives, seed: generator.next()) else { return nil }
      books = next
    }
    #expect(!books.acknowledged.isEmpty, "seed \(seed) has shown nothing")
    return books
  }

  /// One life of the machine.
  private static func live(_ books: Books, isLast: Bool, seed: UInt64) -> Books? {
    let clock = VirtualClock(start: books.now)
    return World.run(
      "seed \(books.seed), life \(books.crashes.count + 1)", clock: clock, failed: { Issue.record("seed \(books.seed): \($0)") }
    ) { world in
      let life = Life(world, seed)
      books.takings.isClosed = false
      let house = try await House(
        world, "[Upstream]\nConnections=\(Int.random(in: 1...3, using: &life.generator))\n[Retry]\nFirst=5s\nMax=60s\n",
        disk: books.disk, takings: books.takings, seed: seed
      ) { upstream, _ in life.teach(upstream, isLast: isLast) }
      life.submitAtRandom(house, isLast: isLast, books.submitted)
      var next = isLast ? try await life.settle(house, books) : await life.crash(house, books)
      next.now = world.clock.wallTime + .seconds(Int.random(in: 1...5000, using: &life.generator))
      return next
    }
  }
}

/// One life of the machine, with clients that hand in mail and an upstream that has moods.
@Loop private final class Life {
  var generator: SeededGenerator
  private let world: World
  private var acknowledged: [Int: [String]] = [:]
  private var submitted = 0
  private var clients = 0

  init(_ world: World, _ seed: UInt64) {
    self.world = world
    generator = SeededGenerator(seed: seed)
  }

  /// Recipients whose names begin with `bad` are refused for good; the rest sometimes meet a bad mood.
  func teach(_ upstream: SimulatedUpstream, isLast: Bool) {
    upstream.pause = .milliseconds(Int.random(in: 0...30, using: &generator))
    if Bool.random(using: &generator) { upstream.offers.append("CHUNKING") }
    if Int.random(in: 0..<4, using: &generator) == 0 { upstream.offers.removeAll { $0 == "PIPELINING" } }
    upstream.answer = { [self] line in
      if line.hasPrefix("RCPT TO:<bad") { return .say("550 5.1.1 no such user") }
      if isLast { return .usual }
      switch Int.random(in: 0..<100, using: &generator) {
      case 0..<8 where line.hasPrefix("RCPT"): return .say("450 4.2.0 not now")
      case 8..<9 where line.hasPrefix("RCPT"): return .say("454 Throttling failure: Maximum sending rate exceeded.")
      case 9..<11: return .cut
      case 11..<14 where line == ".": return .doAndCut
      case 14..<16 where line == ".": return .say("451 4.3.0 not now")
      default: return .usual
      }
    }
  }

  /// Clients that come at random moments, each with a few messages, small and large.
  func submitAtRandom(_ house: House, isLast: Bool, _ first: Int) {
    submitted = first
    clients = isLast ? 2 : Int.random(in: 3...8, using: &generator)
    for _ in 0..<clients {
      let start = world.loop.moment + .milliseconds(Int.random(in: 0...1500, using: &generator))
      world.loop.schedule(at: start) { self.come(house) }
    }
  }

  private func come(_ house: House) {
    world.loop.spawn { [self] in
      // What a client loses when the machine dies is its own to send again.
      try? await submit(house)
      clients -= 1
    }
  }

  private func submit(_ house: House) async throws {
    var client = try await MailClient.connect(house.loop, house.network, House.mailAddress)
    for _ in 0..<Int.random(in: 1...5, using: &generator) {
      let number = submitted
      submitted += 1
      var recipients = (0..<Int.random(in: 1...3, using: &generator)).map { "to\($0)@b.example" }
      if Int.random(in: 0..<4, using: &generator) == 0 { recipients.append("bad@b.example") }
      let reply = try await client.send(from: "m\(number)@a.example", to: recipients, Life.body(number))
      if reply.hasPrefix("250") { acknowledged[number] = recipients }
    }
    await client.quit()
  }

  /// Cuts the power at a random moment, or in the middle of a random call to the disk; what the machine does afterwards never happened.
  func crash(_ house: House, _ books: Books) async -> Books {
    var next = books
    if Bool.random(using: &generator) { house.disk.cutPower(afterCalls: Int.random(in: 1...120, using: &generator)) }
    let end = world.loop.moment + .microseconds(Int.random(in: 1_000...4_000_000, using: &generator))
    while world.loop.moment < end, !house.disk.isOff { _ = await world.loop.sleep(.microseconds(500)) }
    house.network.cutAll()
    house.upstream.stop()
    house.takings.isClosed = true
    next.disk = house.disk.crashedCopy(seed: generator.next())
    next.crashes.append(world.clock.wallTime)
    for (number, recipients) in acknowledged { next.acknowledged[number] = recipients }
    await house.relay.stop("the machine is dead, and only this loop does not know")
    while clients > 0 { _ = await world.loop.sleep(.seconds(1)) }
    next.submitted = submitted
    return next
  }

  /// Lets everything be delivered, and compares the books.
  func settle(_ house: House, _ books: Books) async throws -> Books {
    var next = books
    while clients > 0 { _ = await world.loop.sleep(.seconds(1)) }
    for (number, recipients) in acknowledged { next.acknowledged[number] = recipients }
    if await !house.drain(within: .seconds(7200)) { next.complaints.append("the queue does not drain") }
    var failed: Set<Int> = []
    for id in house.relay.messages(in: .failed) {
      guard let message = await house.relay.message(id) else { continue }
      failed.insert(Int(message.sender.dropFirst().prefix { $0 != "@" }) ?? -1)
      for recipient in message.recipients where recipient.state != (recipient.address.hasPrefix("bad") ? .failed : .delivered) {
        next.complaints.append("\(message.sender) to \(recipient.address) is \(recipient.state)")
      }
    }
    next.compare(failed)
    await house.stop()
    return next
  }

  nonisolated static func body(_ number: Int) -> String {
    let lines = number % 20 == 3 ? 6000 : number % 5
    return "Subject: \(number)\r\n\r\n"
      + String(repeating: "line of \(number) with some more words so that it is not short\r\n", count: lines)
  }
}

/// What was promised and what came of it, over all lives.
private struct Books: Sendable {
  let seed: UInt64
  var disk: SimulatedDisk
  let takings = Takings()
  var now = WallTime(microseconds: 1_800_000_000_000_000)
  /// The recipients of each message that got its 250.
  var acknowledged: [Int: [String]] = [:]
  var submitted = 0
  var crashes: [WallTime] = []
  var complaints: [String] = []

  init(seed: UInt64) {
    self.seed = seed
    disk = SimulatedDisk(seed: seed)
  }

  /// Every recipient of every acknowledged message has it, whole; twice only where a crash or a lost reply explains it.
  @Loop mutating func compare(_ failed: Set<Int>) {
    var arrivals: [String: [Takings.Message]] = [:]
    var told: [Int: [Takings.Message]] = [:]
    for message in takings.messages {
      // A report: its recipient is the sender of what failed.
      if message.sender.isEmpty, let sender = message.recipients.first {
        told[Int(sender.dropFirst().prefix { $0 != "@" }) ?? -1, default: []].append(message)
        continue
      }
      let number = Int(message.sender.dropFirst().prefix { $0 != "@" }) ?? -1
      if !message.body.hasSuffix(Life.body(number)) { complaints.append("message \(number) arrived damaged") }
      for recipient in message.recipients { arrivals["\(number) \(recipient)", default: []].append(message) }
    }
    for (number, recipients) in acknowledged.sorted(by: { $0.key < $1.key }) {
      for recipient in recipients where !recipient.hasPrefix("bad") && arrivals["\(number) \(recipient)"] == nil {
        complaints.append("message \(number) never reached \(recipient)")
      }
      guard recipients.contains("bad@b.example") else { continue }
      if !failed.contains(number) { complaints.append("message \(number) is not among the failed") }
      let reports = told[number] ?? []
      if reports.isEmpty { complaints.append("nobody was told that message \(number) failed") }
      if !reports.allSatisfy({ $0.body.contains("rfc822; bad@b.example") }) { complaints.append("a report tells of others") }
      // Again only where a crash stood between, which may repeat the report and what it reports, or a lost reply to the report.
      if reports.count > 1 + 2 * crashes.count + reports.count(where: { !$0.isAnswered }) {
        complaints.append("message \(number) was reported \(reports.count) times")
      }
    }
    for (what, messages) in arrivals.sorted(by: { $0.key < $1.key }) {
      for message in messages.dropLast() where message.isAnswered {
        let isExplained = crashes.contains { $0 >= message.at && $0 - message.at < .seconds(1) }
        if !isExplained { complaints.append("message \(what) was sent again though its delivery was known") }
      }
    }
  }
}

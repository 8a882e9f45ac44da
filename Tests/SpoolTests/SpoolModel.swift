// SPDX-License-Identifier: Apache-2.0
import EventLoop
import Glibc
import LinuxSystem
import Mail
import Octets
import Simulation
import Timekeeping

@testable import Spool

/// A spool that cannot fail, beside the real one: random work, crashes and recoveries, and after each recovery a comparison.
///
/// Of every message it keeps the versions it went through, and from which one on the spool promised to keep it. After a crash the spool
/// must show one of the versions from there to the latest: nothing acknowledged is lost, nothing settled and synced comes back, nothing
/// is misread.
final class SpoolModel: @unchecked Sendable {
  // Unchecked: only the thread of the one loop that runs at a time touches it.
  private let disk: SimulatedDisk
  private let clock = VirtualClock()
  private var random: SeededGenerator
  private var messages: [UInt64: History] = [:]
  private var operation = 0
  /// The first broken promise.
  private(set) var violation: String?
  private(set) var accepted = 0
  private(set) var recoveries = 0
  private(set) var tornTails = 0
  private(set) var orphans = 0
  private(set) var summaries = 0
  private(set) var moved = 0

  private struct History {
    var letter: Letter
    var body: [UInt8]
    var versions: [(operation: Int, snapshot: Snapshot?)]
    var floor = 0
    /// Whether it was acknowledged, now or in an earlier life.
    var isKnown = false
  }

  private struct Snapshot: Equatable {
    var state: QueueState
    var attempts: Int
    var next: WallTime
    var outcomes: [Outcome?]
  }

  init(seed: UInt64, isBroken: Bool = false) {
    disk = SimulatedDisk(seed: seed &* 31)
    random = SeededGenerator(seed: seed)
    if isBroken { disk.ignoreSyncs() }
  }

  /// Lives so many lives; answers the first violation.
  func run(lives: Int) -> String? {
    for life in 0..<lives where violation == nil {
      if chance(6) { disk.cutPower(afterCalls: Int.random(in: 1...40, using: &random)) }
      let seed = random.next()
      var limits = SpoolLimits.small
      limits.segmentSize = .kibibytes([16, 16, 32, 64].randomElement(using: &random) ?? 16)
      let failure = SpoolLife.run(disk, limits, clock: clock, seed: seed) { spool, loop in await self.live(spool, loop) }
      if let failure, !disk.isOff { violation = violation ?? "life \(life): the spool does not open: \(failure)" }
      disk.heal()
      if chance(4), !disk.isOff { disk.kill() } else { disk.crash() }
    }
    return violation
  }

  @Loop private func live(_ spool: Spool, _ loop: EventLoop) async {
    await compare(spool)
    guard violation == nil else { return }
    recoveries += 1
    tornTails += spool.report.hadTornTail ? 1 : 0
    orphans += spool.report.orphansRemoved
    summaries += spool.report.segmentsSummarized
    defer { moved += spool.journal.book.moved }
    if chance(2) { disk.cutPower(afterCalls: Int.random(in: 1...300, using: &random)) }
    for call in [SimulatedDisk.Call.write, .sync, .fill, .open, .read] where chance(6) {
      disk.fail(
        call, nth: Int.random(in: 1...60, using: &random), times: Int.random(in: 1...3, using: &random), with: chance(2) ? EIO : ENOSPC)
    }
    let clients = Int.random(in: 1...5, using: &random)
    var busy = clients
    let done = Berth(loop)
    for _ in 0..<clients {
      let count = Int.random(in: 5...60, using: &random)
      loop.spawn {
        for _ in 0..<count where !self.disk.isOff && self.violation == nil { await self.act(spool, loop) }
        busy -= 1
        done.wake()
      }
    }
    while busy > 0 { _ = await done.wait() }
    if chance(3) {
      let isClosed = await spool.close(until: loop.moment + .seconds(30))
      if isClosed, !disk.isOff { promise(upTo: operation) }
    }
  }

  @Loop private func act(_ spool: Spool, _ loop: EventLoop) async {
    switch Int.random(in: 0..<20, using: &random) {
    case 0..<8: await accept(spool)
    case 8..<14: settle(spool, loop)
    case 14..<16: await change(spool, loop)
    case 16: await read(spool)
    default: _ = await loop.sleep(.microseconds(Int.random(in: 0...200_000, using: &random)))
    }
  }

  @Loop private func accept(_ spool: Spool) async {
    let id = spool.nextID()
    if messages[id.number] != nil { violation = violation ?? "the number \(id) was given out twice" }
    let recipients = (1...Int.random(in: 1...4, using: &random)).map { "r\($0)@example.net" }
    let length = chance(4) ? Int.random(in: 2000...9000, using: &random) : Int.random(in: 0...1500, using: &random)
    let line = Array("\(id) \(random.next())\r\n".utf8)
    var body: [UInt8] = []
    while body.count < length { body += line }
    var letter = Letter.sample(id, to: recipients, at: clock.wallTime)
    letter.isHeld = chance(10)
    let fresh = Snapshot(
      state: letter.isHeld ? .held : .queued, attempts: 0, next: letter.envelope.accepted,
      outcomes: Array(repeating: nil, count: recipients.count))
    do throws(SpoolRefusal) {
      letter.body = try await spool.takeIn(body, as: id, pieces: Int.random(in: 100...3000, using: &random))
      operation += 1
      messages[id.number] = History(letter: letter, body: body, versions: [(operation, nil), (operation, fresh)])
      try await spool.accept(letter)
      messages[id.number]?.floor = 1
      messages[id.number]?.isKnown = true
      accepted += 1
    } catch {
      // It may come to light after a crash, since only the sender knows that it was refused; in this life it must not.
      if spool.entry(id) != nil { violation = violation ?? "refused message \(id) is in the queue" }
    }
  }

  /// A message that is in the queue now.
  private func pick() -> UInt64? {
    messages.filter { $0.value.isKnown && $0.value.versions.last?.snapshot != nil }.keys.sorted().randomElement(using: &random)
  }

  @Loop private func settle(_ spool: Spool, _ loop: EventLoop) {
    guard let id = pick(), var snapshot = messages[id]?.versions.last?.snapshot, snapshot.state != .failed else { return }
    var outcomes: [(recipient: Int, outcome: Outcome)] = []
    for index in snapshot.outcomes.indices where snapshot.outcomes[index].map({ $0.verdict == .deferred }) ?? true {
      guard chance(4) == false else { continue }
      let verdict: Outcome.Verdict = chance(2) ? .delivered : chance(3) ? .failed : .deferred
      outcomes.append((index, .sample(verdict, "reply \(random.next() % 1000)")))
    }
    let next = clock.wallTime + .seconds(Int64.random(in: 1...4000, using: &random))
    for (index, outcome) in outcomes { snapshot.outcomes[index] = outcome }
    snapshot.attempts += 1
    snapshot.next = next
    let isOpen = snapshot.outcomes.contains { $0.map { $0.verdict == .deferred } ?? true }
    operation += 1
    let settlement = spool.settle(MessageID(number: id), outcomes, nextAttempt: next)
    var version: Snapshot? = snapshot
    if !isOpen, snapshot.outcomes.allSatisfy({ $0?.verdict == .delivered }) { version = nil }
    if !isOpen, version != nil {
      version?.state = .failed
      version?.next = clock.wallTime + SpoolLimits.small.keepFailed
    }
    if (settlement == .gone) != (version == nil) { violation = violation ?? "settling \(id) brought \(settlement)" }
    messages[id]?.versions.append((operation, version))
  }

  @Loop private func change(_ spool: Spool, _ loop: EventLoop) async {
    guard let id = pick(), var snapshot = messages[id]?.versions.last?.snapshot else { return }
    let time = clock.wallTime + .seconds(Int64.random(in: 0...100, using: &random))
    let order: QueueOrder
    var version: Snapshot?
    switch snapshot.state {
    case .queued where chance(2):
      order = .hold
      snapshot.state = .held
      version = snapshot
    case .held where chance(2):
      order = .release(time)
      (snapshot.state, snapshot.next) = (.queued, time)
      version = snapshot
    case .failed where chance(2):
      order = .retry(time)
      (snapshot.state, snapshot.next) = (.queued, time)
      snapshot.outcomes = snapshot.outcomes.map { $0?.verdict == .failed ? Outcome(.deferred, $0!.reason) : $0 }
      version = snapshot
    case .queued, .held, .failed:
      order = .remove
      version = nil
    }
    operation += 1
    let mine = operation
    messages[id]?.versions.append((mine, version))
    do throws(SpoolFailure) {
      if try await spool.change([MessageID(number: id)], order) != 1 { violation = violation ?? "\(order) did not fit \(id)" }
      promise(upTo: mine)
    } catch {
      guard case .notDurable = error else {
        violation = violation ?? "\(order) failed: \(error)"
        return
      }
    }
  }

  @Loop private func read(_ spool: Spool) async {
    guard let id = pick() else { return }
    let before = messages[id]?.versions.count
    let stored = await spool.attemptRead(MessageID(number: id))
    // Somebody else may have changed it meanwhile, or a fault may have hindered the reading.
    guard let stored, messages[id]?.versions.count == before, let expected = messages[id]?.versions.last?.snapshot else { return }
    if let bytes = await spool.bytes(of: stored), let mistake = mistake(stored, bytes, messages[id]!, expected) {
      violation = violation ?? "reading \(id): \(mistake)"
    }
  }

  /// From now on everything up to an operation must survive.
  private func promise(upTo operation: Int) {
    for id in messages.keys {
      guard let history = messages[id] else { continue }
      let kept = history.versions.lastIndex { $0.operation <= operation } ?? 0
      if history.isKnown { messages[id]?.floor = max(history.floor, kept) }
    }
  }

  private func mistake(_ stored: StoredLetter, _ bytes: [UInt8], _ history: History, _ expected: Snapshot) -> String? {
    if stored.envelope != history.letter.envelope { return "the envelope is another one" }
    if bytes != history.body { return "the body is another one" }
    let found = Snapshot(state: stored.state, attempts: stored.attempts, next: stored.nextAttempt, outcomes: stored.outcomes)
    return found == expected ? nil : "it is \(found), not \(expected)"
  }

  @Loop private func compare(_ spool: Spool) async {
    var found: Set<UInt64> = []
    spool.forEachEntry { entry in
      found.insert(entry.id.number)
      return true
    }
    if !spool.report.damages.isEmpty { violation = violation ?? "damage where there was only a crash: \(spool.report.damages)" }
    for id in found.sorted() {
      guard let history = messages[id] else {
        violation = violation ?? "message \(id) was never handed in"
        return
      }
      let stored: StoredLetter
      do throws(SpoolFailure) { stored = try await spool.read(MessageID(number: id)) } catch {
        if !disk.isOff { violation = violation ?? "message \(id) cannot be read: \(error)" }
        return
      }
      guard let bytes = await spool.bytes(of: stored) else {
        if !disk.isOff { violation = violation ?? "the body of \(id) cannot be read" }
        return
      }
      let allowed = history.versions[history.floor...].compactMap(\.snapshot)
      guard let version = allowed.first(where: { mistake(stored, bytes, history, $0) == nil }) else {
        let reason = allowed.last.flatMap { mistake(stored, bytes, history, $0) } ?? "it was gone for good"
        violation = violation ?? "message \(id): \(reason); floor \(history.floor) of \(history.versions.count)"
        return
      }
      messages[id]?.versions = [(operation, version)]
      messages[id]?.floor = 0
      messages[id]?.isKnown = true
    }
    for (id, history) in messages where !found.contains(id) {
      if !history.versions[history.floor...].contains(where: { $0.snapshot == nil }) {
        violation = violation ?? "message \(id) is lost; floor \(history.floor) of \(history.versions.count)"
      }
      messages[id] = nil
    }
  }

  /// True once in `count` times.
  private func chance(_ count: Int) -> Bool { Int.random(in: 0..<count, using: &random) == 0 }
}

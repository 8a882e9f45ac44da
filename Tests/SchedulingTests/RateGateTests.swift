// SPDX-License-Identifier: Apache-2.0
import Scheduling
import Testing
import Timekeeping

/// Limits by the second, the minute and the day.
struct RateGateTests {
  static let noon = WallTime(microseconds: 1_700_000_000_000_000)

  /// Asks as fast as it is allowed to for so many seconds, and answers when each passed, in nanoseconds.
  private func passages(_ gate: inout RateGate, seconds: Int, cost: Int = 1) -> [Int64] {
    var (now, passed): (Int64, [Int64]) = (0, [])
    while now < Int64(seconds) * 1_000_000_000 {
      switch gate.pass(cost: cost, at: Moment(nanoseconds: now), Self.noon + .nanoseconds(now)) {
      case .open: passed.append(now)
      case .closed(let until, _):
        #expect(until.nanoseconds > now)
        now = until.nanoseconds
      }
    }
    return passed
  }

  @Test(arguments: [1, 3, 10, 14, 500, 9999]) func `a limit by the second is used to the full, and passed by a tenth at most`(limit: Int) {
    var gate = RateGate(RateLimits(perSecond: limit))
    let passed = passages(&gate, seconds: 3)
    #expect(passed.count >= 3 * limit && passed.count <= 3 * limit + max(1, limit / 10))
    for start in passed.indices {
      let end = start + limit + max(1, limit / 10)
      if end < passed.count { #expect(passed[end] - passed[start] >= 999_999_000) }
    }
  }

  @Test func `the strictest of several limits decides, and is named`() {
    var gate = RateGate(RateLimits(perSecond: 10, perMinute: 60, perDay: 100))
    #expect(passages(&gate, seconds: 60).count <= 66)
    #expect(gate.spent.total(at: Self.noon) <= 66)
    #expect(passages(&gate, seconds: 600).count + gate.spent.total(at: Self.noon) >= 100)
    #expect(gate.spent.total(at: Self.noon + .seconds(600)) == 100)
    guard case .closed(let until, .day) = gate.pass(at: Moment(nanoseconds: 0), Self.noon + .seconds(660)) else {
      Issue.record("the day is used up")
      return
    }
    #expect((Duration.seconds(23 * 3600)...Duration.seconds(25 * 3600)).contains(until - Moment(nanoseconds: 0)))
  }

  @Test func `what has to wait is counted against no limit`() {
    var gate = RateGate(RateLimits(perSecond: 1000, perDay: 1))
    #expect(gate.pass(at: Moment(nanoseconds: 0), Self.noon) == .open)
    for _ in 0..<5000 { _ = gate.pass(at: Moment(nanoseconds: 0), Self.noon) }
    #expect(gate.spent.total(at: Self.noon) == 1)
    gate.change(to: RateLimits(perSecond: 1000))
    #expect(gate.pass(at: Moment(nanoseconds: 0), Self.noon) == .open)
    #expect(gate.spent.total(at: Self.noon) == 2)
  }

  @Test func `without limits everything passes, and is counted all the same`() {
    var gate = RateGate(RateLimits())
    for _ in 0..<1000 { #expect(gate.pass(cost: 50, at: Moment(nanoseconds: 0), Self.noon) == .open) }
    #expect(gate.spent.total(at: Self.noon) == 50_000)
  }

  @Test func `what costs more than a limit passes alone, and leaves a debt`() {
    var gate = RateGate(RateLimits(perSecond: 10))
    let passed = passages(&gate, seconds: 60, cost: 50)
    #expect(passed == (0..<12).map { Int64($0) * 5_000_000_000 })
    var day = RateGate(RateLimits(perDay: 10))
    #expect(day.pass(cost: 50, at: Moment(nanoseconds: 0), Self.noon) == .open)
    #expect(day.pass(cost: 50, at: Moment(nanoseconds: 0), Self.noon) != .open)
    #expect(day.pass(cost: 50, at: Moment(nanoseconds: 0), Self.noon + .seconds(90_000)) == .open)
  }

  @Test func `a day survives a restart`() throws {
    var gate = RateGate(RateLimits(perDay: 100))
    for step in 0..<60 { #expect(gate.pass(at: Moment(nanoseconds: 0), Self.noon + .seconds(step * 100)) == .open) }
    let later = Self.noon + .seconds(6000)
    let stored = gate.spent.description
    var restarted = RateGate(RateLimits(perDay: 100), spent: try #require(DailySpending(stored)))
    #expect(restarted.spent == gate.spent && restarted.spent.total(at: later) == 60)
    #expect(passages(&restarted, seconds: 100).count == 40)
    #expect(DailySpending("") == DailySpending())
  }

  @Test(arguments: ["x", "1", "1:", ":1", "1:0", "1:-1", "2:1 1:1", "1:1 1:1", "1:1,2:1", "99999999999999999999:1", "1:4294967296"])
  func `a damaged text is no spending`(text: String) { #expect(DailySpending(text) == nil) }

  @Test func `no 24 hours see more than the limit, and what is free again is found exactly`() {
    var random = SeededGenerator(7)
    var spending = DailySpending()
    var (time, spent): (WallTime, [(WallTime, Int)]) = (Self.noon, [])
    for _ in 0..<2000 {
      let cost = Int.random(in: 1...20, using: &random)
      let room = spending.roomAt(cost, limit: 500, now: time)
      #expect(room >= time)
      if room > time { #expect(spending.roomAt(cost, limit: 500, now: room + .microseconds(-1)) > time) }
      time = room
      #expect(spending.roomAt(cost, limit: 500, now: time) == time)
      spending.add(cost, at: time)
      spent.append((time, cost))
      #expect(spent.reduce(0) { time - $1.0 < .seconds(86_400) ? $0 + $1.1 : $0 } <= 500)
      time = time + .seconds(Int.random(in: 0...2000, using: &random))
    }
    #expect(spending.description.utf8.count < 2048)
  }

  @Test func `a clock that was wrong by years blocks nothing for longer than a day`() {
    var spending = DailySpending()
    spending.add(90, at: Self.noon + .seconds(20 * 365 * 86_400))
    spending.add(10, at: Self.noon)
    #expect(spending.roomAt(1, limit: 100, now: Self.noon) > Self.noon)
    #expect(spending.roomAt(1, limit: 100, now: Self.noon + .seconds(90_000)) == Self.noon + .seconds(90_000))
  }
}

/// Connections that grow in number, and shrink when asked to.
struct ConcurrencyWindowTests {
  private func at(_ seconds: Int) -> Moment { Moment(nanoseconds: Int64(seconds) * 1_000_000_000) }

  @Test func `it grows by one while it is used to the full, up to the most`() {
    var window = ConcurrencyWindow(most: 5)
    var sizes: [Int] = []
    for _ in 0..<100 {
      window.succeeded(inUse: window.size, at: at(0))
      if sizes.last != window.size { sizes.append(window.size) }
    }
    #expect(sizes == [1, 2, 3, 4, 5])
    var idle = ConcurrencyWindow(most: 5, start: 3)
    for _ in 0..<100 { idle.succeeded(inUse: 2, at: at(0)) }
    #expect(idle.size == 3)
  }

  @Test func `complaints that come together halve it once, later ones again, never below one`() {
    var window = ConcurrencyWindow(most: 16, start: 16)
    for second in 0..<5 { window.throttled(at: at(second)) }
    #expect(window.size == 8)
    window.throttled(at: at(20))
    window.throttled(at: at(40))
    window.throttled(at: at(60))
    window.throttled(at: at(80))
    #expect(window.size == 1)
  }

  @Test func `against a fixed limit it is cut ever more rarely`() {
    var window = ConcurrencyWindow(most: 20)
    var cuts: [Int] = []
    for second in 0..<3000 {
      for _ in 0..<10 { window.succeeded(inUse: window.size, at: at(second)) }
      if window.size > 4 {
        window.throttled(at: at(second))
        cuts.append(second)
      }
    }
    let early = cuts.count { $0 < 300 }
    let late = cuts.count { $0 >= 2700 }
    #expect(early >= 2 && late <= early)
    #expect(cuts.count < 60)
  }

  @Test func `an hour without complaint makes it quick again, and a lower limit counts at once`() {
    var window = ConcurrencyWindow(most: 8, start: 8)
    for cut in 0..<6 { window.throttled(at: at(cut * 20)) }
    let slow = (1...10_000).first { _ in
      window.succeeded(inUse: window.size, at: at(120))
      return window.size == 2
    }
    let quick = (1...10_000).first { _ in
      window.succeeded(inUse: window.size, at: at(4000))
      return window.size == 3
    }
    #expect(slow == 128 && quick == 4)
    window.change(most: 1)
    #expect(window.size == 1)
  }
}

extension RateGate {
  /// Asks, and spends when it may.
  mutating func pass(cost: Int = 1, at now: Moment, _ time: WallTime) -> Answer {
    let answer = ask(cost: cost, at: now, time)
    if answer == .open { spend(cost, at: now, time) }
    return answer
  }
}

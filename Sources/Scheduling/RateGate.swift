// SPDX-License-Identifier: Apache-2.0
package import Timekeeping

/// How much an upstream takes in a time; nil is no limit.
package struct RateLimits: Hashable, Sendable {
  package let perSecond: Int?
  package let perMinute: Int?
  package let perDay: Int?

  /// Limits; each that is given lets something through.
  package init(perSecond: Int? = nil, perMinute: Int? = nil, perDay: Int? = nil) {
    for limit in [perSecond, perMinute, perDay] { precondition((limit ?? 1) >= 1, "a limit lets something through") }
    self.perSecond = perSecond
    self.perMinute = perMinute
    self.perDay = perDay
  }
}

/// The gate in front of an upstream: lets pass what its limits allow, and says when to come again.
///
/// What passes is counted against every limit at once, what does not against none. `cost` is 1 for providers that count messages, and
/// the number of recipients for those that count them. By the second and by the minute passing is spread evenly, with bursts of a
/// tenth; by the day it is not, because what is left of a day is nobody's gain.
package struct RateGate: Sendable {
  /// What is allowed.
  package private(set) var limits: RateLimits
  /// What was used up in the last day; to be stored from time to time and when the service stops.
  package private(set) var spent: DailySpending
  private var second: TokenBucket?
  private var minute: TokenBucket?

  /// A gate that knows what was used up before a restart.
  package init(_ limits: RateLimits, spent: DailySpending = DailySpending()) {
    self.limits = limits
    self.spent = spent
    second = limits.perSecond.map { TokenBucket($0, per: .seconds(1)) }
    minute = limits.perMinute.map { TokenBucket($0, per: .seconds(60)) }
  }

  /// What became of a wish to pass.
  package enum Answer: Hashable, Sendable {
    /// It may, and was counted.
    case passed
    /// Not before this moment, because of this limit.
    case wait(until: Moment, Limit)
  }

  /// Which limit it is.
  package enum Limit: Hashable, Sendable {
    case second
    case minute
    case day
  }

  /// Asks to pass.
  package mutating func pass(cost: Int = 1, at now: Moment, _ time: WallTime) -> Answer {
    precondition(cost >= 1, "what passes costs something")
    if let wait = wait(cost: cost, at: now, time) { return wait }
    second?.take(cost, at: now)
    minute?.take(cost, at: now)
    spent.add(cost, at: time)
    return .passed
  }

  /// Takes over other limits. What was spent today still counts; bursts begin anew.
  package mutating func change(to limits: RateLimits) {
    guard limits != self.limits else { return }
    self = RateGate(limits, spent: spent)
  }

  private func wait(cost: Int, at now: Moment, _ time: WallTime) -> Answer? {
    var latest: (until: Moment, limit: Limit)?
    func note(_ until: Moment, _ limit: Limit) {
      if until > now, latest.map({ until > $0.until }) ?? true { latest = (until, limit) }
    }
    if let second { note(second.roomAt(cost), .second) }
    if let minute { note(minute.roomAt(cost), .minute) }
    if let perDay = limits.perDay { note(now + (spent.roomAt(cost, limit: perDay, now: time) - time), .day) }
    return latest.map { .wait(until: $0.until, $0.limit) }
  }
}

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

/// The gate in front of an upstream: says whether its limits allow another message, or when to come again, and counts what passed.
///
/// What passes is counted against every limit at once. A cost is 1 for providers that count messages, and the number of recipients for
/// those that count them; it may be known only after the message was let through, so that asking and spending are two things: what costs
/// more than there was room for leaves a debt, and what did not pass after all is refunded. By the second and by the minute passing is
/// spread evenly, with bursts of a tenth; by the day it is not, because what is left of a day is nobody's gain.
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

  /// What becomes of a wish to pass.
  package enum Answer: Hashable, Sendable {
    /// It may.
    case open
    /// Not before this moment, because of this limit.
    case closed(until: Moment, Limit)
  }

  /// Which limit it is.
  package enum Limit: Hashable, Sendable {
    case second
    case minute
    case day
  }

  /// Whether something of this cost may pass now; of several limits that say no, the one that says it longest is named.
  package func ask(cost: Int = 1, at now: Moment, _ time: WallTime) -> Answer {
    precondition(cost >= 1, "what passes costs something")
    var latest: (until: Moment, limit: Limit)?
    func note(_ until: Moment, _ limit: Limit) {
      if until > now, latest.map({ until > $0.until }) ?? true { latest = (until, limit) }
    }
    if let second { note(second.roomAt(cost), .second) }
    if let minute { note(minute.roomAt(cost), .minute) }
    if let perDay = limits.perDay { note(now + (spent.roomAt(cost, limit: perDay, now: time) - time), .day) }
    return latest.map { .closed(until: $0.until, $0.limit) } ?? .open
  }

  /// Something of this cost has passed.
  package mutating func spend(_ cost: Int = 1, at now: Moment, _ time: WallTime) {
    second?.take(cost, at: now)
    minute?.take(cost, at: now)
    spent.add(cost, at: time)
  }

  /// Something of this cost has not passed after all.
  package mutating func refund(_ cost: Int = 1) {
    second?.putBack(cost)
    minute?.putBack(cost)
    spent.remove(cost)
  }

  /// Takes over other limits. What was spent today still counts; bursts begin anew.
  package mutating func change(to limits: RateLimits) {
    guard limits != self.limits else { return }
    self = RateGate(limits, spent: spent)
  }
}

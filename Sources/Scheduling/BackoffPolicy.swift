// SPDX-License-Identifier: Apache-2.0
package import Timekeeping

/// How long to wait between attempts, and when to give up.
///
/// Waiting grows from attempt to attempt up to a ceiling. A random part keeps messages that failed together from coming back together;
/// it only ever shortens the wait, so that the ceiling holds. Randomness is an argument, hence a simulation can repeat it.
package struct BackoffPolicy: Hashable, Sendable {
  /// The wait behind the first attempt.
  package let firstDelay: Duration
  /// By how much each wait is longer than the one before; at least 1.
  package let growth: Double
  /// The longest wait; a year at most.
  package let ceiling: Duration
  /// The part of a wait that is random, 0 to 1.
  package let jitter: Double
  /// How long a message is tried at all.
  package let maximumAge: Duration

  /// A policy; by default about a minute at first, doubling up to an hour, for five days (RFC 5321 §4.5.4.1).
  package init(
    firstDelay: Duration = .seconds(60), growth: Double = 2, ceiling: Duration = .seconds(3600), jitter: Double = 0.25,
    maximumAge: Duration = .seconds(5 * 86_400)
  ) {
    precondition(firstDelay > .zero && ceiling >= firstDelay, "the first wait is positive and below the ceiling")
    precondition(ceiling <= .seconds(366 * 86_400), "a wait is a year at most")
    precondition(growth >= 1 && growth.isFinite, "waits do not shrink")
    precondition((0...1).contains(jitter), "jitter is a part of the whole")
    precondition(maximumAge >= .zero, "an age is not negative")
    self.firstDelay = firstDelay
    self.growth = growth
    self.ceiling = ceiling
    self.jitter = jitter
    self.maximumAge = maximumAge
  }

  /// How long to wait behind attempt number `attempt`, counted from 1.
  package func delay(afterAttempt attempt: Int, using generator: inout some RandomNumberGenerator) -> Duration {
    precondition(attempt >= 1, "attempts are counted from 1")
    var nanoseconds = Double(firstDelay.nanoseconds)
    let most = Double(ceiling.nanoseconds)
    var step = 1
    while step < attempt, nanoseconds < most, growth > 1 {
      nanoseconds *= growth
      step += 1
    }
    let whole = min(nanoseconds, most)
    let part = jitter > 0 ? Double.random(in: 0...jitter, using: &generator) : 0
    return .nanoseconds(Int64(whole * (1 - part)))
  }

  /// Whether a message of that time is not to be tried any more. A clock that was set back never expires anything.
  package func isExpired(accepted: WallTime, now: WallTime) -> Bool { now - accepted >= maximumAge }
}

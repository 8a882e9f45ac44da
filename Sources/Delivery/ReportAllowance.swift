// SPDX-License-Identifier: Apache-2.0
package import Timekeeping

/// How many reports may still be made in this hour, which begins with its first report.
package struct ReportAllowance: Hashable, Sendable {
  /// How many an hour has; none when it is 0.
  package var perHour: Int
  /// Since when reports are left out; nil while all are made.
  package private(set) var cappedSince: WallTime?
  /// How many were left out since then.
  package private(set) var leftOut = 0
  private var hourEnd: Moment?
  private var lastRefusal: Moment?
  private var used = 0

  /// An allowance nothing was taken from.
  package init(perHour: Int) {
    precondition(perHour >= 0, "nothing is less than no reports")
    self.perHour = perHour
  }

  /// What became of a wish to make a report.
  package enum Answer: Hashable, Sendable {
    case granted
    /// Left out, as the first of some.
    case cappedNow
    /// Left out like others before.
    case capped
  }

  /// Asks for one report.
  package mutating func take(at now: Moment, _ time: WallTime) -> Answer {
    if now >= hourEnd ?? now {
      hourEnd = now + .seconds(3600)
      used = 0
    }
    if used < perHour {
      used += 1
      return .granted
    }
    lastRefusal = now
    leftOut += 1
    guard cappedSince == nil else { return .capped }
    cappedSince = time
    return .cappedNow
  }

  /// Forgets what was left out, once an hour has passed in which nothing was.
  package mutating func calm(at now: Moment) {
    guard let last = lastRefusal, now - last >= .seconds(3600) else { return }
    (cappedSince, lastRefusal, leftOut) = (nil, nil, 0)
  }
}

// SPDX-License-Identifier: Apache-2.0
/// A point on the monotonic clock: for deadlines and measurements, never shown to people and never stored.
package struct Moment: Hashable, Comparable, Sendable {
  /// Nanoseconds since an arbitrary start; comparable only within one run.
  package let nanoseconds: Int64

  /// The moment so many nanoseconds after the clock's start.
  @inlinable package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

  /// A moment that never comes.
  package static let distantFuture = Moment(nanoseconds: .max)

  @inlinable package static func < (left: Moment, right: Moment) -> Bool { left.nanoseconds < right.nanoseconds }

  /// The moment `wait` later; saturates at ``distantFuture``.
  package static func + (start: Moment, wait: Duration) -> Moment {
    let (sum, overflow) = start.nanoseconds.addingReportingOverflow(wait.nanoseconds)
    return overflow ? .distantFuture : Moment(nanoseconds: sum)
  }

  /// How long it is from `start` to `end`.
  package static func - (end: Moment, start: Moment) -> Duration {
    .nanoseconds(end.nanoseconds - start.nanoseconds)
  }
}

extension Duration {
  /// The whole nanoseconds in this duration; saturates after 292 years.
  package var nanoseconds: Int64 {
    let all = attoseconds
    let high = Int64(truncatingIfNeeded: all &>> 64)
    guard high < 500_000_000 else { return .max }
    guard high >= -500_000_000 else { return .min }
    return Int64(1_000_000_000).dividingFullWidth((high, UInt64(truncatingIfNeeded: all))).quotient
  }

  /// The whole microseconds in this duration.
  package var microseconds: Int64 { nanoseconds / 1000 }
}

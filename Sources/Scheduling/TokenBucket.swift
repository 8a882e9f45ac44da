// SPDX-License-Identifier: Apache-2.0
internal import Timekeeping

/// So many in such a time, spread evenly: a bucket that one token drips into at every interval, and that holds a tenth of the whole.
///
/// What is kept is not a level but the moment at which the bucket will be full again; from it follows how many tokens there are at any
/// time, without rounding and without a timer. Any stretch of the time sees at most the whole and a tenth. What costs more than the
/// bucket holds passes when it is full, and leaves a debt.
struct TokenBucket: Sendable {
  private let interval: Int64
  private let capacity: Int64
  private var fullAt = Moment(nanoseconds: .min)

  /// A full bucket of `count` in `time`.
  init(_ count: Int, per time: Duration) {
    precondition(count >= 1 && time > .zero, "a rate lets something through")
    interval = max(1, (time.nanoseconds + Int64(count) - 1) / Int64(count))
    capacity = Int64(max(1, count / 10))
  }

  /// From when on there is room for `cost`.
  func roomAt(_ cost: Int) -> Moment {
    let left = capacity - min(Int64(cost), capacity)
    let (start, overflow) = fullAt.nanoseconds.subtractingReportingOverflow(left * interval)
    return overflow ? Moment(nanoseconds: .min) : Moment(nanoseconds: start)
  }

  /// Takes tokens out; there must be room for them.
  mutating func take(_ cost: Int, at now: Moment) {
    fullAt = max(fullAt, now) + .nanoseconds(Int64(cost) * interval)
  }

  /// Puts tokens back that were not needed.
  mutating func putBack(_ cost: Int) {
    let (moment, overflow) = fullAt.nanoseconds.subtractingReportingOverflow(Int64(cost) * interval)
    fullAt = Moment(nanoseconds: overflow ? .min : moment)
  }
}

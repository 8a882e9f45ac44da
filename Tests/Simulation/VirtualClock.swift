// SPDX-License-Identifier: Apache-2.0
internal import Synchronization
package import Timekeeping

/// A clock that stands still until somebody moves it.
package final class VirtualClock: TimeSource {
  private let elapsed = Atomic<Int64>(0)
  private let start: WallTime

  /// A clock that shows `start` in civil time and zero on the monotonic side.
  package init(start: WallTime = WallTime(microseconds: 1_800_000_000_000_000)) { self.start = start }

  package var moment: Moment { Moment(nanoseconds: elapsed.load(ordering: .relaxed)) }

  package var wallTime: WallTime { start + .nanoseconds(elapsed.load(ordering: .relaxed)) }

  /// Moves on to a later moment.
  package func advance(to moment: Moment) {
    precondition(moment >= self.moment, "time does not run backwards")
    elapsed.store(moment.nanoseconds, ordering: .relaxed)
  }
}

// SPDX-License-Identifier: Apache-2.0
/// A point in civil time: what is stored, logged and shown.
///
/// It may jump when somebody sets the clock, so nothing waits by it; see ``Moment`` for that.
package struct WallTime: Hashable, Comparable, Sendable {
  /// Microseconds since 1970-01-01 00:00:00 UTC, leap seconds left out.
  package let microseconds: Int64

  /// The time so many microseconds after the epoch.
  package init(microseconds: Int64) { self.microseconds = microseconds }

  package static func < (left: WallTime, right: WallTime) -> Bool { left.microseconds < right.microseconds }

  /// The time `wait` later.
  package static func + (start: WallTime, wait: Duration) -> WallTime {
    WallTime(microseconds: start.microseconds &+ wait.microseconds)
  }

  /// How long it is from `start` to `end`; negative when the clock was set back.
  package static func - (end: WallTime, start: WallTime) -> Duration {
    .microseconds(end.microseconds - start.microseconds)
  }
}

// SPDX-License-Identifier: Apache-2.0
internal import Glibc
package import Timekeeping

/// The kernel's clocks.
package final class SystemClock: TimeSource, Sendable {
  /// The clocks of this machine.
  package init() {}

  package var moment: Moment { Moment(nanoseconds: SystemClock.read(CLOCK_MONOTONIC)) }

  package var wallTime: WallTime { WallTime(microseconds: SystemClock.read(CLOCK_REALTIME) / 1000) }

  private static func read(_ clock: clockid_t) -> Int64 {
    var time = timespec()
    _ = unsafe clock_gettime(clock, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }
}

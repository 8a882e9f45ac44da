// SPDX-License-Identifier: Apache-2.0
import Testing
import Timekeeping

/// Moments and durations at their edges.
struct MomentTests {
  @Test func `a moment moves by a duration and the difference gives it back`() {
    let start = Moment(nanoseconds: 1_000)
    #expect(start + .microseconds(5) == Moment(nanoseconds: 6_000))
    #expect((start + .seconds(3)) - start == .seconds(3))
    #expect(start - (start + .seconds(3)) == .seconds(-3))
    #expect(start < start + .nanoseconds(1))
  }

  @Test func `what would lie behind the end of time is the end of time`() {
    #expect(Moment(nanoseconds: .max - 5) + .nanoseconds(6) == .distantFuture)
    #expect(Moment(nanoseconds: 1) + .seconds(Int64.max) == .distantFuture)
    #expect(Moment.distantFuture + .seconds(1) == .distantFuture)
  }

  static let counted: [(Duration, Int64)] = [
    (.zero, 0), (.nanoseconds(1), 1), (.milliseconds(1500), 1_500_000_000), (.seconds(-2), -2_000_000_000),
    (.seconds(Int64.max), .max), (.seconds(Int64.min), .min),
  ]

  @Test(arguments: counted) func `a duration counts whole nanoseconds and saturates`(duration: Duration, nanoseconds: Int64) {
    #expect(duration.nanoseconds == nanoseconds)
  }
}

/// Civil time.
struct WallTimeTests {
  @Test func `a clock that was set back gives a negative difference`() {
    let early = WallTime(microseconds: 1_000_000)
    let late = early + .seconds(2)
    #expect(late - early == .seconds(2))
    #expect(early - late == .seconds(-2))
    #expect(early < late)
  }
}

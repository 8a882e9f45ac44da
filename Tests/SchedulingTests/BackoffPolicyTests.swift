// SPDX-License-Identifier: Apache-2.0
import Scheduling
import Testing
import Timekeeping

/// How waits grow, and when trying ends.
struct BackoffPolicyTests {
  @Test func `without jitter waits double up to the ceiling and stay there`() {
    let policy = BackoffPolicy(firstDelay: .seconds(60), growth: 2, ceiling: .seconds(600), jitter: 0)
    var random = SeededGenerator(1)
    let waits = (1...6).map { policy.delay(afterAttempt: $0, using: &random) }
    #expect(waits == [60, 120, 240, 480, 600, 600].map { .seconds($0) })
    #expect(policy.delay(afterAttempt: .max, using: &random) == .seconds(600))
  }

  @Test func `growth of one waits the same, for any number of attempts at once`() {
    let policy = BackoffPolicy(firstDelay: .seconds(5), growth: 1, ceiling: .seconds(50), jitter: 0)
    var random = SeededGenerator(1)
    #expect(policy.delay(afterAttempt: .max, using: &random) == .seconds(5))
  }

  @Test func `jitter only shortens, by its part at most, spreads, and repeats for a seed`() {
    let policy = BackoffPolicy(firstDelay: .seconds(100), growth: 2, ceiling: .seconds(100), jitter: 0.25)
    var (first, second) = (SeededGenerator(9), SeededGenerator(9))
    var waits: Set<Duration> = []
    for attempt in 1...500 {
      let wait = policy.delay(afterAttempt: attempt, using: &first)
      #expect(wait <= .seconds(100) && wait >= .seconds(75))
      #expect(wait == policy.delay(afterAttempt: attempt, using: &second))
      waits.insert(wait)
    }
    #expect(waits.count > 450)
  }

  @Test func `a message expires at its maximum age and never because the clock was set back`() {
    let policy = BackoffPolicy(maximumAge: .seconds(100))
    let accepted = WallTime(microseconds: 1_000_000_000)
    #expect(!policy.isExpired(accepted: accepted, now: accepted + .seconds(99)))
    #expect(policy.isExpired(accepted: accepted, now: accepted + .seconds(100)))
    #expect(!policy.isExpired(accepted: accepted, now: accepted + .seconds(-5000)))
  }

  @Test func `waits that shrink stop the program`() async {
    await #expect(processExitsWith: .failure) { _ = BackoffPolicy(growth: 0.5) }
    await #expect(processExitsWith: .failure) { _ = BackoffPolicy(firstDelay: .seconds(10), ceiling: .seconds(5)) }
    await #expect(processExitsWith: .failure) { _ = BackoffPolicy(jitter: 1.5) }
    await #expect(processExitsWith: .failure) { _ = BackoffPolicy(ceiling: .seconds(Int64.max)) }
  }
}

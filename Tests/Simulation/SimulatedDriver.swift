// SPDX-License-Identifier: Apache-2.0
package import EventLoop
package import Timekeeping

/// Turns a loop that has no outside: whenever nothing is ready, time jumps to the next alarm.
@Loop package final class SimulatedDriver: LoopDriver {
  package nonisolated let clock: any TimeSource
  private let virtual: VirtualClock
  private let end: Moment
  private let name: String

  /// A driver with a clock of its own; a simulation that lives longer than `limit` is stopped as one that hangs. Its name, with the
  /// seed in it, is said when it has to be stopped.
  package nonisolated init(
    _ clock: VirtualClock = VirtualClock(), limit: Duration = .seconds(30 * 86_400), name: String = "the simulation"
  ) {
    self.clock = clock
    self.name = name
    virtual = clock
    end = clock.moment + limit
  }

  package func poll(until deadline: Moment?) {
    guard let deadline else { preconditionFailure("\(name) hangs: every task waits and nothing will ever wake one") }
    precondition(deadline <= end, "\(name) has run longer than its limit")
    if deadline > virtual.moment { virtual.advance(to: deadline) }
  }

  package nonisolated func interrupt() {}
}

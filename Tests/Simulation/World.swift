// SPDX-License-Identifier: Apache-2.0
package import EventLoop
internal import Timekeeping

/// A loop and the clock it lives by, for one simulation.
package struct World: Sendable {
  /// The loop.
  package let loop: EventLoop
  /// Its clock.
  package let clock: VirtualClock

  /// Runs a simulation to its end; answers nil when it threw, which `failed` is told. A simulation that hangs or runs longer than
  /// `limit` stops the whole run under its name, which therefore holds the seed.
  package static func run<Answer: Sendable>(
    _ name: String, clock: VirtualClock = VirtualClock(), limit: Duration = .seconds(40 * 86_400),
    failed: @escaping @Sendable (any Error) -> Void, _ body: @escaping @Loop (World) async throws -> Answer
  ) -> Answer? {
    EventLoop.run(SimulatedDriver(clock, limit: limit, name: name)) { loop -> Answer? in
      do {
        return try await body(World(loop: loop, clock: clock))
      } catch {
        failed(error)
        return nil
      }
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
package import EventLoop
package import Timekeeping

/// Workers without threads: a job runs at once, its answer arrives after a virtual while, in the order the jobs were given.
@Loop package final class SimulatedWorkers: Workers {
  private let loop: EventLoop
  private let latency: Duration
  private var begun: [Moment] = []
  private var free: Moment

  /// Workers each of whose jobs takes so long.
  package init(_ loop: EventLoop, latency: Duration = .microseconds(100)) {
    self.loop = loop
    self.latency = latency
    free = loop.moment
  }

  package var pending: Int { begun.count }

  package var busySince: Moment? { begun.first }

  package func run<Answer: Sendable>(_ job: @escaping @Sendable () -> Answer, finished: @escaping @Loop (Answer) -> Void) {
    begun.append(loop.moment)
    let answer = job()
    free = max(free, loop.moment) + latency
    loop.schedule(at: free) {
      self.begun.removeFirst()
      finished(answer)
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
package import Timekeeping

/// Threads that do what may block, so that the loop need not: one for the journal, a few for the rest.
///
/// Jobs of one `Workers` begin in the order they were given; with one thread they also end in it. Two conformers: ``ThreadWorkers``, and a
/// simulated one that runs each job at once and lets its answer arrive later in virtual time.
@Loop package protocol Workers: AnyObject {
  /// Runs `job` on a worker; then calls `finished` with its answer on the loop.
  func run<Answer: Sendable>(_ job: @escaping @Sendable () -> Answer, finished: @escaping @Loop (Answer) -> Void)
  /// How many jobs were given and are not finished.
  var pending: Int { get }
  /// Since when the oldest unfinished job waits or runs, or nil while there is none: the watchdog asks. Exact with one thread.
  var busySince: Moment? { get }
}

extension Workers {
  /// Runs `job` on a worker and waits for its answer.
  package func perform<Answer: Sendable>(_ loop: EventLoop, _ job: @escaping @Sendable () -> Answer) async -> Answer {
    let berth = Berth(loop)
    var answer: Answer?
    run(job) { finished in
      answer = finished
      berth.wake()
    }
    while true {
      if let answer { return answer }
      _ = await berth.wait()
    }
  }
}

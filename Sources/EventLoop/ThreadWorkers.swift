// SPDX-License-Identifier: Apache-2.0
internal import CLinux
internal import Glibc
internal import LinuxSystem
internal import Synchronization
package import Timekeeping

/// Real threads, started when the first job comes and ended with the object.
@Loop package final class ThreadWorkers: Workers {
  private let loop: EventLoop
  private let name: String
  private let threads: Int
  private let bench = Bench()
  private var started = 0
  private var begun: [Moment] = []

  /// So many threads with a name for `ps`; none is started yet.
  package init(_ loop: EventLoop, name: String, threads: Int) {
    precondition(threads > 0, "somebody has to do the work")
    self.loop = loop
    self.name = name
    self.threads = threads
  }

  deinit { bench.close(started) }

  package var pending: Int { begun.count }

  package var busySince: Moment? { begun.first }

  package func run<Answer: Sendable>(_ job: @escaping @Sendable () -> Answer, finished: @escaping @Loop (Answer) -> Void) {
    if started < threads, pending >= started { startThread() }
    begun.append(loop.moment)
    let ticket = Ticket(finished)
    bench.put { [loop] in
      let answer = job()
      loop.post {
        self.begun.removeFirst()
        ticket.finished(answer)
      }
    }
  }

  private func startThread() {
    started += 1
    let error = bench.startThread(name)
    precondition(error == 0, "the kernel grants a thread: \(SystemFailure(call: "start", subject: name, number: error).reason)")
  }

  /// Carries a loop-bound closure through a worker that never calls it.
  ///
  /// Unchecked, because between its making and its call, both on the loop, a worker only keeps it.
  private final class Ticket<Answer>: @unchecked Sendable {
    let finished: @Loop (Answer) -> Void
    init(_ finished: @escaping @Loop (Answer) -> Void) { self.finished = finished }
  }
}

/// The queue between the loop and its workers.
///
/// The semaphore counts what lies in the queue, and after the last job once for each thread, which then finds nothing and ends. Who wakes
/// finds the lock free and makes no further call.
@safe private final class Bench: Sendable {
  private let jobs = Mutex<[@Sendable () -> Void]>([])
  // Any thread may wait and post: that is what a semaphore is for.
  private nonisolated(unsafe) let arrivals = UnsafeMutablePointer<sem_t>.allocate(capacity: 1)

  init() { unsafe sem_init(arrivals, 0, 0) }

  deinit {
    unsafe sem_destroy(arrivals)
    unsafe arrivals.deallocate()
  }

  func put(_ job: @escaping @Sendable () -> Void) {
    jobs.withLock { $0.append(job) }
    unsafe sem_post(arrivals)
  }

  /// Ends so many threads when everything is done.
  func close(_ threads: Int) {
    for _ in 0..<threads { unsafe sem_post(arrivals) }
  }

  /// Starts a thread that works until the bench is closed and empty.
  func startThread(_ name: String) -> Int32 {
    let lent = unsafe Unmanaged.passRetained(self)
    let error = unsafe clinux_start_thread(
      name,
      { argument in
        guard let argument = unsafe argument else { return }
        let bench = unsafe Unmanaged<Bench>.fromOpaque(argument).takeRetainedValue()
        while let job = bench.next() { job() }
      }, lent.toOpaque())
    if error != 0 { unsafe lent.release() }
    return error
  }

  private func next() -> (@Sendable () -> Void)? {
    // Nothing but a signal ends the wait early, and workers block signals; one that a debugger sends is no arrival.
    while unsafe sem_wait(arrivals) != 0 {}
    return jobs.withLock { $0.isEmpty ? nil : $0.removeFirst() }
  }
}

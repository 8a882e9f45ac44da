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

  deinit { bench.close() }

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
/// Unchecked, because everything in it is guarded by the mutex, which Swift's own cannot be: workers must sleep on a condition.
@safe private final class Bench: @unchecked Sendable {
  private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let arrival = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private var jobs: [@Sendable () -> Void] = []
  private var isClosed = false

  init() {
    unsafe pthread_mutex_init(mutex, nil)
    unsafe pthread_cond_init(arrival, nil)
  }

  deinit {
    unsafe pthread_cond_destroy(arrival)
    unsafe pthread_mutex_destroy(mutex)
    unsafe arrival.deallocate()
    unsafe mutex.deallocate()
  }

  func put(_ job: @escaping @Sendable () -> Void) {
    unsafe pthread_mutex_lock(mutex)
    jobs.append(job)
    unsafe pthread_cond_signal(arrival)
    unsafe pthread_mutex_unlock(mutex)
  }

  func close() {
    unsafe pthread_mutex_lock(mutex)
    isClosed = true
    unsafe pthread_cond_broadcast(arrival)
    unsafe pthread_mutex_unlock(mutex)
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
    unsafe pthread_mutex_lock(mutex)
    defer { unsafe pthread_mutex_unlock(mutex) }
    while jobs.isEmpty {
      if isClosed { return nil }
      unsafe pthread_cond_wait(arrival, mutex)
    }
    return jobs.removeFirst()
  }
}

// SPDX-License-Identifier: Apache-2.0
internal import LinuxSystem
package import Timekeeping

/// One thread's loop: runs the jobs that are ready, rings the alarms that are due, and asks its driver what happened outside.
///
/// Invariant: a turn runs only the jobs that were ready when it began, so that no session keeps the others from the kernel's news.
@Loop package final class EventLoop {
  private nonisolated let driver: any LoopDriver
  private let clock: any TimeSource
  private let ready: ReadyQueue
  private nonisolated let mailbox = Postbox()
  let alarms = Alarms()
  private var tasks = 0
  private var endings: [@Loop () -> Void] = []
  private var present: Moment
  private var civil: WallTime?
  /// How many turns the loop has made: the watchdog's proof of life.
  package private(set) var turns: UInt64 = 0

  /// The present on the monotonic clock, as of this turn.
  package var moment: Moment { present }

  /// The present in civil time, as of this turn.
  package var wallTime: WallTime {
    if let civil { return civil }
    let time = clock.wallTime
    civil = time
    return time
  }

  /// Runs a loop on the calling thread until `body` and every task it spawned has ended; answers what `body` did.
  @discardableResult package nonisolated static func run<Answer: Sendable>(
    _ driver: any LoopDriver, _ body: @escaping @Loop (EventLoop) async -> Answer
  ) -> Answer {
    ReadyQueue.enterThread()
    defer { ReadyQueue.leaveThread() }
    return Loop.assumeIsolated {
      guard let ready = ReadyQueue.current else { preconditionFailure("the thread has just been given a queue") }
      let loop = EventLoop(driver, ready)
      var answer: Answer?
      loop.spawn { answer = await body(loop) }
      while loop.tasks > 0 { loop.turn() }
      loop.alarms.cancelAll()
      guard let answer else { preconditionFailure("a task that has ended has answered") }
      return answer
    }
  }

  private init(_ driver: any LoopDriver, _ ready: ReadyQueue) {
    self.driver = driver
    self.ready = ready
    clock = driver.clock
    present = clock.moment
  }

  /// Starts a task on this loop; the loop ends no sooner than the task.
  @inline(never) package func spawn(_ body: @escaping @Loop () async -> Void) {
    tasks += 1
    Task { @Loop in
      await body()
      self.tasks -= 1
    }
  }

  /// Does something at a later moment, unless the alarm is taken back.
  @discardableResult package func schedule(at due: Moment, _ action: @escaping @Loop () -> Void) -> Alarm {
    let alarm = Alarm(.action(action), among: alarms)
    alarms.set(alarm, due)
    return alarm
  }

  /// Does something once, when this turn's work is done and before the loop waits for news: what a turn has collected leaves together.
  package func beforeWaiting(_ action: @escaping @Loop () -> Void) { endings.append(action) }

  /// Waits for so long; the answer is ``Wake/timedOut`` unless the berth was woken before.
  package func sleep(_ wait: Duration) async -> Wake { await Berth(self).wait(until: moment + wait) }

  /// Hands work to the loop from any thread.
  package nonisolated func post(_ work: @escaping @Sendable @Loop () -> Void) {
    if mailbox.put(work) { driver.interrupt() }
  }

  /// Does what other threads have handed over by now: for work that takes long, so that they need not stand idle until it is done.
  package func catchUp() {
    guard mailbox.isFull else { return }
    look()
    for work in mailbox.takeAll() { work() }
  }

  func makeReady(_ mooring: Mooring) { ready.append(mooring.takeJob()) }

  private func turn() {
    turns &+= 1
    ready.runPresentJobs()
    guard tasks > 0 else { return runEndings() }
    // Whoever is rung must find the moment of its alarm come.
    look()
    alarms.ring(at: moment)
    runEndings()
    driver.poll(until: ready.count > 0 || mailbox.isFull ? moment : alarms.next)
    look()
    for work in mailbox.takeAll() { work() }
  }

  /// Looks at the clock; until the next time, all that happens happens at one moment.
  private func look() {
    present = clock.moment
    civil = nil
  }

  private func runEndings() {
    // What an ending collects leaves with the others.
    while !endings.isEmpty { for action in exchange(&endings, with: []) { action() } }
  }
}

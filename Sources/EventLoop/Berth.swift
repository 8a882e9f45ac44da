// SPDX-License-Identifier: Apache-2.0
package import Timekeeping

/// Where one task lies until somebody wakes it: the only way in which code on the loop waits.
///
/// The task hops to an executor that never runs anything and only keeps the job; waking hands the job to the loop's ready queue, which
/// runs it as itself. That is half the price of a continuation, and never leaves the loop's thread. One task at a time; whoever waits
/// checks its condition first, since a wake without a sleeper is forgotten. Invariant: a berth with a sleeper is woken before it goes,
/// or its task would never end.
@Loop package final class Berth {
  private let loop: EventLoop
  private let mooring = Mooring()
  private let punctuality: Punctuality
  private var alarm: Alarm?
  private var deadline = Moment.distantFuture
  private var reason = Wake.ready
  private var isTaken = false
  /// When the alarm rings; never, when it is not set.
  private var alarmDue = Moment.distantFuture

  /// Whether a task lies here.
  package var isOccupied: Bool { isTaken }

  /// A free berth.
  package init(_ loop: EventLoop, _ punctuality: Punctuality = .exact) {
    self.loop = loop
    self.punctuality = punctuality
  }

  /// What becomes of the alarm when the wait ends before its deadline.
  package enum Punctuality {
    /// It is taken back.
    case exact
    /// It stays, and serves the next wait, whose deadline is mostly later. For whoever waits again and again; to be ended by
    /// ``Berth/release()``.
    case lasting
  }

  /// Waits until somebody wakes this berth, or until the deadline.
  package func wait(until deadline: Moment = .distantFuture) async -> Wake {
    precondition(!isTaken, "one task at a time lies in a berth")
    isTaken = true
    self.deadline = deadline
    // The alarm of an earlier wait mostly rings soon enough.
    if deadline < alarmDue { arm() }
    await mooring.lie()
    return reason
  }

  /// Wakes the task that lies here, if any; it runs in the loop's next turn.
  package func wake(_ reason: Wake = .ready) {
    guard isTaken else { return }
    isTaken = false
    self.reason = reason
    if punctuality == .exact { release() }
    loop.makeReady(mooring)
  }

  /// Takes back an alarm that was kept; whoever gives a lasting berth up calls it.
  package func release() {
    guard alarmDue < .distantFuture else { return }
    alarmDue = .distantFuture
    alarm?.cancel()
  }

  /// The alarm rings: for this wait, or for one that is over.
  func alarmRang(at now: Moment) {
    alarmDue = .distantFuture
    guard isTaken, deadline < .distantFuture else { return }
    if deadline <= now { wake(.timedOut) } else { arm() }
  }

  private func arm() {
    let alarm = alarm ?? Alarm(.berth(Sleeper(berth: self)), among: loop.alarms)
    self.alarm = alarm
    alarm.cancel()
    loop.alarms.set(alarm, deadline)
    alarmDue = deadline
  }
}

/// Why a wait ended.
package enum Wake: Equatable, Sendable {
  /// What was waited for is there.
  case ready
  /// The deadline came first.
  case timedOut
  /// Somebody wants the waiting task to end.
  case cancelled
}

/// The hop itself: an actor that is its own executor, on which nothing ever runs. A task that enters stays until the loop takes it back.
actor Mooring: SerialExecutor {
  /// Unchecked, because only the thread of one loop ever touches it: tasks of the loop enter, and the loop takes them back.
  private nonisolated(unsafe) var job: UnownedJob?
  private var visits = 0

  nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe asUnownedSerialExecutor() }

  nonisolated func asUnownedSerialExecutor() -> UnownedSerialExecutor { unsafe UnownedSerialExecutor(ordinary: self) }

  nonisolated func enqueue(_ job: consuming ExecutorJob) {
    precondition(unsafe self.job == nil, "one task at a time lies in a berth")
    unsafe self.job = UnownedJob(job)
  }

  /// Takes the job that was kept here.
  nonisolated func takeJob() -> UnownedJob {
    guard let job = unsafe job else { preconditionFailure("a berth that is occupied keeps a job") }
    unsafe self.job = nil
    return job
  }

  /// An empty body would be optimised away, hop and all.
  @inline(never) func lie() { visits &+= 1 }
}

// SPDX-License-Identifier: Apache-2.0
package import EventLoop
package import LinuxSystem
package import Mail
package import Timekeeping

/// Keeps messages safe between the app that handed them in and the upstream that takes them.
///
/// A message is ours from the moment ``accept(_:until:)`` returns: envelope and body are on stable storage. Before that, a crash leaves
/// only a torn tail, which recovery drops. What became of it is noted by ``settle(_:_:nextAttempt:)``, which costs nothing and is
/// durable within ``SpoolLimits/settlementDelay``. One journal thread writes batches, each with one sync; while one is synced the next
/// collects.
@Loop package final class Spool {
  let disk: any Disk
  let loop: EventLoop
  private(set) var limits: SpoolLimits
  let journalWorkers: any Workers
  let workers: any Workers
  let journal: Journal
  let space = SpaceWatch()
  private var lock: (any DiskFile)?
  private var alarm: (alarm: Alarm, due: Moment)?
  private var chores = 0
  private let idleness: Berth
  /// Those whose answer was taken: the next ones wait with them.
  private var idleWaiters: [Waiter] = []
  private var cleaner: Cleaner
  private(set) var isClosed = false
  /// What opening the spool brought to light.
  package let report: RecoveryReport
  /// The damage that is known of.
  package internal(set) var damage: DamageBook
  /// Is told when the spool begins to refuse mail, in a sentence, and with nil when it takes mail again.
  package var onProblem: (@Loop (String?) -> Void)?
  var toldProblem = false
  /// How much memory the bodies on their way in take.
  var intakeBytes = 0
  /// How many bytes the bodies in files take.
  var bodyBytes: Int64
  /// Why a large body could not be stored of late, and how long that is worth telling: small ones may go on meanwhile.
  var bodyTrouble: (failure: SystemFailure, until: Moment)?

  /// Opens the spool on `disk`, which a worker recovers meanwhile; `progress` hears every quarter of a second how many bytes of how
  /// many are read.
  package static func open(
    _ disk: any Disk, limits: SpoolLimits, journal: any Workers, workers: any Workers, loop: EventLoop,
    random: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator(),
    progress: @escaping @Loop (_ done: Int, _ total: Int) -> Void = { _, _ in }
  ) async throws(SpoolFailure) -> Spool {
    let course = RecoveryProgress()
    let berth = Berth(loop)
    var outcome: Result<RecoveredJournal, SpoolFailure>?
    journal.run({ Recovery.attempt(disk, limits, course) }) { result in
      outcome = result
      berth.wake()
    }
    while outcome == nil {
      if await berth.wait(until: loop.moment + .milliseconds(250)) == .timedOut { progress(course.present.done, course.present.total) }
    }
    guard let outcome else { throw .closed }
    let spool = Spool(disk, loop, limits, journal, workers, try outcome.get(), random)
    await spool.refreshSpace()
    spool.pump()
    return spool
  }

  private init(
    _ disk: any Disk, _ loop: EventLoop, _ limits: SpoolLimits, _ journalWorkers: any Workers, _ workers: any Workers,
    _ recovered: RecoveredJournal, _ random: any RandomNumberGenerator
  ) {
    self.disk = disk
    self.loop = loop
    self.limits = limits
    self.journalWorkers = journalWorkers
    self.workers = workers
    lock = recovered.lock
    report = recovered.report
    damage = recovered.report.damage
    bodyBytes = recovered.bodyBytes
    journal = Journal(recovered, limits, random: random)
    cleaner = Cleaner(limits)
    idleness = Berth(loop)
  }

  /// A number for a message that is about to come in; larger than all before, also after a restart.
  package func nextID() -> MessageID { journal.nextID(at: loop.wallTime) }

  /// Takes a message; when this returns, it is on stable storage. When the deadline passes first, the message is refused and does not
  /// go out, unless the machine dies at that moment.
  package func accept(_ letter: Letter, until deadline: Moment = .distantFuture) async throws(SpoolRefusal) {
    if isClosed { throw .closed }
    if let refusal = refusal(for: letter.body.size) { throw refusal }
    let waiter = idleWaiters.popLast() ?? Waiter(loop)
    try journal.accept(AcceptedRecord(letter), waiter: waiter)
    stir()
    while true {
      if let result = waiter.result {
        waiter.result = nil
        if idleWaiters.count < Spool.mostIdleWaiters { idleWaiters.append(waiter) }
        if case .file(let file) = letter.body, case .success = result { bodyBytes += Int64(file.size) }
        return try result.get()
      }
      if await waiter.berth.wait(until: deadline) == .timedOut, waiter.result == nil {
        waiter.withdrawn = letter.id
        throw .failing("the disk took longer than the sender waits; new mail gets 452, delivery goes on")
      }
    }
  }

  /// Notes what an attempt brought for some or all recipients; recipients without an outcome stay open. Returns at once; the note is
  /// durable soon. An attempt that ended by no fault of the message need not count.
  @discardableResult package func settle(
    _ id: MessageID, _ outcomes: [(recipient: Int, outcome: Outcome)], nextAttempt: WallTime, attempt: AttemptCount = .counted
  ) -> Settlement {
    guard let place = journal.book.index.find(id.number) else { return .unknown }
    let entry = journal.book.index[place]
    let news = outcomes.filter { $0.recipient < Int(entry.recipients) }.map { (index: UInt16($0.recipient), outcome: $0.outcome) }
    let standing = journal.book.verdicts.standing(
      of: id.number, recipients: Int(entry.recipients), after: news.map { RecipientVerdict(index: $0.index, verdict: $0.outcome.verdict) })
    let settlement: Settlement =
      standing.open > 0 ? .waiting(recipients: standing.open) : standing.hasFailed ? .failed : .gone
    let attempts = attempt == .counted && entry.attempts < .max ? entry.attempts + 1 : entry.attempts
    var change = SettledRecord(
      id: id, time: loop.wallTime, state: entry.state, attempts: attempts, nextAttempt: nextAttempt, outcomes: news)
    if case .gone = settlement { change.state = nil }
    if case .failed = settlement { (change.state, change.nextAttempt) = (.failed, loop.wallTime + limits.keepFailed) }
    apply(change, entry)
    return settlement
  }

  /// Changes messages as an operator orders; returns how many when all of it is on stable storage. Messages the order does not fit are
  /// left out.
  package func change(_ ids: [MessageID], _ order: QueueOrder) async throws(SpoolFailure) -> Int {
    if isClosed { throw .closed }
    var changes: [(SettledRecord, QueueEntry)] = []
    for id in ids {
      guard let place = journal.book.index.find(id.number) else { continue }
      let entry = journal.book.index[place]
      guard
        let change = order.change(
          entry, open: journal.book.verdicts.open(of: id.number, recipients: entry.recipients), at: loop.wallTime)
      else { continue }
      changes.append((change, entry))
    }
    guard let last = changes.popLast() else { return 0 }
    // Changes become durable in their order, so who waits for the last one waits for all.
    for (change, entry) in changes { apply(change, entry) }
    let waiter = Waiter(loop)
    apply(last.0, last.1, waiter)
    pump()
    while waiter.result == nil { _ = await waiter.berth.wait() }
    if case .failure(let refusal) = waiter.result { throw .notDurable(refusal.words) }
    return changes.count + 1
  }

  /// Forgets the failed messages whose time is over; answers how many.
  package func forgetExpired() -> Int {
    guard journal.book.counts.failed > 0 else { return 0 }
    var expired: [QueueEntry] = []
    let now = loop.wallTime
    journal.book.index.forEach { entry in
      if entry.state == .failed, entry.nextAttempt <= now { expired.append(copy entry) }
      return true
    }
    for entry in expired {
      apply(SettledRecord(id: entry.id, time: now, state: nil, attempts: entry.attempts, nextAttempt: now), entry)
    }
    return expired.count
  }

  /// Takes over new limits, as far as they can change while the spool is open: reserve, quota, number of messages, and how long failed
  /// ones are kept.
  package func reload(_ new: SpoolLimits) {
    (limits.reserve, limits.reservedFiles, limits.quota) = (new.reserve, new.reservedFiles, new.quota)
    (limits.messages, limits.keepFailed) = (new.messages, new.keepFailed)
    announce()
  }

  /// Takes no more mail, writes what is still to be written, and returns when it is done or the deadline passes; true when all is
  /// written. Then another process may open the spool.
  package func close(until deadline: Moment = .distantFuture) async -> Bool {
    isClosed = true
    journal.hurry(at: loop.moment)
    pump()
    while !(journal.isIdle && chores == 0) {
      if await idleness.wait(until: deadline) == .timedOut { return journal.isIdle }
    }
    alarm?.alarm.cancel()
    lock = nil
    return true
  }

  /// Notes a change of a message.
  func apply(_ change: SettledRecord, _ entry: QueueEntry, _ waiter: Waiter? = nil) {
    if change.state == nil, entry.flags.contains(.bodyInFile) { bodyBytes -= Int64(entry.size) }
    journal.settle(change, waiter: waiter, at: loop.moment)
    stir()
  }

  /// Sees to what just came in, unless that can wait.
  private func stir() {
    if !journal.canWait(at: loop.moment) { pump() }
  }

  /// Gives the journal thread and the workers what there is to do, and sets the alarm for what comes later. The loop's moment may be
  /// from before the alarm that rang; without `alarm` that would set the same one again, and again.
  func pump(_ alarm: Moment? = nil) {
    let now = max(loop.moment, alarm ?? loop.moment)
    for chore in journal.takeChores(at: now) { run(chore) }
    if let plan = journal.nextCommit(at: now) {
      journalWorkers.run({ plan.attempt() }) { result in
        self.answer(self.journal.finishCommit(result, at: self.loop.moment))
        self.pump()
        if self.isClosed { self.idleness.wake() }
      }
    } else {
      answer(journal.giveUpWaiting(at: now))
    }
    clean(at: now)
    setAlarm()
    announce()
  }

  private func run(_ chore: Chore) {
    chores += 1
    workers.run({ [disk] in chore.execute(disk) }) { report in
      self.chores -= 1
      switch report {
      case .prepared(let result): self.journal.pool.finish(result, at: self.loop.moment)
      case .summarized(let sequence): self.journal.finishSummary(of: sequence, at: self.loop.moment)
      case .removed: break
      }
      self.pump()
      if self.isClosed { self.idleness.wake() }
    }
  }

  private func answer(_ answers: [Journal.Answer]) {
    for answer in answers {
      let waiter = answer.waiter
      if let id = waiter.withdrawn, case .success = answer.result {
        let now = loop.wallTime
        journal.settle(SettledRecord(id: id, time: now, state: nil, attempts: 0, nextAttempt: now), waiter: nil, at: loop.moment)
      }
      waiter.result = answer.result
      waiter.berth.wake()
    }
  }

  private func setAlarm() {
    var due = journal.nextWake
    if !isClosed, journal.isCalm, let rest = cleaner.nextWake(journal.book.ledger) { due = min(due ?? rest, rest) }
    if alarm?.due == due { return }
    alarm?.alarm.cancel()
    alarm = nil
    guard let due else { return }
    alarm = (
      loop.schedule(at: due) { [weak self] in
        self?.alarm = nil
        self?.pump(due)
      }, due
    )
  }

  private func clean(at now: Moment) {
    if !journal.isMoving { cleaner.written(at: now) }
    guard !isClosed, journal.isCalm, cleaner.isReady(journal.book.ledger, at: now), let work = cleaner.next(journal.book, disk, at: now)
    else { return }
    workers.run(work) { finding in
      let (relocations, damaged) = self.cleaner.finish(finding, at: self.loop.moment)
      self.journal.relocate(relocations)
      for (entry, defect) in damaged { self.loop.spawn { await self.giveUp(entry, defect) } }
      self.pump()
    }
  }

  private static let mostIdleWaiters = 256
}

// SPDX-License-Identifier: Apache-2.0
package import EventLoop
package import Mail
import Policy
import SMTP
import Scheduling
package import Settings
package import Spool
package import Telemetry
package import Timekeeping

/// Decides what goes out when, and over which upstream: takes accepted letters, hands them to connections, and writes down what became of
/// them.
///
/// Every message waits in the timetable, is taken by exactly one ``LinkDesk``, and comes back settled or postponed. A letter that was just
/// accepted goes out from memory; any other is read back from the spool when it is due. Invariant: a message leaves the timetable only
/// when the spool has been told the outcome of its last recipient.
@Loop package final class Dispatcher {
  let loop: EventLoop
  private let spool: Spool
  private let means: DeliveryMeans
  private let report: (RelayEvent) -> Void
  private var backoff: BackoffPolicy
  private var generator: any RandomNumberGenerator
  private var timetable: Timetable
  private var fleet: Fleet
  private var fresh = FreshLetters()
  private let spending: SpendingFile
  /// Tells senders what became of their mail.
  package let reports: ReportDesk
  private var alarm: Alarm?
  private var nextCourse = 0
  private var isDraining = false
  private var isStirred = false
  /// Grows with every reload, so that sorting by older routes ends.
  private var edition = 0

  /// A dispatcher without messages; ``seed()`` brings those that the spool has kept.
  package init(
    _ loop: EventLoop, _ spool: Spool, _ settings: RelaySettings, _ means: DeliveryMeans,
    report: @escaping (RelayEvent) -> Void
  ) {
    self.loop = loop
    self.spool = spool
    self.means = means
    self.report = report
    generator = means.generator
    backoff = BackoffPolicy(settings.retry)
    spending = SpendingFile(loop, means.disk, means.workers)
    let router = Router(settings)
    timetable = Timetable(router)
    let spent = spending.read()
    let upstreams = settings.upstreams.map { upstream in
      Upstream(loop, upstream, of: settings, means, spent: spent[upstream.name] ?? DailySpending(), report: report)
    }
    fleet = Fleet(upstreams, for: router.courses)
    reports = ReportDesk(loop, spool, settings, report: report)
    reports.dispatcher = self
    spending.dispatcher = self
    for upstream in upstreams { upstream.dispatcher = self }
  }

  /// Schedules what the spool has kept.
  package func seed() {
    let (moment, time) = (loop.moment, loop.wallTime)
    timetable.reserve(spool.usage.queued)
    spool.forEachEntry { entry in
      if entry.state == .queued {
        timetable.insert(entry.id, due: moment + max(.zero, entry.nextAttempt - time), attempts: Int(entry.attempts))
      }
      return true
    }
    sort(timetable.unsorted)
    pump()
  }

  /// Takes a letter that has just become durable.
  package func take(_ letter: StoredLetter) {
    let wait = letter.envelope.holdUntil.map { max(.zero, $0 - loop.wallTime) } ?? .zero
    timetable.insert(letter.id, letter.envelope, due: loop.moment + wait)
    if wait == .zero { keep(letter) }
    stir()
  }

  /// Takes a message out of what is to be delivered; false when it is on the road and cannot be called back.
  package func withdraw(_ id: MessageID) -> Bool {
    guard !isUnderway(id) else { return false }
    _ = fresh.take(id)
    timetable.settle(id)
    return true
  }

  /// Schedules a message that waits in the spool, unless it is scheduled.
  package func admit(_ id: MessageID) {
    guard let entry = spool.entry(id), entry.state == .queued, timetable[id] == nil else { return }
    timetable.insert(id, due: loop.moment + max(.zero, entry.nextAttempt - loop.wallTime), attempts: Int(entry.attempts))
    sort([id])
    pump()
  }

  /// Makes waiting messages due now, and the upstreams worth a try; answers how many, nil when there is no such message waiting.
  package func flush(_ id: MessageID?) -> Int? {
    for upstream in fleet.upstreams { upstream.retryNow() }
    defer { pump() }
    guard let id else { return timetable.flushAll(now: loop.moment) }
    return timetable.flush(id, now: loop.moment) == nil ? nil : 1
  }

  /// Takes over new settings; connections that follow the old ones end after their message, and mail that waits follows the new ones.
  package func reload(_ settings: RelaySettings) {
    backoff = BackoffPolicy(settings.retry)
    let router = Router(settings)
    reports.reload(settings)
    fleet = fleet.renewed(settings, for: router.courses) { [loop, means, report] in
      Upstream(loop, $0, of: settings, means, spent: DailySpending(), report: report)
    }
    for upstream in fleet.upstreams { upstream.dispatcher = self }
    timetable.reroute(router)
    timetable.flushAll(now: loop.moment)
    edition += 1
    sort(timetable.unsorted)
    pump()
  }

  /// Begins no more deliveries, lets those under way finish until the deadline, then gives up what is left; it stays in the spool.
  package func drain(until deadline: Moment) async {
    isDraining = true
    alarm?.cancel()
    for upstream in fleet.everybody { upstream.links.close() }
    for upstream in fleet.everybody { await upstream.links.drain(until: deadline) }
    await spending.finish()
    await reports.drain(until: deadline)
  }

  /// The upstreams, in the order of the settings.
  package var upstreams: [Upstream] { fleet.upstreams }

  /// How many messages are on the road.
  package var underway: Int { timetable.takenCount }

  /// When a message is due; nil when it is not scheduled.
  package func due(of id: MessageID) -> Moment? { timetable[id].flatMap { $0.standing == .waiting ? $0.due : nil } }

  /// Whether a message is on the road now.
  package func isUnderway(_ id: MessageID) -> Bool { timetable[id]?.standing == .taken }

  /// Puts messages where their letters show that they belong.
  private func sort(_ ids: [MessageID]) {
    guard !timetable.isSorted, !ids.isEmpty else { return }
    let edition = edition
    loop.spawn { [weak self] in
      for start in stride(from: 0, to: ids.count, by: Dispatcher.portion) {
        guard let self, self.edition == edition, !isDraining else { return }
        for letter in await spool.describe(Array(ids[start..<min(ids.count, start + Dispatcher.portion)])) { timetable.sort(letter) }
        pump()
      }
    }
  }

  /// How many letters are read at a time to sort them.
  private static let portion = 256
}

extension Dispatcher {
  /// Has ``pump()`` called once when this turn's work is done, however many ask for it.
  func stir() {
    guard !isStirred else { return }
    isStirred = true
    loop.beforeWaiting { [self] in
      isStirred = false
      pump()
    }
  }

  /// Gives work to connections, as far as there is work and an upstream that may take it.
  private func pump() {
    guard !isDraining else { return }
    for index in fleet.upstreams.indices { feed(index) }
    wake()
  }

  private func feed(_ index: Int) {
    let upstream = fleet.upstreams[index]
    while hasWork(for: index) {
      if upstream.links.wakeIdle() { return }
      guard upstream.mayOpen, let assignment = take(for: index, over: .any) else { return }
      let patience = min(upstream.settings.idleTimeout, upstream.settings.connection.maxAge)
      upstream.links.open(for: LinkDesk(self, upstream, loop, first: assignment, patience: patience))
    }
  }

  private func hasWork(for index: Int) -> Bool {
    let now = loop.moment
    return timetable.courses.contains { course in
      guard let due = timetable.nextDue(of: course), due <= now else { return false }
      return fleet.mayTake(index, from: course, over: .any)
    }
  }

  /// Takes the next message that is due, for a connection that asks; nil when there is none, or the upstream may not have it.
  func assign(to upstream: Upstream) -> Assignment? {
    guard !isDraining, let index = fleet.upstreams.firstIndex(where: { $0 === upstream }) else { return nil }
    guard let assignment = take(for: index, over: .own) else {
      // Who asks in vain goes to sleep: what is due may be another's, and otherwise only the alarm knows when there is something to do.
      stir()
      return nil
    }
    // What else is due may go over other connections.
    stir()
    return assignment
  }

  /// Courses take turns, so that none waits for another's backlog.
  private func take(for index: Int, over line: Upstream.Line) -> Assignment? {
    let (count, now) = (timetable.courses.count, loop.moment)
    for step in 0..<count {
      let course = (nextCourse + step) % count
      guard let due = timetable.nextDue(of: course), due <= now, fleet.mayTake(index, from: course, over: line) else { continue }
      guard let assignment = timetable.take(from: course, dueBy: now) else { continue }
      fleet.took(index)
      fleet.upstreams[index].charge()
      nextCourse = (course + 1) % count
      return assignment
    }
    return nil
  }

  /// Looks again when something is due, or when an upstream may be tried that keeps due mail waiting.
  private func wake() {
    let now = loop.moment
    var earliest: Moment?
    for course in timetable.courses {
      guard let due = timetable.nextDue(of: course) else { continue }
      let moment = due > now ? due : fleet.closedUntil(course)
      if let moment { earliest = min(earliest ?? moment, moment) }
    }
    // Whoever takes many messages asks for the same moment again and again.
    if let alarm, alarm.isSet, alarm.moment == earliest { return }
    alarm?.cancel()
    alarm = earliest.map { moment in loop.schedule(at: moment) { [weak self] in self?.pump() } }
  }
}

extension Dispatcher {
  /// The letter of a message that was taken, if it is still in memory.
  func consignFresh(_ assignment: Assignment, to upstream: Upstream) -> Consignment? {
    fresh.take(assignment.id).flatMap { consignment($0, assignment, upstream) }
  }

  /// The letter of a message that was taken, read back; nil when it cannot be had now, and the message waits again.
  func consign(_ assignment: Assignment, to upstream: Upstream) async -> Consignment? {
    let id = assignment.id
    guard isUnderway(id) else { return nil }
    do throws(SpoolFailure) {
      return consignment(try await spool.read(id), assignment, upstream)
    } catch {
      switch error {
      case .notFound: timetable.settle(id)
      case .damaged, .system, .inUse, .foreignFormat, .notDurable, .closed:
        report(.delivery(.held(id: id, why: "\(error)", remedy: "see posthouse spool verify")))
        timetable.giveBack(id, due: loop.moment + backoff.ceiling)
      }
      upstream.refund(recipients: nil)
      return nil
    }
  }

  private func consignment(_ letter: StoredLetter, _ assignment: Assignment, _ upstream: Upstream) -> Consignment? {
    let candidates = timetable.candidates(letter, now: loop.moment)
    guard !candidates.isEmpty else {
      upstream.refund(recipients: nil)
      pump()
      return nil
    }
    upstream.charge(recipients: candidates.count)
    return Consignment(letter, from: spool, attempts: assignment.attempts, to: candidates)
  }

  /// A connection is ready for mail.
  func linkOpened(to upstream: Upstream) {
    if upstream.opened() { recovered(upstream) }
  }

  /// Something is wrong with an upstream that no message has to do with.
  func suffered(_ setback: Setback, from upstream: Upstream) {
    if !isDraining { suffer(setback, upstream) }
    pump()
  }

  /// A message that was taken and not tried waits again.
  func giveBack(_ assignment: Assignment, from upstream: Upstream) {
    upstream.refund(recipients: nil)
    timetable.giveBack(assignment.id, due: loop.moment)
    // Routes may have changed while it was on the road.
    sort([assignment.id])
  }

  /// Keeps a letter in memory until its turn comes, unless nobody knows when that will be: a backlog waits on the disk.
  private func keep(_ letter: StoredLetter) {
    if fleet.upstreams.contains(where: { !$0.isProbing }) { fresh.keep(letter) }
  }

  /// A message that was fetched and not tried waits again.
  func giveBack(_ consignment: Consignment, from upstream: Upstream) {
    upstream.refund(recipients: consignment.candidates.count)
    keep(consignment.letter)
    timetable.giveBack(consignment.id, due: loop.moment)
  }

  /// A connection has ended.
  func linkClosed() {
    fleet.forgetRetired()
    pump()
  }

  /// Writes down what an attempt came to.
  func finish(_ consignment: Consignment, _ report: TransactionReport, over upstream: Upstream) {
    note(report.setback, of: consignment, from: upstream)
    let conclusion = AttemptConclusion(consignment, report, backoff, at: loop.wallTime)
    let (id, letter) = (consignment.id, consignment.letter)
    let age = loop.wallTime - letter.envelope.accepted
    let goesOn = timetable.goesOn(letter, served: conclusion.served, open: conclusion.open) && conclusion.mayGoOn
    let isCounted = !conclusion.isUpstreamsTrouble && !goesOn
    let wait = !isCounted || conclusion.open.isEmpty ? .zero : backoff.delay(afterAttempt: consignment.attempts + 1, using: &generator)
    for (recipient, outcome) in conclusion.outcomes {
      self.report(
        .delivery(
          .attempted(
            id: id, recipient: letter.envelope.recipients[recipient].mailbox, outcome: outcome, upstream: upstream.name,
            attempt: consignment.attempts + 1, age: age)))
    }
    spending.note(fleet.upstreams)
    let attempt: AttemptCount = isCounted ? .counted : .uncounted
    guard let news = reports.news(of: letter.envelope, conclusion.outcomes, report, by: upstream.host) else {
      return settle(consignment, conclusion.outcomes, wait, attempt)
    }
    loop.spawn { [self] in
      // A crash before the settlement tells the sender twice, never not at all.
      let isKept = await reports.send(news, about: letter)
      settle(consignment, isKept ? conclusion.outcomes : ReportDesk.untold(conclusion.outcomes), wait, attempt)
    }
  }

  private func settle(
    _ consignment: Consignment, _ outcomes: [(recipient: Int, outcome: Outcome)], _ wait: Duration, _ attempt: AttemptCount
  ) {
    let id = consignment.id
    switch spool.settle(id, outcomes, nextAttempt: loop.wallTime + wait, attempt: attempt) {
    case .waiting(let recipients):
      timetable.postpone(
        consignment.letter, open: consignment.open(after: outcomes), until: loop.moment + wait, attempt)
      report(.delivery(.postponed(id: id, recipients: recipients, wait: wait)))
      // Its other recipients may go over another upstream.
      pump()
    case .failed, .gone, .unknown:
      timetable.settle(id)
      let failed = outcomes.count { $0.outcome.verdict == .failed }
      let age = loop.wallTime - consignment.envelope.accepted
      report(.delivery(.settled(id: id, delivered: outcomes.count - failed, failed: failed, age: age)))
    }
  }

  /// What an attempt says about the upstream.
  private func note(_ setback: Setback?, of consignment: Consignment, from upstream: Upstream) {
    if let setback, setback.concernsUpstream || setback.isOutage {
      if !isDraining { suffer(setback, upstream) }
    } else if upstream.served() {
      recovered(upstream)
    }
    guard let setback else { return }
    if setback.endsConnection {
      report(.upstream(.connectionLost(upstream: upstream.name, stage: setback.stage.name, why: "\(setback)")))
    }
    if let fault = setback.fault, !setback.concernsUpstream {
      report(.delivery(.held(id: consignment.id, why: fault.summary, remedy: fault.remedy)))
    }
  }

  private func recovered(_ upstream: Upstream) {
    if let index = fleet.upstreams.firstIndex(where: { $0 === upstream }) { fleet.returned(index) }
    pump()
  }

  private func suffer(_ setback: Setback, _ upstream: Upstream) {
    upstream.suffered(setback, using: &generator)
    if !fleet.upstreams.contains(where: { $0.health.mayTry(at: loop.moment) }) { fresh.removeAll() }
  }
}

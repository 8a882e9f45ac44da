// SPDX-License-Identifier: Apache-2.0
package import EventLoop
package import Mail
import SMTP
import Scheduling
package import Settings
package import Spool
package import Telemetry
package import Timekeeping

/// Decides what goes out when: takes accepted letters, hands them to connections, and writes down what became of them.
///
/// Every message waits in the schedule, is taken by exactly one ``UpstreamLink``, and comes back settled or postponed. A letter that
/// was just accepted goes out from memory; any other is read back from the spool when it is due. Invariant: a message leaves the
/// schedule only when the spool has been told the outcome of its last recipient.
@Loop package final class Dispatcher {
  let loop: EventLoop
  private(set) var settings: UpstreamSettings
  /// What is known of the upstream.
  package private(set) var health: UpstreamHealth
  private let spool: Spool
  private let report: (RelayEvent) -> Void
  private var backoff: BackoffPolicy
  private var generator: any RandomNumberGenerator
  private var schedule = Schedule()
  private var fresh = FreshLetters()
  private let links: LinkPool
  private var alarm: Alarm?
  private var isDraining = false

  /// A dispatcher without messages; ``seed()`` brings those that the spool has kept.
  package init(
    _ loop: EventLoop, _ spool: Spool, _ settings: RelaySettings, _ means: DeliveryMeans,
    report: @escaping (RelayEvent) -> Void
  ) {
    self.loop = loop
    self.spool = spool
    self.settings = settings.upstream
    self.report = report
    generator = means.generator
    backoff = BackoffPolicy(settings.retry)
    health = UpstreamHealth(BackoffPolicy(probing: settings.retry))
    links = LinkPool(loop, settings, means, report: report)
    links.dispatcher = self
  }

  /// Schedules what the spool has kept.
  package func seed() {
    let (moment, time) = (loop.moment, loop.wallTime)
    schedule.reserve(spool.usage.queued)
    spool.forEachEntry { entry in
      if entry.state == .queued {
        schedule.insert(entry.id, due: moment + max(.zero, entry.nextAttempt - time), attempts: Int(entry.attempts))
      }
      return true
    }
    pump()
  }

  /// Takes a letter that has just become durable.
  package func take(_ letter: StoredLetter) {
    let wait = letter.envelope.holdUntil.map { max(.zero, $0 - loop.wallTime) } ?? .zero
    schedule.insert(letter.id, due: loop.moment + wait)
    if wait == .zero { keep(letter) }
    pump()
  }

  /// Makes waiting messages due now, and the upstream worth a try; answers how many, nil when there is no such message waiting.
  package func flush(_ id: MessageID?) -> Int? {
    health.retryNow()
    defer { pump() }
    guard let id else { return schedule.flushAll(now: loop.moment) }
    return schedule.flush(id, now: loop.moment) == nil ? nil : 1
  }

  /// Takes over new settings; connections that follow the old ones end after their message.
  package func reload(_ settings: RelaySettings) {
    self.settings = settings.upstream
    backoff = BackoffPolicy(settings.retry)
    health = UpstreamHealth(BackoffPolicy(probing: settings.retry))
    links.reload(settings)
    schedule.flushAll(now: loop.moment)
    pump()
  }

  /// Begins no more deliveries, lets those under way finish until the deadline, then gives up what is left; it stays in the spool.
  package func drain(until deadline: Moment) async {
    isDraining = true
    alarm?.cancel()
    await links.drain(until: deadline)
  }

  /// How many messages are on the road.
  package var underway: Int { schedule.takenCount }

  /// How many connections are open or being opened.
  package var connections: Int { links.count }

  /// When a troubled upstream is tried again.
  package var nextProbe: Moment? { health.retryAt }

  /// When a message is due; nil when it is not scheduled.
  package func due(of id: MessageID) -> Moment? { schedule[id].flatMap { $0.standing == .waiting ? $0.due : nil } }

  /// Whether a message is on the road now.
  package func isUnderway(_ id: MessageID) -> Bool { schedule[id]?.standing == .taken }

  /// Gives work to connections, as far as there is work and the upstream may be tried.
  private func pump() {
    guard !isDraining else { return }
    let now = loop.moment
    guard health.mayTry(at: now) else { return wake(at: health.retryAt) }
    while let due = schedule.nextDue, due <= now {
      if links.wakeIdle() { return }
      guard links.count < (health.isProbing ? 1 : settings.connections) else { return }
      guard let assignment = take(at: now) else { return }
      links.open(for: assignment)
    }
    wake(at: schedule.nextDue)
  }

  private func wake(at moment: Moment?) {
    // Whoever takes many messages asks for the same moment again and again.
    if let alarm, alarm.isSet, alarm.moment == moment { return }
    alarm?.cancel()
    alarm = moment.map { moment in loop.schedule(at: moment) { [weak self] in self?.pump() } }
  }
}

extension Dispatcher {
  /// A message that was taken, and how often it was tried before.
  struct Assignment {
    let id: MessageID
    let attempts: Int
  }

  /// Takes the next message that is due, for a connection that asks; nil when there is none, or the upstream may not be tried.
  func assign() -> Assignment? {
    guard !isDraining else { return nil }
    guard health.mayTry(at: loop.moment), let assignment = take(at: loop.moment) else {
      // Who asks in vain goes to sleep: from here on only the alarm knows when there is something to do.
      wake()
      return nil
    }
    // What else is due may go over other connections.
    pump()
    return assignment
  }

  private func take(at now: Moment) -> Assignment? {
    schedule.take(dueBy: now, limit: 1).first.map { Assignment(id: $0, attempts: schedule[$0]?.attempts ?? 0) }
  }

  /// The letter of a message that was taken, if it is still in memory.
  func consignFresh(_ assignment: Assignment) -> Consignment? {
    fresh.take(assignment.id).map { Consignment($0, from: spool, attempts: assignment.attempts) }
  }

  /// The letter of a message that was taken, read back; nil when it cannot be had now, and the message waits again.
  func consign(_ assignment: Assignment) async -> Consignment? {
    let id = assignment.id
    do throws(SpoolFailure) {
      return Consignment(try await spool.read(id), from: spool, attempts: assignment.attempts)
    } catch {
      switch error {
      case .notFound: schedule.settle(id)
      case .damaged, .system, .inUse, .foreignFormat, .notDurable, .closed:
        report(.delivery(.held(id: id, why: "\(error)", remedy: "see posthouse spool verify")))
        schedule.postpone(id, until: loop.moment + backoff.ceiling, attempt: .uncounted)
      }
      return nil
    }
  }

  /// A connection is ready for mail.
  func linkOpened() {
    if let trouble = health.connected(at: loop.wallTime) { recovered(from: trouble) }
  }

  /// No connection came about for a message that was taken.
  func linkFailed(_ assignment: Assignment, _ setback: Setback) {
    giveBack(assignment)
    suffered(setback)
  }

  /// Something is wrong with the upstream that no message has to do with.
  func suffered(_ setback: Setback) {
    if !isDraining { suffer(setback) }
    pump()
  }

  /// A message that was taken and not tried waits again.
  func giveBack(_ assignment: Assignment) { schedule.postpone(assignment.id, until: loop.moment, attempt: .uncounted) }

  /// Keeps a letter in memory until its turn comes, unless nobody knows when that will be: a backlog waits on the disk.
  private func keep(_ letter: StoredLetter) {
    if !health.isProbing { fresh.keep(letter) }
  }

  /// A message that was fetched and not tried waits again.
  func giveBack(_ consignment: Consignment) {
    keep(consignment.letter)
    schedule.postpone(consignment.id, until: loop.moment, attempt: .uncounted)
  }

  /// A connection has ended.
  func linkClosed() { pump() }

  /// Writes down what an attempt came to.
  func finish(_ consignment: Consignment, _ report: TransactionReport) {
    let isUpstreamsTrouble = report.setback?.concernsUpstream ?? false
    if let setback = report.setback, isUpstreamsTrouble || setback.isOutage {
      if !isDraining { suffer(setback) }
    } else if let trouble = health.served(at: loop.moment, loop.wallTime) {
      recovered(from: trouble)
    }
    if let setback = report.setback, setback.endsConnection {
      self.report(.upstream(.connectionLost(upstream: links.name, stage: setback.stage.name, why: "\(setback)")))
    }
    let id = consignment.id
    let age = loop.wallTime - consignment.envelope.accepted
    let fault = report.setback?.fault
    if let fault, !isUpstreamsTrouble { self.report(.delivery(.held(id: id, why: fault.summary, remedy: fault.remedy))) }
    // Nothing expires for what is not the message's fault, nor while it was held because its sender wished so.
    let released = max(consignment.envelope.accepted, consignment.envelope.holdUntil ?? consignment.envelope.accepted)
    let isExpired = !isUpstreamsTrouble && fault == nil && backoff.isExpired(accepted: released, now: loop.wallTime)
    let isCounted = !isUpstreamsTrouble && !report.goesOn(consignment)
    let wait = !isCounted ? .zero : backoff.delay(afterAttempt: consignment.attempts + 1, using: &generator)
    let outcomes = report.outcomes.map { recipient, outcome in
      (recipient: recipient, outcome: isExpired && outcome.verdict == .deferred ? outcome.expired(after: age) : outcome)
    }
    for (recipient, outcome) in outcomes {
      self.report(
        .delivery(
          .attempted(
            id: id, recipient: consignment.envelope.recipients[recipient].mailbox, outcome: outcome, upstream: links.name,
            attempt: consignment.attempts + 1, age: age)))
    }
    switch spool.settle(id, outcomes, nextAttempt: loop.wallTime + wait, attempt: isCounted ? .counted : .uncounted) {
    case .waiting(let recipients):
      schedule.postpone(id, until: loop.moment + wait, attempt: isCounted ? .counted : .uncounted)
      self.report(.delivery(.postponed(id: id, recipients: recipients, wait: wait)))
      wake()
    case .failed, .gone, .unknown:
      schedule.settle(id)
      let failed = outcomes.count { $0.outcome.verdict == .failed }
      self.report(.delivery(.settled(id: id, delivered: outcomes.count - failed, failed: failed, age: age)))
    }
  }

  private func recovered(from trouble: UpstreamHealth.Trouble) {
    report(.upstream(.recovered(upstream: links.name, after: loop.wallTime - trouble.since)))
    pump()
  }

  private func wake() {
    if let due = schedule.nextDue { wake(at: max(due, health.retryAt ?? due)) }
  }

  private func suffer(_ setback: Setback) {
    fresh.removeAll()
    guard health.suffered(setback, at: loop.moment, loop.wallTime, using: &generator), let trouble = health.trouble else { return }
    switch trouble.kind {
    case .fault: report(.upstream(.held(upstream: links.name, fault: setback.stage.name, why: trouble.why, remedy: trouble.remedy)))
    case .outage: report(.upstream(.connectionFailed(upstream: links.name, why: trouble.why)))
    case .limited:
      let wait = health.retryAt.map { $0 - loop.moment } ?? .zero
      report(.upstream(.throttled(upstream: links.name, wait: wait, why: trouble.why)))
    }
  }
}

extension Outcome {
  /// The same words, but for the last time.
  fileprivate func expired(after age: Duration) -> Outcome {
    let text = "given up after \(age.components.seconds) s; the last attempt said: \(reason.text)"
    return Outcome(.failed, Reason(code: reason.code, status: "4.4.7", text: text))
  }
}

extension BackoffPolicy {
  /// When messages are tried again.
  init(_ settings: RetrySettings) {
    self.init(
      firstDelay: settings.first, growth: settings.growth, ceiling: max(settings.first, settings.max),
      jitter: Double(settings.jitter.hundredths) / 100, maximumAge: settings.maxAge)
  }

  /// When a troubled upstream is tried again: sooner than a message, since nobody is to blame but the wire.
  init(probing settings: RetrySettings) {
    let first = min(settings.first, .seconds(10))
    self.init(
      firstDelay: first, growth: 2, ceiling: max(first, min(settings.max, .seconds(300))),
      jitter: Double(settings.jitter.hundredths) / 100)
  }
}

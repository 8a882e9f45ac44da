// SPDX-License-Identifier: Apache-2.0
package import EventLoop
import Mail
import Octets
import Settings
import Spool
import Telemetry
import Timekeeping

/// Tells senders what became of their mail: writes the reports (RFC 3464), and sends them on their way like any other message.
///
/// A report is on stable storage before the outcome that it tells of is noted. So a crash between the two repeats the attempt and
/// perhaps the report, but no failure goes untold. What cannot be stored is not told and not noted either: the message is tried again.
/// Nobody is told of mail from the null sender, of an operator's fault, or beyond the hour's allowance; what fails then is kept
/// as failed, to be seen in the queue.
@Loop package final class ReportDesk {
  weak var dispatcher: Dispatcher?
  /// How many reports may still be made.
  package private(set) var allowance: ReportAllowance
  private let loop: EventLoop
  private let spool: Spool
  private let report: (RelayEvent) -> Void
  private var author: DeliveryReport.Author
  private var addressee: Mailbox?
  private var patience: Duration
  private var watch: DelayWatch
  private var pending = 0
  private var idle: Berth?
  private var isWarning = false
  private var isOver = false

  init(_ loop: EventLoop, _ spool: Spool, _ settings: RelaySettings, report: @escaping (RelayEvent) -> Void) {
    self.loop = loop
    self.spool = spool
    self.report = report
    author = DeliveryReport.Author(host: settings.hostname)
    addressee = settings.bounce.to.map { Mailbox(verifiedLocalPart: $0.localPart, domain: $0.domain) }
    allowance = ReportAllowance(perHour: settings.bounce.maxPerHour)
    patience = settings.retry.maxAge
    watch = DelayWatch(after: settings.bounce.warnAfter, now: loop.wallTime)
  }

  func reload(_ settings: RelaySettings) {
    author = DeliveryReport.Author(host: settings.hostname)
    addressee = settings.bounce.to.map { Mailbox(verifiedLocalPart: $0.localPart, domain: $0.domain) }
    allowance.perHour = settings.bounce.maxPerHour
    patience = settings.retry.maxAge
    watch.change(to: settings.bounce.warnAfter, now: loop.wallTime)
  }

  /// Waits until what is being written is on stable storage, at most until the deadline; begins no more warnings.
  func drain(until deadline: Moment) async {
    isOver = true
    let berth = Berth(loop)
    idle = berth
    while pending > 0 {
      if await berth.wait(until: deadline) == .timedOut { return }
    }
  }

  /// What is to be told about an attempt; nil where nobody wants to hear of it, or no more may be told in this hour.
  func news(
    of envelope: Envelope, _ outcomes: [(recipient: Int, outcome: Outcome)], _ attempt: TransactionReport, by upstream: String
  ) -> DeliveryReport? {
    guard envelope.sender != nil, allowance.perHour > 0 else { return nil }
    var told: [ReportedRecipient] = []
    for (place, outcome) in outcomes {
      let recipient = envelope.recipients[place]
      let action: ReportedRecipient.Action
      switch outcome.verdict {
      case .deferred: continue
      case .delivered:
        guard recipient.notify?.contains(.success) == true, !attempt.isReportedOnward else { continue }
        action = .relayed
      case .failed: action = .failed
      }
      let speaker = outcome.reason.code == 0 ? nil : ReportDesk.hostName(upstream)
      told.append(ReportedRecipient(recipient, action, outcome.reason, upstream: speaker, lastAttempt: loop.wallTime))
    }
    return told.isEmpty ? nil : DeliveryReport(about: envelope, told, to: addressee)
  }

  /// Makes a report and gives it to delivery; false when it could not be stored, and what it tells of must not be noted yet.
  func send(_ news: DeliveryReport, about letter: StoredLetter) async -> Bool {
    switch allowance.take(at: loop.moment, loop.wallTime) {
    case .granted: break
    case .capped: return true
    case .cappedNow:
      report(.delivery(.reportsCapped(id: letter.id, perHour: allowance.perHour)))
      return true
    }
    pending += 1
    defer {
      pending -= 1
      if pending == 0 { idle?.wake() }
    }
    let id = spool.nextID()
    let original = await original(letter, news.content(of: ByteCount(bytes: letter.size), by: author))
    let made = news.letter(returning: original, by: author, id: id, at: loop.wallTime)
    let body = spool.beginBody(of: id, for: made.envelope)
    body.append(made.bytes.span)
    do throws(SpoolRefusal) {
      let stored = Letter(id: id, envelope: made.envelope, body: try await body.finish())
      try await spool.accept(stored, until: loop.moment + ReportDesk.patience)
      report(
        .delivery(
          .reported(
            id: letter.id, report: id, to: made.envelope.recipients[0].mailbox, what: news.subject, recipients: news.recipientCount)))
      dispatcher?.take(StoredLetter(fresh: stored))
      return true
    } catch {
      body.discard()
      report(.delivery(.reportRefused(id: letter.id, why: error.words)))
      return false
    }
  }

  /// Outcomes about which the sender could not be told: what is over stays open, except what went well.
  static func untold(_ outcomes: [(recipient: Int, outcome: Outcome)]) -> [(recipient: Int, outcome: Outcome)] {
    outcomes.map { recipient, outcome in
      var outcome = outcome
      if outcome.verdict == .failed {
        outcome.verdict = .deferred
        outcome.reason.text = "tried again, because no report of the failure could be stored: \(outcome.reason.text)"
      }
      return (recipient, outcome)
    }
  }

  /// How reports write the name of an upstream; nil for one that is no host.
  private static func hostName(_ upstream: String) -> String? {
    if IPAddress(upstream) != nil { return "[\(upstream)]" }
    return HostName(upstream) == nil ? nil : upstream
  }

  /// As much of a message as a report returns; nothing where it cannot be read any more.
  private func original(_ letter: StoredLetter, _ content: Envelope.ReportContent) async -> OriginalMessage {
    switch letter.body {
    case .memory(let bytes): return OriginalMessage(bytes, .full)
    case .file(let file):
      let reader = spool.read(body: file, of: letter.id)
      var bytes: [UInt8] = []
      do throws(SpoolFailure) {
        while content == .full || bytes.count < author.contentLimit.bytes, let piece = try await reader.next() { bytes += piece }
      } catch {
        return OriginalMessage([], .headers)
      }
      return OriginalMessage(bytes, content)
    }
  }

  private static let patience = Duration.seconds(60)
}

extension ReportDesk {
  /// What somebody must look at, if there is anything.
  package var alarm: String? {
    guard let since = allowance.cappedSince else { return nil }
    let left = allowance.leftOut == 1 ? "1 report" : "\(allowance.leftOut) reports"
    return "so much mail failed that \(left) about it \(allowance.leftOut == 1 ? "was" : "were") not made "
      + "(more than Bounce.MaxPerHour, \(allowance.perHour), since \(CivilTime(since).rfc5322)); posthouse queue shows what failed and why"
  }

  /// Looks after what time brings: tells senders whose mail is late, and lets an alarm end. To be called from time to time.
  package func keepHouse() {
    allowance.calm(at: loop.moment)
    guard !isWarning, !isOver, allowance.perHour > 0 else { return }
    let late = watch.late(in: spool, at: loop.wallTime)
    guard !late.isEmpty else { return }
    isWarning = true
    loop.spawn { [self] in
      for id in late where !isOver { await warn(of: id) }
      isWarning = false
    }
  }

  private func warn(of id: MessageID) async {
    // Whatever is wrong with a message shows when its turn comes; who is gone needs no warning.
    guard let letter = try? await spool.read(id), letter.state == .queued else { return }
    let released = max(letter.envelope.accepted, letter.envelope.holdUntil ?? letter.envelope.accepted)
    guard watch.isLate(released, at: loop.wallTime) else { return watch.watch(id, from: released) }
    let told = letter.openRecipients.map { place in
      let reason = letter.outcomes[place]?.reason ?? ReportDesk.notYetTried
      return ReportedRecipient(letter.envelope.recipients[place], .delayed(until: released + patience), reason)
    }
    if let news = DeliveryReport(about: letter.envelope, told, to: addressee) { _ = await send(news, about: letter) }
  }

  private static let notYetTried = Outcome.Reason(
    code: 0, status: "4.4.1", text: "the next mail server cannot be used at present; who runs this relay has been told")
}

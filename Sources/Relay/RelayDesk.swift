// SPDX-License-Identifier: Apache-2.0
package import Control
import Delivery
import EventLoop
import LinuxSystem
package import Mail
import Settings
import Spool
import Submission
import Telemetry
import Timekeeping
package import Varlink

/// What the relay shows and does for those who ask through the control socket.
extension Relay: ControlDesk {
  /// How everything stands, in one look.
  package func status() -> RelayStatus {
    let gathered = means.log.counters
    return RelayStatus(
      version: version, state: isDraining ? .draining : .running, hostname: settings.hostname, startedUSec: started.microseconds,
      listeners: submission.doors.map { RelayStatus.Listener(address: "\($0.address)", connections: $0.connections) },
      upstreams: dispatcher.upstreams.map(describe), spool: spoolStatus,
      counters: Counter.allCases.map { RelayStatus.Counter(name: $0.name, count: Int64(clamping: gathered[$0])) },
      warnings: warnings + certificateWarnings + spool.damage.sentences,
      alarms: [dispatcher.reports.alarm].compactMap(\.self))
  }

  /// The messages in a state, oldest first.
  package func messages(in state: QueuedMessage.State?) -> [MessageID] {
    var ids: [MessageID] = []
    spool.forEachEntry { entry in
      if state == nil || self.state(of: entry) == state { ids.append(entry.id) }
      return true
    }
    return ids
  }

  /// One message with what is known of its recipients.
  package func message(_ id: MessageID) async -> QueuedMessage? {
    guard let letter = await spool.describe([id]).first, let entry = spool.entry(id) else { return nil }
    var message = QueuedMessage(
      id, state(of: entry), size: letter.size, letter.envelope, letter.outcomes, attempts: letter.attempts)
    if entry.state == .queued, let due = dispatcher.due(of: id) {
      message.nextAttemptUSec = (loop.wallTime + max(.zero, due - loop.moment)).microseconds
    }
    return message
  }

  /// Makes messages due now.
  package func flush(_ id: MessageID?) -> Int? { dispatcher.flush(id) }

  /// Carries out an operator's order.
  package func carryOut(_ order: MessageOrder, on id: MessageID, for user: UInt32) async throws(OrderRefusal) {
    try await operators.carryOut(order, on: id, for: user)
  }

  /// Sends a message to others.
  package func redirect(_ id: MessageID, to recipients: [Mailbox], for user: UInt32) async throws(OrderRefusal) -> MessageID {
    try await operators.redirect(id, to: recipients, for: user)
  }

  /// The bytes of a message.
  package func text(of id: MessageID) async throws(OrderRefusal) -> MessageText { try await operators.text(of: id) }

  /// Writes down who changed what.
  package func note(command: String, on subject: String, by user: UInt32) {
    means.log.note(.control(.commanded(command: command, subject: subject, user: user)))
  }

  /// What the service manager shows in one line.
  var statusLine: String {
    let figures = statusFigures
    if let problem = spoolProblem { return "\(figures.messages) queued; spool: \(problem)" }
    for upstream in dispatcher.upstreams {
      if let trouble = upstream.health.trouble { return "\(figures.messages) queued; upstream \(upstream.name): \(trouble.sentence)" }
    }
    if isDraining { return "Stopping; \(figures.messages) queued" }
    return "Relaying to \(dispatcher.upstreams.map(\.name).joined(separator: ", ")); \(figures.messages) queued, \(figures.failed) failed"
  }

  /// The numbers in the status line.
  var statusFigures: StatusFigures {
    let usage = spool.usage
    return StatusFigures(messages: usage.queued + usage.held + usage.failed, failed: usage.failed)
  }

  /// Whether the status line consists of its numbers, because nothing is wrong.
  var isWell: Bool { spoolProblem == nil && dispatcher.upstreams.allSatisfy { $0.health.trouble == nil } }

  private var spoolProblem: String? { spool.problem ?? spool.damage.alarm(in: spoolDirectory) }

  private var operators: OperatorDesk {
    OperatorDesk(loop: loop, spool: spool, dispatcher: dispatcher) { [log = means.log] in log.note($0) }
  }

  private func state(of entry: borrowing QueueEntry) -> QueuedMessage.State { operators.state(of: entry) }

  private var spoolStatus: SpoolStatus {
    let usage = spool.usage
    var status = SpoolStatus(directory: spoolDirectory)
    status.active = dispatcher.underway
    spool.forEachEntry { entry in
      if entry.state == .queued, entry.attempts > 0 { status.deferred += 1 }
      // A number is the time of its making.
      if entry.state == .failed, status.oldestFailedUSec == nil { status.oldestFailedUSec = Int64(clamping: entry.id.number) }
      return true
    }
    status.deferred = min(status.deferred, max(0, usage.queued - status.active))
    status.queued = max(0, usage.queued - status.active - status.deferred)
    status.held = usage.held
    status.failed = usage.failed
    status.bytes = usage.liveBytes + usage.bodyBytes
    status.problem = spoolProblem
    return status
  }

  private var certificateWarnings: [String] {
    dispatcher.upstreams.compactMap { upstream in
      upstream.certificate.sentence(upstream.name, within: upstream.settings.connection.certificateWarning, at: loop.wallTime)
    }
  }

  private func describe(_ upstream: Upstream) -> UpstreamStatus {
    let settings = upstream.settings
    let isCapture = if case .capture = settings.host { true } else { false }
    var status = UpstreamStatus(
      name: settings.name, host: settings.host.map(\.description) ?? "", port: isCapture ? nil : Int(settings.port),
      tls: isCapture ? "capture" : settings.tls.rawValue, isVerified: settings.verification == .required)
    status.connections = upstream.connections
    status.certificateEndUSec = upstream.certificate.end?.microseconds
    status.lastSuccessUSec = upstream.health.lastSuccess?.microseconds
    guard let trouble = upstream.health.trouble else {
      status.state = upstream.connections > 0 ? .connected : .idle
      return status
    }
    status.state = trouble.kind == .fault ? .held : .failing
    status.fault = trouble.sentence
    status.faultSinceUSec = trouble.since.microseconds
    status.nextAttemptUSec = upstream.health.retryAt.map { (loop.wallTime + max(.zero, $0 - loop.moment)).microseconds }
    return status
  }
}

/// The numbers that the service manager's line tells.
struct StatusFigures: Equatable {
  let messages: Int
  let failed: Int
}

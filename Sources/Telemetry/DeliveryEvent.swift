// SPDX-License-Identifier: Apache-2.0
package import Mail

/// A fact about a message on its way out.
package enum DeliveryEvent: Hashable, Sendable {
  /// One recipient's part of an attempt ended; `age` is the time since the message was accepted.
  case attempted(id: MessageID, recipient: Mailbox, outcome: Outcome, upstream: String, attempt: Int, age: Duration)
  /// What was left of a message waits for another attempt.
  case postponed(id: MessageID, recipients: Int, wait: Duration)
  /// Nothing is left to do for a message.
  case settled(id: MessageID, delivered: Int, failed: Int, age: Duration)
  /// A message was tried for too long.
  case expired(id: MessageID, recipients: Int, age: Duration)
  /// A message is held for something that a person must put right.
  case held(id: MessageID, why: String, remedy: String)
  /// Somebody was told what became of a message, by a message of ours; `what` says what that was.
  case reported(id: MessageID, report: MessageID, to: Mailbox, what: String, recipients: Int)
  /// A report about a message could not be stored.
  case reportRefused(id: MessageID, why: String)
  /// No more reports are made for a while, because there were so many; the message was the first without.
  case reportsCapped(id: MessageID, perHour: Int)

  var label: EventLabel {
    switch self {
    case .attempted(_, _, let outcome, _, _, _):
      switch outcome.verdict {
      case .delivered: EventLabel("delivered", .info)
      case .deferred: EventLabel("deferred", .info)
      case .failed: EventLabel("undeliverable", .warning)
      }
    case .postponed: EventLabel("postponed", .info)
    case .settled: EventLabel("settled", .info)
    case .expired: EventLabel("expired", .warning)
    case .held: EventLabel("held", .warning)
    case .reported: EventLabel("reported", .info)
    case .reportRefused: EventLabel("report-refused", .warning)
    case .reportsCapped: EventLabel("reports-capped", .warning)
    }
  }

  func describe(to sink: inout some EventSink) {
    switch self {
    case .attempted(let id, let recipient, let outcome, let upstream, let attempt, let age):
      sink.add("id", id)
      sink.add("to", recipient)
      sink.add("upstream", upstream)
      if outcome.reason.code != 0 { sink.add("code", outcome.reason.code) }
      if !outcome.reason.status.isEmpty { sink.add("status", outcome.reason.status) }
      sink.add("attempt", attempt)
      sink.add("age", age)
      sink.add("reply", outcome.reason.text)
    case .postponed(let id, let recipients, let wait):
      sink.add("id", id)
      sink.add("recipients", recipients)
      sink.add("wait", wait)
    case .settled(let id, let delivered, let failed, let age):
      sink.add("id", id)
      sink.add("delivered", delivered)
      sink.add("failed", failed)
      sink.add("age", age)
    case .expired(let id, let recipients, let age):
      sink.add("id", id)
      sink.add("recipients", recipients)
      sink.add("age", age)
    case .held(let id, let why, let remedy):
      sink.add("id", id)
      sink.add("why", why)
      sink.add("remedy", remedy)
    case .reported(let id, let report, let addressee, let what, let recipients):
      sink.add("id", id)
      sink.add("report", report)
      sink.add("to", addressee)
      sink.add("what", what)
      sink.add("recipients", recipients)
    case .reportRefused(let id, let why):
      sink.add("id", id)
      sink.add("why", why)
    case .reportsCapped(let id, let perHour):
      sink.add("id", id)
      sink.add("limit", perHour)
      sink.add("remedy", "see why so much fails; posthouse queue lists it, and Bounce.MaxPerHour is the limit")
    }
  }
}

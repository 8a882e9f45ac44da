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

  var facts: EventFacts {
    switch self {
    case .attempted(let id, let recipient, let outcome, let upstream, let attempt, let age):
      var fields = [EventField("id", id), EventField("to", "<\(recipient.text)>"), EventField("upstream", upstream)]
      if outcome.reason.code != 0 { fields.append(EventField("code", outcome.reason.code)) }
      if !outcome.reason.status.isEmpty { fields.append(EventField("status", outcome.reason.status)) }
      fields += [EventField("attempt", attempt), EventField("age", age), EventField("reply", outcome.reason.text)]
      switch outcome.verdict {
      case .delivered: return EventFacts("delivered", .info, fields)
      case .deferred: return EventFacts("deferred", .info, fields)
      case .failed: return EventFacts("undeliverable", .warning, fields)
      }
    case .postponed(let id, let recipients, let wait):
      return EventFacts("postponed", .info, [EventField("id", id), EventField("recipients", recipients), EventField("wait", wait)])
    case .settled(let id, let delivered, let failed, let age):
      let fields = [EventField("id", id), EventField("delivered", delivered), EventField("failed", failed), EventField("age", age)]
      return EventFacts("settled", .info, fields)
    case .expired(let id, let recipients, let age):
      return EventFacts("expired", .warning, [EventField("id", id), EventField("recipients", recipients), EventField("age", age)])
    case .held(let id, let why, let remedy):
      return EventFacts("held", .warning, [EventField("id", id), EventField("why", why), EventField("remedy", remedy)])
    }
  }
}

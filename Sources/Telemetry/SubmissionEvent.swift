// SPDX-License-Identifier: Apache-2.0
package import Mail
package import Octets

/// A fact about the apps' side: connections that come and go, and what they hand in.
package enum SubmissionEvent: Hashable, Sendable {
  /// A client connected.
  case connectionAccepted(client: Submitter)
  /// A client was turned away at once.
  case connectionRefused(client: String, why: String)
  /// A connection ended, by whom or what; how many messages came over it.
  case connectionClosed(client: Submitter, why: Closing, messages: Int)
  /// A message is durable and ours.
  case accepted(id: MessageID, sender: Mailbox?, size: ByteCount, recipients: Int, client: Submitter)
  /// A command was refused with this reply.
  case refused(client: Submitter, code: UInt16, status: String, why: String)

  /// How a connection ended.
  package enum Closing: Hashable, Sendable {
    /// The client said QUIT.
    case quit
    /// The client went away without a word.
    case lost
    /// The client was silent for too long.
    case timedOut
    /// The daemon stops.
    case stopping
    /// The client broke the rules; which.
    case violation(String)

    fileprivate var words: String {
      switch self {
      case .quit: "quit"
      case .lost: "lost"
      case .timedOut: "timed-out"
      case .stopping: "stopping"
      case .violation(let words): words
      }
    }
  }

  var facts: EventFacts {
    switch self {
    case .connectionAccepted(let client): return EventFacts("connected", .debug, SubmissionEvent.fields(of: client))
    case .connectionRefused(let client, let why):
      return EventFacts("connection-refused", .warning, [EventField("client", client), EventField("why", why)])
    case .connectionClosed(let client, let why, let messages):
      let isViolation = if case .violation = why { true } else { false }
      return EventFacts(
        "disconnected", isViolation ? .warning : .debug,
        [EventField("why", why.words), EventField("messages", messages)] + SubmissionEvent.fields(of: client))
    case .accepted(let id, let sender, let size, let recipients, let client):
      let fields = [
        EventField("id", id), EventField("from", "<\(sender?.text ?? "")>"), EventField("size", size),
        EventField("recipients", recipients),
      ]
      return EventFacts("accepted", .info, fields + SubmissionEvent.fields(of: client))
    case .refused(let client, let code, let status, let why):
      let fields = [EventField("code", code), EventField("status", status), EventField("why", why)]
      return EventFacts("refused", .info, fields + SubmissionEvent.fields(of: client))
    }
  }

  private static func fields(of client: Submitter) -> [EventField] {
    var fields = [EventField("client", client.peer)]
    if !client.greeting.isEmpty { fields.append(EventField("helo", client.greeting)) }
    if let user = client.user { fields.append(EventField("uid", user)) }
    if let name = client.userName { fields.append(EventField("user", name)) }
    if let unit = client.unit { fields.append(EventField("unit", unit)) }
    return fields
  }
}

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

  var label: EventLabel {
    switch self {
    case .connectionAccepted: EventLabel("connected", .debug)
    case .connectionRefused: EventLabel("connection-refused", .warning)
    case .connectionClosed(_, .violation, _): EventLabel("disconnected", .warning)
    case .connectionClosed: EventLabel("disconnected", .debug)
    case .accepted: EventLabel("accepted", .info)
    case .refused: EventLabel("refused", .info)
    }
  }

  func describe(to sink: inout some EventSink) {
    switch self {
    case .connectionAccepted(let client): SubmissionEvent.describe(client, to: &sink)
    case .connectionRefused(let client, let why):
      sink.add("client", client)
      sink.add("why", why)
    case .connectionClosed(let client, let why, let messages):
      sink.add("why", why.words)
      sink.add("messages", messages)
      SubmissionEvent.describe(client, to: &sink)
    case .accepted(let id, let sender, let size, let recipients, let client):
      sink.add("id", id)
      sink.add("from", sender)
      sink.add("size", size)
      sink.add("recipients", recipients)
      SubmissionEvent.describe(client, to: &sink)
    case .refused(let client, let code, let status, let why):
      sink.add("code", code)
      sink.add("status", status)
      sink.add("why", why)
      SubmissionEvent.describe(client, to: &sink)
    }
  }

  private static func describe(_ client: Submitter, to sink: inout some EventSink) {
    sink.add("client", client.peer)
    if !client.greeting.isEmpty { sink.add("helo", client.greeting) }
    if let user = client.user { sink.add("uid", user) }
    if let name = client.userName { sink.add("user", name) }
    if let unit = client.unit { sink.add("unit", unit) }
  }
}

// SPDX-License-Identifier: Apache-2.0
package import Timekeeping

/// What a report says about one recipient.
package struct ReportedRecipient: Hashable, Sendable {
  /// Who it is, with what was asked about reports.
  package var recipient: Recipient
  /// What became of the message for them.
  package var action: Action
  /// Who said so, and in which words.
  package var reason: Outcome.Reason
  /// The host that said it; nil where it was this relay itself.
  package var upstream: String?
  /// When it was last tried.
  package var lastAttempt: WallTime?

  /// A recipient with what became of the message.
  package init(_ recipient: Recipient, _ action: Action, _ reason: Outcome.Reason, upstream: String? = nil, lastAttempt: WallTime? = nil) {
    self.recipient = recipient
    self.action = action
    self.reason = reason
    self.upstream = upstream
    self.lastAttempt = lastAttempt
  }

  /// What can become of a message (RFC 3464 §2.3.3).
  package enum Action: Hashable, Sendable {
    /// It will not be tried again.
    case failed
    /// It was not delivered yet, and is tried until this time.
    case delayed(until: WallTime)
    /// It was handed to a host that does not report.
    case relayed

    /// Its name in the report.
    var name: String {
      switch self {
      case .failed: "failed"
      case .delayed: "delayed"
      case .relayed: "relayed"
      }
    }
  }

  /// Whether the sender wants to hear of it (RFC 3461 §4.1): failures and delays where nothing was said, what was named where something
  /// was.
  package var isWanted: Bool {
    guard let notify = recipient.notify else { return action != .relayed }
    return switch action {
    case .failed: notify.contains(.failure)
    case .delayed: notify.contains(.delay)
    case .relayed: notify.contains(.success)
    }
  }

  /// The status code (RFC 3463): the one that was given where it goes with the action, otherwise one that says no more than the action.
  var status: String {
    let kinds =
      switch action {
      // A message that was given up for its age keeps the transient code it failed with.
      case .failed: "54"
      case .delayed: "4"
      case .relayed: "2"
      }
    let parts = reason.status.split(separator: ".", omittingEmptySubsequences: false)
    let isStatus = parts.count == 3 && parts.allSatisfy { (1...3).contains($0.utf8.count) && $0.utf8.allSatisfy { $0 &- 0x30 < 10 } }
    if isStatus, parts[0].count == 1, let kind = parts[0].first, kinds.contains(kind) { return reason.status }
    return "\(kinds.prefix(1)).0.0"
  }

  /// The words of whoever decided, as an SMTP reply where it was one.
  var words: String {
    guard reason.code != 0 else { return reason.text }
    return "\(reason.code) " + (reason.status.isEmpty ? "" : "\(reason.status) ") + reason.text
  }
}

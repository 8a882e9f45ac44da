// SPDX-License-Identifier: Apache-2.0
import Mail
import SMTP

/// What one transaction came to, for each recipient that something was decided about.
struct TransactionReport {
  /// What was decided, by the recipients' places in the envelope.
  private(set) var outcomes: [(recipient: Int, outcome: Outcome)] = []
  /// What stopped the transaction, if something did; or the last recipient's refusal that concerns more than the recipient.
  var setback: Setback?

  /// The recipients that something was decided about.
  var decided: [Int] { outcomes.map(\.recipient) }

  /// Whether the upstream has taken the message for at least one recipient.
  var hasDelivered: Bool { outcomes.contains { $0.outcome.verdict == .delivered } }

  /// Whether the rest of the recipients can be tried at once, in a transaction of their own.
  var isToBeContinued: Bool {
    switch setback?.judgement {
    case nil, .split: true
    case .proceed, .delivered, .retry, .throttle, .quota, .recipient, .permanent, .operatorFault: false
    }
  }

  /// Decides about one recipient.
  mutating func decide(_ recipient: Int, _ setback: Setback) {
    outcomes.append((recipient, setback.outcome))
    switch setback.judgement {
    case .throttle, .quota, .split, .operatorFault: self.setback = setback
    case .proceed, .delivered, .retry, .recipient, .permanent: break
    }
  }

  /// Decides about several recipients alike.
  mutating func decide(_ recipients: [Int], _ outcome: Outcome) {
    for recipient in recipients { outcomes.append((recipient, outcome)) }
  }
}

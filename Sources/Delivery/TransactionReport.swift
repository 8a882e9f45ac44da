// SPDX-License-Identifier: Apache-2.0
import Mail
import SMTP

/// What one transaction came to, for each recipient that something was decided about.
struct TransactionReport {
  /// What was decided, by the recipients' places in the envelope.
  private(set) var outcomes: [(recipient: Int, outcome: Outcome)] = []
  /// What stopped the transaction, if something did; or the last recipient's refusal that concerns more than the recipient.
  private(set) var setback: Setback?

  /// Whether the upstream was told when the sender wants a report, so that it is the one to tell of a success (RFC 3461 §5.2.2).
  var isReportedOnward = false

  /// The recipients that something was decided about.
  var decided: [Int] { outcomes.map(\.recipient) }

  /// Decides about one recipient.
  mutating func decide(_ recipient: Int, _ setback: Setback) {
    outcomes.append((recipient, setback.outcome))
    switch setback.judgement {
    case .throttle, .quota, .split, .operatorFault: self.setback = setback
    case .proceed, .delivered, .retry, .recipient, .permanent: break
    }
  }

  /// Notes what stopped the transaction. What was said about the upstream before counts more than that the connection then broke.
  mutating func stop(_ setback: Setback) {
    if self.setback?.concernsUpstream != true { self.setback = setback }
  }

  /// Decides about several recipients alike.
  mutating func decide(_ recipients: [Int], _ outcome: Outcome) {
    for recipient in recipients { outcomes.append((recipient, outcome)) }
  }
}

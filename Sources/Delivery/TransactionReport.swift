// SPDX-License-Identifier: Apache-2.0
import Mail
import SMTP

/// What one transaction came to, for each recipient that something was decided about.
struct TransactionReport {
  /// What was decided, by the recipients' places in the envelope.
  private(set) var outcomes: [(recipient: Int, outcome: Outcome)] = []
  /// What stopped the transaction, if something did; or the last recipient's refusal that concerns more than the recipient.
  private(set) var setback: Setback?

  /// The recipients that something was decided about.
  var decided: [Int] { outcomes.map(\.recipient) }

  /// Whether the message goes on at once: there are recipients that were not named yet and nothing speaks against naming them, or there
  /// were too many in one transaction and some of them are done with.
  func goesOn(_ consignment: Consignment) -> Bool {
    if setback == nil, outcomes.count >= consignment.envelope.recipients.count { return false }
    let decided = Set(self.decided)
    switch setback?.judgement {
    case nil: return consignment.untriedRecipients.contains { !decided.contains($0) }
    case .split: return outcomes.contains { $0.outcome.verdict != .deferred }
    case .proceed, .delivered, .retry, .throttle, .quota, .recipient, .permanent, .operatorFault: return false
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

  /// Notes what stopped the transaction. What was said about the upstream before counts more than that the connection then broke.
  mutating func stop(_ setback: Setback) {
    if self.setback?.concernsUpstream != true { self.setback = setback }
  }

  /// Decides about several recipients alike.
  mutating func decide(_ recipients: [Int], _ outcome: Outcome) {
    for recipient in recipients { outcomes.append((recipient, outcome)) }
  }
}

// SPDX-License-Identifier: Apache-2.0
import Mail
import SMTP

/// What one transaction came to, for each recipient that was open when it began.
struct TransactionReport {
  /// The recipients that nothing was decided about, by their place in the envelope.
  private(set) var open: [Int]
  /// The recipients that something was decided about.
  private(set) var outcomes: [(recipient: Int, outcome: Outcome)] = []
  /// What stopped the conversation, if something did; or the last recipient's refusal that concerns more than the recipient.
  var setback: Setback?
  /// Whether nothing more can be said on this connection.
  var connectionEnded = false

  /// Nothing is decided yet.
  init(_ consignment: Consignment) { open = consignment.openRecipients }

  /// Decides about one recipient.
  mutating func decide(_ recipient: Int, _ setback: Setback) {
    open.removeAll { $0 == recipient }
    outcomes.append((recipient, setback.outcome))
    switch setback.judgement {
    case .throttle, .quota, .split, .operatorFault: self.setback = setback
    case .proceed, .delivered, .retry, .recipient, .permanent: break
    }
  }

  /// Decides about everybody who is left.
  mutating func decideOpen(_ outcome: Outcome) {
    for recipient in open { outcomes.append((recipient, outcome)) }
    open = []
  }
}

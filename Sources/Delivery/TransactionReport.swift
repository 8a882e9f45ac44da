// SPDX-License-Identifier: Apache-2.0
import Mail
import SMTP

/// What one transaction came to, for each recipient that was open when it began.
struct TransactionReport {
  /// The recipients that nothing was decided about, by their place in the envelope.
  private(set) var open: [Int]
  /// The recipients that something was decided about.
  private(set) var outcomes: [(recipient: Int, outcome: Outcome)] = []
  /// What stopped the conversation, if something did; or a recipient's refusal that concerns more than the recipient.
  private(set) var setback: Setback?
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

  /// Decides about everybody who is left by what stopped the conversation. What was said about the upstream before counts more than that
  /// the connection then broke.
  mutating func stop(_ setback: Setback) {
    if self.setback?.concernsUpstream != true { self.setback = setback }
    decideOpen(setback.outcome)
  }

  /// Whether the connection turned out to have ended before anything of the message was heard: whoever was idle may find that.
  var foundNobody: Bool {
    guard let setback, case .failure(.connectionLost) = setback.cause else { return false }
    return setback.stage == .mail
  }

  /// Whether some recipients were put off only because there were too many, and others were decided about: the rest may go at once.
  var wantsRest: Bool {
    guard case .split? = setback?.judgement, setback?.stage == .recipient else { return false }
    return outcomes.contains { $0.outcome.verdict != .deferred }
  }

  /// Decides about everybody who is left.
  mutating func decideOpen(_ outcome: Outcome) {
    for recipient in open { outcomes.append((recipient, outcome)) }
    open = []
  }
}

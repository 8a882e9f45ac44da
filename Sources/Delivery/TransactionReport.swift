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

  /// Whether some of those who were open were left out or put off only because there were too many, and others were decided about: the
  /// rest may go at once.
  func wantsRest(of open: [Int]) -> Bool {
    guard outcomes.contains(where: { $0.outcome.verdict != .deferred }) else { return false }
    guard let setback else { return outcomes.count < open.count }
    if case .split = setback.judgement { return setback.stage == .recipient }
    return false
  }

  /// Whether the connection turned out to have ended before anything of the message was heard: whoever was idle may find that.
  var foundNobody: Bool {
    guard let setback, case .failure(.connectionLost) = setback.cause else { return false }
    return setback.stage == .mail
  }

  /// Decides about one recipient.
  mutating func decide(_ recipient: Int, _ setback: Setback) {
    outcomes.append((recipient, setback.outcome))
    switch setback.judgement {
    case .throttle, .quota, .split, .operatorFault: self.setback = setback
    case .proceed, .delivered, .retry, .recipient, .permanent: break
    }
  }

  /// Decides about everybody who is left by what stopped the transaction. What was said about the upstream before counts more than that
  /// the connection then broke.
  mutating func stop(_ undecided: [Int], _ setback: Setback) {
    if self.setback?.concernsUpstream != true { self.setback = setback }
    decide(undecided, setback.outcome)
  }

  /// Decides about several recipients alike.
  mutating func decide(_ recipients: [Int], _ outcome: Outcome) {
    for recipient in recipients { outcomes.append((recipient, outcome)) }
  }
}

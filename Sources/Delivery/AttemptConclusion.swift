// SPDX-License-Identifier: Apache-2.0
import Mail
import SMTP
import Scheduling
import Timekeeping

/// What one attempt means for its message: the last word for some recipients, and when the others are tried again.
///
/// Nothing expires for what is not the message's fault, nor for the time in which it was held because its sender wished so.
struct AttemptConclusion {
  /// What became of each recipient that something was decided about.
  let outcomes: [(recipient: Int, outcome: Outcome)]
  /// The recipients that are still to be served, by their places in the envelope.
  let open: [Int]
  /// Those that had their turn in this round.
  let served: [Int]
  /// Whether the upstream was in trouble, and the message had no part in it.
  let isUpstreamsTrouble: Bool
  /// Whether the message goes on at once with recipients that were not served yet, if there are any.
  let mayGoOn: Bool

  init(_ consignment: Consignment, _ report: TransactionReport, _ backoff: BackoffPolicy, at time: WallTime) {
    let setback = report.setback
    isUpstreamsTrouble = setback?.concernsUpstream ?? false
    let envelope = consignment.envelope
    let released = max(envelope.accepted, envelope.holdUntil ?? envelope.accepted)
    let isExpired = !isUpstreamsTrouble && setback?.fault == nil && backoff.isExpired(accepted: released, now: time)
    let age = time - envelope.accepted
    outcomes =
      !isExpired
      ? report.outcomes
      : report.outcomes.map { ($0.recipient, $0.outcome.verdict == .deferred ? $0.outcome.expired(after: age) : $0.outcome) }
    open = consignment.open(after: outcomes)
    switch setback?.judgement {
    case nil: (served, mayGoOn) = (report.decided, true)
    // Whoever was too much for one transaction was not served.
    case .split:
      served = outcomes.filter { $0.outcome.verdict != .deferred }.map(\.recipient)
      mayGoOn = !served.isEmpty
    case .throttle, .quota: (served, mayGoOn) = ([], false)
    case .operatorFault where isUpstreamsTrouble: (served, mayGoOn) = ([], false)
    case .proceed, .delivered, .retry, .recipient, .permanent, .operatorFault: (served, mayGoOn) = (report.decided, false)
    }
  }
}

extension Consignment {
  /// Who is still to be served after these outcomes, by the places in the envelope.
  func open(after outcomes: [(recipient: Int, outcome: Outcome)]) -> [Int] {
    let before = openRecipients
    if outcomes.count == before.count, outcomes.allSatisfy({ $0.outcome.verdict != .deferred }) { return [] }
    let closed = Set(outcomes.lazy.filter { $0.outcome.verdict != .deferred }.map(\.recipient))
    return before.filter { !closed.contains($0) }
  }
}

extension Outcome {
  /// The same words, but for the last time.
  fileprivate func expired(after age: Duration) -> Outcome {
    let text = "given up after \(age.components.seconds) s; the last attempt said: \(reason.text)"
    return Outcome(.failed, Reason(code: reason.code, status: "4.4.7", text: text))
  }
}

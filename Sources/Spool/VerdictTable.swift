// SPDX-License-Identifier: Apache-2.0
internal import Mail

/// Who of a message's several recipients is settled, for the messages where some are and some are not.
///
/// A message with one recipient, or one that was never tried, is not in here. Reopening makes those open again that had failed.
struct VerdictTable {
  private var verdicts: [UInt64: [UInt8]] = [:]

  /// Takes in what a record says.
  mutating func add(_ news: [RecipientVerdict], to id: UInt64, recipients: Int) {
    guard recipients > 1, !news.isEmpty else { return }
    for verdict in news where Int(verdict.index) < recipients {
      verdicts[id, default: [UInt8](repeating: 0, count: recipients)][Int(verdict.index)] = verdict.verdict.rawValue
    }
  }

  /// Makes those open again that had failed.
  mutating func reopenFailed(_ id: UInt64) {
    guard let old = verdicts[id] else { return }
    verdicts[id] = old.map { $0 == Outcome.Verdict.failed.rawValue ? Outcome.Verdict.deferred.rawValue : $0 }
  }

  /// Forgets a message.
  mutating func remove(_ id: UInt64) {
    if !verdicts.isEmpty { verdicts[id] = nil }
  }

  /// How many recipients are open, and whether one has failed.
  func standing(of id: UInt64, recipients: Int) -> (open: Int, hasFailed: Bool) {
    guard let known = verdicts[id] else { return (recipients, false) }
    let open = known.count { $0 == 0 || $0 == Outcome.Verdict.deferred.rawValue }
    return (open, known.contains(Outcome.Verdict.failed.rawValue))
  }

  /// The verdict about one recipient, if there is one.
  func verdict(of id: UInt64, recipient: Int) -> Outcome.Verdict? { verdicts[id].flatMap { Outcome.Verdict(rawValue: $0[recipient]) } }
}

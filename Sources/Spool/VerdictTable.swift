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

  /// How many recipients will be open, and whether one will have failed, when the news are taken in.
  func standing(of id: UInt64, recipients: Int, after news: [RecipientVerdict]) -> (open: Int, hasFailed: Bool) {
    var known = verdicts[id] ?? [UInt8](repeating: 0, count: recipients)
    for verdict in news where Int(verdict.index) < recipients { known[Int(verdict.index)] = verdict.verdict.rawValue }
    let open = known.count { $0 == 0 || $0 == Outcome.Verdict.deferred.rawValue }
    return (open, known.contains(Outcome.Verdict.failed.rawValue))
  }

  /// The recipients that are open.
  func open(of id: UInt64, recipients: UInt16) -> [UInt16] {
    guard let known = verdicts[id] else { return Array(0..<recipients) }
    return (0..<recipients).filter { known[Int($0)] == 0 || known[Int($0)] == Outcome.Verdict.deferred.rawValue }
  }
}

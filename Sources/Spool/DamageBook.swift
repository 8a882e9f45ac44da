// SPDX-License-Identifier: Apache-2.0

/// What of the spool is damaged: an alarm until somebody has looked.
///
/// Pieces that were set aside in `corrupt/` raise it over every restart, until they are moved away; whatever else is wrong raises it until
/// the next start, which finds it again if it is still there.
package struct DamageBook: Hashable, Sendable {
  /// What was set aside in this life, in sentences.
  var setAside: [String] = []
  /// What could not be, in sentences.
  var open: [String] = []
  /// How many pieces lie in `corrupt/`, also from earlier lives.
  var pieces = 0

  /// All sentences.
  package var sentences: [String] { setAside + open }

  /// What is wrong and what to do, in one sentence; nil when nothing is. `directory` is where the spool is.
  package func alarm(in directory: String) -> String? {
    if pieces > 0 {
      let subject = pieces == 1 ? "a damaged piece of the spool was" : "\(pieces) damaged pieces of the spool were"
      return "\(subject) set aside in \"\(directory)/\(SpoolFormat.corruptDirectory)\", and mail in it may be lost; "
        + "the .txt files there tell what it is; when you have seen to it, move them away to end this alarm"
    }
    guard let first = open.first else { return nil }
    let more = open.count > 1 ? ", and \(open.count - 1) more" : ""
    return "the spool in \"\(directory)\" is damaged: \(first)\(more); see posthouse spool verify"
  }

  /// Notes how many pieces were found in `corrupt/` now.
  mutating func note(pieces count: Int) {
    pieces = count
    if count == 0 { setAside = [] }
  }
}

// SPDX-License-Identifier: Apache-2.0
/// Finds what somebody meant who wrote a word that does not exist.
package enum Suggestion {
  /// The known word nearest to `word`, when it is near enough to be worth proposing.
  ///
  /// Near is a difference only in case, or at most one edit for every three letters (two are always allowed from four letters on); an
  /// edit is a letter added, left out, exchanged, or swapped with its neighbour. Among equals the first known word wins.
  package static func nearest(to word: String, among known: some Sequence<String>) -> String? {
    let wanted = Array(word.lowercased().utf8.prefix(64))
    guard !wanted.isEmpty else { return nil }
    let limit = wanted.count < 4 ? 1 : max(2, wanted.count / 3)
    var best: (word: String, distance: Int)?
    for candidate in known {
      let distance = edits(from: wanted, to: Array(candidate.lowercased().utf8))
      if distance <= limit, distance < best?.distance ?? .max { best = (candidate, distance) }
    }
    return best?.word
  }

  /// How many edits lead from one word to the other (optimal string alignment).
  static func edits(from first: [UInt8], to second: [UInt8]) -> Int {
    var beforeLast: [Int] = []
    var last = Array(0...second.count)
    for (row, left) in first.enumerated() {
      var current = [row + 1]
      for (column, right) in second.enumerated() {
        var cost = min(last[column + 1] + 1, current[column] + 1, last[column] + (left == right ? 0 : 1))
        if row > 0, column > 0, left == second[column - 1], first[row - 1] == right {
          cost = min(cost, beforeLast[column - 1] + 1)
        }
        current.append(cost)
      }
      (beforeLast, last) = (last, current)
    }
    return last[second.count]
  }
}

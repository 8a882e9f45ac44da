// SPDX-License-Identifier: Apache-2.0
/// Whose turn it is among upstreams of the same priority, so that each takes its share of the mail by weight.
///
/// Each has a tally of what it took, in units that are larger the smaller its weight. Who has the least is on turn; the others may take
/// only what it cannot. Whoever comes back after a pause begins with the least that anybody has: a pause is not made up for.
package struct WeightedTurns: Hashable, Sendable {
  private var tallies: [Double]
  private let weights: [Double]

  /// Nobody has taken anything yet.
  package init(weights: [Int]) {
    precondition(weights.allSatisfy { $0 >= 1 }, "who takes part has a weight")
    self.weights = weights.map(Double.init)
    tallies = Array(repeating: 0, count: weights.count)
  }

  /// Whether `one` may take a message while these others could take it too.
  package func mayTake(_ one: Int, besides others: [Int]) -> Bool { others.allSatisfy { tallies[one] <= tallies[$0] } }

  /// Somebody took a message.
  package mutating func took(_ one: Int) { tallies[one] += 1 / weights[one] }

  /// Somebody takes part again, beside these.
  package mutating func returned(_ one: Int, besides others: [Int]) {
    guard let least = others.map({ tallies[$0] }).min() else { return }
    tallies[one] = max(tallies[one], least)
  }
}

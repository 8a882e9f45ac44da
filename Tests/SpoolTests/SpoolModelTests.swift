// SPDX-License-Identifier: Apache-2.0
import Glibc
import Testing

@Suite struct SpoolModelTests {
  /// The first seed: `POSTHOUSE_SEED`, to repeat what failed.
  private static let first = number("POSTHOUSE_SEED", 1)
  /// How many seeds from there on: `POSTHOUSE_SEEDS`.
  private static let count = number("POSTHOUSE_SEEDS", 2000)
  /// The seeds are divided among as many cases, which run side by side.
  private static let shares = 4 as UInt64

  private static func number(_ name: String, _ standard: UInt64) -> UInt64 {
    unsafe getenv(name).flatMap { unsafe UInt64(String(cString: $0)) } ?? standard
  }

  @Test(arguments: 0..<shares)
  func `no crash makes the spool lose, revive or misread a message`(_ share: UInt64) {
    var figures: [KeyPath<SpoolModel, Int>: Int] = [:]
    var histories = 0
    for seed in stride(
      from: SpoolModelTests.first + share, to: SpoolModelTests.first + SpoolModelTests.count, by: Int(SpoolModelTests.shares))
    {
      let model = SpoolModel(seed: seed)
      if let violation = model.run(lives: 2 + Int(seed % 7)) {
        Issue.record(
          "seed \(seed): \(violation); POSTHOUSE_SEED=\(seed) POSTHOUSE_SEEDS=1 swift test --filter SpoolModelTests repeats it")
        return
      }
      histories += 1
      for figure in [\SpoolModel.accepted, \.recoveries, \.tornTails, \.orphans, \.summaries, \.moved] {
        figures[figure, default: 0] += model[keyPath: figure]
      }
    }
    // Otherwise the model has stopped to try what it is there for.
    #expect(figures.values.allSatisfy { $0 > 0 } || histories < 50)
  }

  @Test func `a disk that only pretends to sync is found out`() {
    let isFound = (1...40 as ClosedRange<UInt64>).contains { SpoolModel(seed: $0, isBroken: true).run(lives: 8) != nil }
    #expect(isFound)
  }
}

// SPDX-License-Identifier: Apache-2.0
import Glibc
import Testing

@Suite struct SpoolModelTests {
  private static func number(_ name: String, _ standard: UInt64) -> UInt64 {
    unsafe getenv(name).flatMap { unsafe UInt64(String(cString: $0)) } ?? standard
  }

  /// The seeds of this run: `POSTHOUSE_SEEDS` many from `POSTHOUSE_SEED` on.
  private static let seeds = number("POSTHOUSE_SEED", 1)..<number("POSTHOUSE_SEED", 1) + number("POSTHOUSE_SEEDS", 200)

  @Test func `no crash makes the spool lose, revive or misread a message`() {
    var models: [SpoolModel] = []
    for seed in SpoolModelTests.seeds {
      let model = SpoolModel(seed: seed)
      if let violation = model.run(lives: 8) { Issue.record("seed \(seed): \(violation)") }
      models.append(model)
    }
    for figure in [\SpoolModel.accepted, \.recoveries, \.tornTails, \.orphans, \.summaries, \.moved] {
      // Otherwise the model has stopped to try what it is there for.
      #expect(models.reduce(0) { $0 + $1[keyPath: figure] } > 0 || models.count < 50)
    }
  }

  @Test func `a disk that only pretends to sync is found out`() {
    let isFound = (1...40 as ClosedRange<UInt64>).contains { SpoolModel(seed: $0, isBroken: true).run(lives: 8) != nil }
    #expect(isFound)
  }
}

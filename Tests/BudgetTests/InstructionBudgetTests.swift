// SPDX-License-Identifier: Apache-2.0
internal import Harness
internal import Testing

/// What a message may cost in instructions and allocations, so that it does not creep: counted by callgrind, hence the same on every
/// machine.
///
/// A build for debugging costs several times as much as what is shipped; each has its budget. `POSTHOUSE_PROGRAMS=.build/release` has
/// the shipped one counted.
@Suite(.serialized) struct InstructionBudgetTests {
  @Test func `taking a message in stays within its budget`() throws {
    let cost = try cost(.keptHere)
    #expect(
      cost.instructions <= Budget.own.acceptance.instructions,
      "\(cost.instructions) instructions for each message; callgrind_annotate shows where")
    #expect(cost.allocations <= Budget.own.acceptance.allocations, "\(cost.allocations) allocations for each message")
  }

  @Test func `a message's whole way stays within its budget`() throws {
    let cost = try cost(.sentOn)
    #expect(
      cost.instructions <= Budget.own.wholeWay.instructions,
      "\(cost.instructions) instructions for each message; callgrind_annotate shows where")
    #expect(cost.allocations <= Budget.own.wholeWay.allocations, "\(cost.allocations) allocations for each message")
  }

  /// Instructions and allocations for one message.
  struct Cost {
    let instructions: Double
    let allocations: Double
  }

  /// What is allowed, a tenth above what was counted last.
  struct Budget {
    let acceptance: Cost
    let wholeWay: Cost

    static let shipped = Budget(
      acceptance: Cost(instructions: 58_500, allocations: 13.5), wholeWay: Cost(instructions: 132_500, allocations: 35))
    static let debugging = Budget(
      acceptance: Cost(instructions: 257_000, allocations: 41), wholeWay: Cost(instructions: 628_000, allocations: 123))

    static var own: Budget { Environment["POSTHOUSE_PROGRAMS"]?.contains("release") == true ? shipped : debugging }
  }

  private func cost(_ way: Bench.Way) throws -> Cost {
    let few = try profile(way, messages: 200)
    let many = try profile(way, messages: 1200)
    let cost = Cost(
      instructions: Double(many.instructions - few.instructions) / 1000, allocations: Double(many.allocations - few.allocations) / 1000)
    print("a message, \(way): \(Int(cost.instructions)) instructions, \(cost.allocations) allocations")
    return cost
  }

  private func profile(_ way: Bench.Way, messages: Int) throws -> CallgrindProfile {
    var profile: CallgrindProfile?
    try Rig.use { rig in
      let bench = try Bench(rig, way)
      let counts = rig.directory["callgrind"]
      // Debian's valgrind stumbles over newer debug information.
      let program = rig.directory["posthoused"]
      try rig.output(of: "objcopy", ["--strip-debug", try Environment.program("posthoused"), program])
      let process = try rig.start(
        "valgrind", ["--tool=callgrind", "--callgrind-out-file=\(counts)", program, "--config", bench.daemon.configurationPath],
        environment: ["NOTIFY_SOCKET": bench.daemon.notifications.path])
      try bench.daemon.notifications.wait(for: "READY=1", after: -1, .in(.seconds(120))) { process.isRunning }
      try bench.work(messages: messages, mode: "chained")
      process.signal(15)
      try process.wait(.in(.seconds(120)))
      profile = try CallgrindProfile(path: counts)
    }
    guard let profile else { throw HarnessFailure("a run that does not throw has a profile") }
    return profile
  }
}

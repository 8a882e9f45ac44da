// SPDX-License-Identifier: Apache-2.0
internal import Harness
internal import Testing

/// What a message may cost in system calls, so that it does not creep. Counts, not times: they hold on a busy machine too.
@Suite(.serialized) struct SystemCallBudgetTests {
  @Test func `fifty apps that pipeline cost at most three system calls for each message taken in`() throws {
    let calls = try systemCalls(.keptHere, mode: "chained")
    #expect(calls <= 3, "\(calls) calls for each message; strace -f -c shows which are new")
  }

  @Test func `apps that say one command at a time cost at most ten`() throws {
    let calls = try systemCalls(.keptHere, mode: "lockstep")
    #expect(calls <= 10, "\(calls) calls for each message; strace -f -c shows which are new")
  }

  @Test func `on its whole way a message costs at most five`() throws {
    let calls = try systemCalls(.sentOn, mode: "chained")
    #expect(calls <= 5, "\(calls) calls for each message; strace -f -c shows which are new")
  }

  /// Calls for each message, the start and the end of the daemon not counted: the difference between much work and little.
  private func systemCalls(_ way: Bench.Way, mode: String) throws -> Double {
    let few = try total(way, mode, messages: 500)
    let many = try total(way, mode, messages: 3500)
    return Double(many - few) / 3000
  }

  private func total(_ way: Bench.Way, _ mode: String, messages: Int) throws -> Int {
    var total = 0
    try Rig.use { rig in
      let bench = try Bench(rig, way)
      let counts = rig.directory["calls"]
      let program = try Environment.program("posthoused")
      let process = try rig.start(
        "strace", ["-f", "-qq", "-c", "-o", counts, program, "--config", bench.daemon.configurationPath],
        environment: ["NOTIFY_SOCKET": bench.daemon.notifications.path])
      try bench.daemon.notifications.wait(for: "READY=1", after: -1, .in(.seconds(60))) { process.isRunning }
      try bench.work(messages: messages, mode: mode)
      try process.stopTraced()
      total = try SystemCallBudgetTests.sum(try Files.text(at: counts))
    }
    return total
  }

  /// The number of calls in the table that `strace -c` writes; waiting for one's turn is no call that the work has asked for.
  private static func sum(_ table: String) throws -> Int {
    let rows = table.split(separator: "\n").map { $0.split(separator: " ") }
    let counted = rows.filter { $0.count >= 5 && $0[0].contains(".") && $0.last != "total" && $0.last != "futex" }
    guard !counted.isEmpty else { throw HarnessFailure("strace counted nothing: \(table)") }
    return counted.reduce(0) { $0 + (Int($1[3]) ?? 0) }
  }
}

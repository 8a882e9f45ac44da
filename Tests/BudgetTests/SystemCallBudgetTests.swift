// SPDX-License-Identifier: Apache-2.0
internal import Harness
internal import Testing

/// What a message may cost in system calls, so that it does not creep. Counts, not times, and only such counts as a busy machine does not
/// change: what each message asks for itself, and what a turn of the loop and a batch of the journal cost, however many messages share
/// them. That many do is `SpoolTests`' to prove.
@Suite(.serialized) struct SystemCallBudgetTests {
  @Test(arguments: [
    // A read and a send.
    Load(testDescription: "fifty apps that pipeline", way: .keptHere, mode: "chained", own: 2.2),
    // As many for each of MAIL, RCPT, DATA and the body.
    Load(testDescription: "fifty apps that say one command at a time", way: .keptHere, mode: "lockstep", own: 8.2),
    // How many messages share a send to the upstream, and replies a read, is up to the upstream: one send and two reads at most.
    Load(testDescription: "the whole way", way: .sentOn, mode: "chained", own: 4),
  ])
  func `a message, a turn and a batch stay within their budgets of system calls`(load: Load) throws {
    let messages = 3000
    let few = try tally(load, messages: 500)
    let many = try tally(load, messages: 500 + messages)
    let cost = many - few
    let own = Double(cost.own) / Double(messages)
    #expect(own <= load.own, "\(own) calls for each message; \(cost)")
    // A write, a sync, the bell rung; nobody reads the bell.
    #expect(cost.batchCalls <= 3 * cost.batches + messages / 50, "\(cost.batchCalls) calls for \(cost.batches) batches; \(cost)")
    // Nobody looks without a cause, but for connections and a few alarms; and what is told in a turn is written together.
    #expect(many.turns <= many.causes + messages / 10, "\(many.turns) turns for \(many.causes) causes; \(many)")
    #expect(many.logs <= many.turns + messages / 100, "\(many.logs) writes of the log in \(many.turns) turns; \(many)")
    #expect(many.batches >= 1 && many.batches <= 500 + messages + messages / 20, "\(many.batches) batches; \(many)")
  }

  /// Some work, and what each message of it may ask for.
  struct Load: CustomTestStringConvertible, Sendable {
    let testDescription: String
    let way: Bench.Way
    let mode: String
    let own: Double
  }

  private func tally(_ load: Load, messages: Int) throws -> CallTally {
    var tally: CallTally?
    try Rig.use { rig in
      let bench = try Bench(rig, load.way)
      let log = rig.directory["calls"]
      let words = SystemCalls.strace("all", showing: 0, to: log)
      let program = try Environment.program("posthoused")
      let process = try rig.start(
        words[0], words.dropFirst() + [program, "--config", bench.daemon.configurationPath],
        environment: ["NOTIFY_SOCKET": bench.daemon.notifications.path])
      try bench.daemon.notifications.wait(for: "READY=1", after: -1, .in(.seconds(60))) { process.isRunning }
      try bench.work(messages: messages, mode: load.mode)
      try process.stopTraced()
      tally = CallTally(try SystemCalls(path: log))
    }
    guard let tally else { throw HarnessFailure("a run that does not throw has a tally") }
    return tally
  }
}

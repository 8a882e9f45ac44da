// SPDX-License-Identifier: Apache-2.0
import Harness
import LinuxSystem
import Timekeeping
import Varlink

/// One run of one workload on one relay.
struct Trial {
  /// What came of it.
  struct Sample {
    let messages: Int
    let seconds: Double
    let processor: ProcessorTime
    /// The time of one message from MAIL to the last 250, where our own loader measured it, in microseconds.
    let latency: (median: Int, p99: Int)?

    /// Messages a second.
    var rate: Double { Double(messages) / seconds }
    /// Processor time of all the relay's processes for one message, in microseconds.
    var cost: Double { Double(processor.user + processor.system) / Double(messages) }
    /// The part of it that was spent in programs.
    var userCost: Double { Double(processor.user) / Double(messages) }
  }

  let workload: Workload
  let contestant: any Contestant

  /// Runs it in a rig of its own, with a fresh spool.
  func run() throws -> Sample {
    var sample: Sample?
    try Rig.use { rig in sample = try run(rig) }
    guard let sample else { throw HarnessFailure("a trial that does not throw has a sample") }
    return sample
  }

  private func run(_ rig: Rig) throws -> Sample {
    let sink = workload.path == .acceptance ? nil : try Sink(rig, workload.path, delay: 0)
    defer { sink?.stop() }
    let place = try sink?.destination ?? .nowhere(port: try LoopbackListener.freePort())
    let destination = workload.delay > 0 ? try place.seen(from: .milliseconds(workload.delay), rig) : place
    let relay = try contestant.start(rig, to: destination, connections: workload.connections)
    defer { relay.stop() }
    let messages = workload.messages(atRate: try warmUp(rig, relay, sink), seconds: contestant.scope.patience)
    let (costBefore, countBefore) = (relay.tree.processorTime, sink?.count.messages ?? 0)
    let begun = SystemClock().moment.nanoseconds
    let load = try Load(rig, workload, messages: messages, port: relay.port)
    var ended = begun + Int64(load.seconds * 1e9)
    if let sink { ended = Int64(try sink.wait(for: countBefore + messages, .in(.seconds(300)))) }
    // What was delivered is still to be written down.
    Pause.wait(milliseconds: 300)
    return Sample(
      messages: messages, seconds: Double(ended - begun) / 1e9, processor: relay.tree.processorTime - costBefore, latency: load.latency)
  }

  /// Has every process started and every connection opened that the run will need; answers how fast the relay is, roughly.
  private func warmUp(_ rig: Rig, _ relay: RunningRelay, _ sink: Sink?) throws -> Double {
    let warming = Workload(path: workload.path, sessions: workload.sessions, size: workload.size, loader: .lockstep)
    let count = workload.delay > 0 ? workload.connections : max(4, workload.sessions)
    var rate = 0.0
    for round in 1...2 {
      let begun = SystemClock().moment.nanoseconds
      _ = try Load(rig, warming, messages: count, port: relay.port)
      let end = try sink.map { Int64(try $0.wait(for: round * count, .in(.seconds(120)))) } ?? SystemClock().moment.nanoseconds
      rate = Double(count) / max(0.0001, Double(end - begun) / 1e9)
    }
    return rate
  }
}

/// Mail handed in, from the first connection to the last reply.
struct Load {
  /// How long it took.
  let seconds: Double
  /// The time of one message, where it was measured.
  let latency: (median: Int, p99: Int)?

  /// Hands in so many messages.
  init(_ rig: Rig, _ workload: Workload, messages: Int, port: UInt16) throws {
    let begun = SystemClock().moment
    guard workload.loader != .smtpSource else {
      let words = [
        "-d", "-s", "\(workload.sessions)", "-m", "\(messages)", "-l", "\(workload.size)", "-f", "sender@bench.example", "-t",
        "recipient@bench.example", "127.0.0.1:\(port)",
      ]
      let process = try rig.run("smtp-source", words, .in(.seconds(300)))
      guard process.end == .exited(0) else { throw HarnessFailure("smtp-source failed: \(process.errors)") }
      seconds = Double((SystemClock().moment - begun).nanoseconds) / 1e9
      latency = nil
      return
    }
    let process = try rig.run(
      try Environment.program("bench-peer"),
      [
        "load", "127.0.0.1:\(port)", "--sessions", "\(workload.sessions)", "--messages", "\(messages)", "--size", "\(workload.size)",
        "--mode", workload.loader.rawValue,
      ], .in(.seconds(600)))
    guard process.end == .exited(0), let answer = try JSON(parsing: process.output.utf8.span).object else {
      throw HarnessFailure("bench-peer load failed: \(process.errors)")
    }
    guard case .number(let time) = answer["seconds"] else { throw HarnessFailure("bench-peer load did not say how long it took") }
    seconds = time
    latency = (Int(try answer.integer("p50USec")), Int(try answer.integer("p99USec")))
  }
}

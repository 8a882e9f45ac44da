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
    let processorMicroseconds: Int
    /// The time of one message from MAIL to the last 250, where our own loader measured it, in microseconds.
    let latency: (median: Int, p99: Int)?

    /// Messages a second.
    var rate: Double { Double(messages) / seconds }
    /// Processor time of all the relay's processes for one message, in microseconds.
    var cost: Double { Double(processorMicroseconds) / Double(messages) }
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
    let messages = workload.messages(for: contestant.pace)
    let sink = workload.path == .acceptance ? nil : try Sink(rig, workload.path, delay: workload.delay)
    defer { sink?.stop() }
    let destination = try sink?.destination ?? .nowhere(port: try LoopbackListener.freePort())
    let relay = try contestant.start(rig, to: destination, connections: workload.connections)
    defer { relay.stop() }
    try warmUp(rig, relay, sink)
    let (costBefore, countBefore) = (relay.tree.processorMicroseconds, sink?.count.messages ?? 0)
    let begun = SystemClock().moment.nanoseconds
    let load = try Load(rig, workload, messages: messages, port: relay.port)
    var ended = begun + Int64(load.seconds * 1e9)
    if let sink { ended = Int64(try sink.wait(for: countBefore + messages, .in(.seconds(300)))) }
    // What was delivered is still to be written down.
    Pause.wait(milliseconds: 300)
    return Sample(
      messages: messages, seconds: Double(ended - begun) / 1e9, processorMicroseconds: relay.tree.processorMicroseconds - costBefore,
      latency: load.latency)
  }

  /// Has every process started and every connection opened that the run will need.
  private func warmUp(_ rig: Rig, _ relay: RunningRelay, _ sink: Sink?) throws {
    let count = workload.delay > 0 ? workload.connections : min(200, 4 * workload.sessions)
    let warming = Workload(path: workload.path, sessions: workload.sessions, size: 1024, loader: .lockstep)
    _ = try Load(rig, warming, messages: count, port: relay.port)
    if let sink { _ = try sink.wait(for: count, .in(.seconds(60))) }
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
      ], .in(.seconds(300)))
    guard process.end == .exited(0), let answer = try JSON(parsing: process.output.utf8.span).object else {
      throw HarnessFailure("bench-peer load failed: \(process.errors)")
    }
    guard case .number(let time) = answer["seconds"] else { throw HarnessFailure("bench-peer load did not say how long it took") }
    seconds = time
    latency = (Int(try answer.integer("p50USec")), Int(try answer.integer("p99USec")))
  }
}

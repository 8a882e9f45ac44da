// SPDX-License-Identifier: Apache-2.0
import Harness
import LinuxSystem
import Timekeeping
import Varlink

/// What the daemon takes while it does little: memory idle, with many connections, with a long queue; and the way back from an outage.
struct Footprint {
  /// One figure.
  struct Figure {
    let name: String
    let value: Double
    let unit: String
  }

  /// How many connections are held open.
  let connections: Int
  /// How many messages are queued.
  let backlog: Int

  /// Measures everything; what cannot be measured is said and left out.
  func measure() -> [Figure] {
    var figures: [Figure] = []
    for part in [idle, outage] {
      do {
        try Rig.use { rig in figures += try part(rig) }
      } catch {
        print("a part of the footprint failed: \(error)")
      }
    }
    for figure in figures { print("\(figure.name): \(figure.value.brief) \(figure.unit)") }
    return figures
  }

  /// Memory of a fresh daemon, after mail has gone out over TLS, and for each of many idle connections; and the time of a status.
  private func idle(_ rig: Rig) throws -> [Figure] {
    let sink = try Sink(rig, .secure, delay: 0)
    defer { sink.stop() }
    let run = try PosthouseRun(rig, to: sink.destination, connections: 4, program: try Footprint.installed(rig))
    let relay = try run.start()
    defer { relay.stop() }
    let daemon = try Footprint.daemon(of: relay)
    Pause.wait(milliseconds: Footprint.untilRest)
    let fresh = daemon.memory
    var times: [Double] = []
    for _ in 0..<15 {
      let begun = SystemClock().moment
      _ = try run.status()
      times.append(Double((SystemClock().moment - begun).microseconds) / 1000)
    }
    _ = try Load(rig, Workload(path: .secure, sessions: 4, size: 1024, loader: .lockstep), messages: 100, port: relay.port)
    _ = try sink.wait(for: 100, .usual)
    Pause.wait(milliseconds: Footprint.untilRest)
    let used = daemon.memory
    let crowd = try rig.start(
      try Environment.program("bench-peer"), ["idle", "127.0.0.1:\(relay.port)", "--sessions", "\(connections)"], name: "crowd")
    try Deadline.in(.seconds(60)).wait(until: "\(connections) connections were greeted") {
      guard crowd.isRunning else { throw HarnessFailure("the crowd ended: \(crowd.errors)") }
      return crowd.output.contains("connections")
    }
    Pause.wait(milliseconds: 500)
    let crowded = daemon.memory
    crowd.destroy()
    return [
      Figure(name: "memory idle, fresh (resident)", value: Double(fresh.resident) / 1024, unit: "MiB"),
      Figure(name: "memory idle, fresh (proportional)", value: Double(fresh.proportional) / 1024, unit: "MiB"),
      Figure(name: "memory idle, fresh (anonymous)", value: Double(fresh.anonymous) / 1024, unit: "MiB"),
      Figure(name: "memory idle, after mail over TLS (resident)", value: Double(used.resident) / 1024, unit: "MiB"),
      Figure(name: "memory idle, after mail over TLS (proportional)", value: Double(used.proportional) / 1024, unit: "MiB"),
      Figure(name: "memory idle, after mail over TLS (anonymous)", value: Double(used.anonymous) / 1024, unit: "MiB"),
      Figure(
        name: "memory for each of \(connections) idle connections",
        value: Double(crowded.proportional - used.proportional) * 1024 / Double(connections), unit: "B"),
      Figure(name: "posthouse status, median", value: Statistics.median(times), unit: "ms"),
    ]
  }

  /// The daemon as it is after an installation and a start of the machine: without symbols, and read from the disk in small pieces; that
  /// decides how much of a program is in memory.
  private static func installed(_ rig: Rig) throws -> String {
    let program = rig.directory["posthoused"]
    try rig.output(of: "strip", ["-o", program, try Environment.program("posthoused")])
    try rig.output(of: "dd", ["of=" + program, "oflag=nocache", "conv=notrunc,fdatasync", "count=0"])
    return program
  }

  /// The daemon gives memory back when it had nothing to do for so long.
  private static let untilRest = 32_000

  /// Memory of a long queue, the start with it, and its end.
  private func outage(_ rig: Rig) throws -> [Figure] {
    let port = try LoopbackListener.freePort()
    let run = try PosthouseRun(rig, to: .plain(port: port), connections: 20)
    var relay = try run.start()
    defer { relay.stop() }
    let before = try Footprint.daemon(of: relay).memory
    let workload = Workload(path: .acceptance, sessions: 50, size: 1024, loader: .chained)
    let accepting = try Load(rig, workload, messages: backlog, port: relay.port)
    Pause.wait(milliseconds: 1500)
    let queued = try Footprint.daemon(of: relay).memory
    relay.stop()

    let sink = try Sink(rig, at: port)
    defer { sink.stop() }
    let begun = SystemClock().moment.nanoseconds
    relay = RunningRelay(process: try run.launch(), port: run.port)
    try Deadline.in(.seconds(120)).wait(everyMicroseconds: 500, until: "the daemon greeted") {
      (try? MailClient(port: run.port, greeting: nil)) != nil
    }
    let greeted = SystemClock().moment.nanoseconds
    let restarted = try Footprint.daemon(of: relay).memory
    let last = try sink.wait(for: backlog, .in(.seconds(900)))
    let first = sink.count.first
    Pause.wait(milliseconds: 1500)
    let drained = try Footprint.daemon(of: relay).memory
    return [
      Figure(name: "accepting \(backlog) messages", value: Double(backlog) / accepting.seconds, unit: "1/s"),
      Figure(
        name: "memory for each queued message, as accepted",
        value: Double(queued.proportional - before.proportional) * 1024 / Double(backlog),
        unit: "B"),
      Figure(
        name: "memory for each queued message, after a restart",
        value: Double(restarted.proportional - before.proportional) * 1024 / Double(backlog), unit: "B"),
      Figure(name: "start with the backlog to the greeting", value: Double(greeted - begun) / 1e9, unit: "s"),
      Figure(name: "start with the backlog to the first delivery", value: Double(Int64(first) - begun) / 1e9, unit: "s"),
      Figure(name: "rate of draining", value: Double(backlog) / (Double(last - first) / 1e9), unit: "1/s"),
      Figure(name: "memory after draining (proportional)", value: Double(drained.proportional) / 1024, unit: "MiB"),
    ]
  }

  /// The daemon itself, without what holds it.
  private static func daemon(of relay: RunningRelay) throws -> ProcessTree {
    guard let pid = relay.tree.members.dropFirst().first else { throw HarnessFailure("the daemon has ended: \(relay.process.errors)") }
    return ProcessTree(pid)
  }
}

// SPDX-License-Identifier: Apache-2.0
import Harness

/// A relay that can be measured.
protocol Contestant: Sendable {
  /// What it is called in tables.
  var name: String { get }
  /// What it is measured with.
  var scope: Scope { get }
  /// Why it cannot be measured on this machine; nil when it can.
  var hindrance: String? { get }
  /// Starts it with a fresh spool; it takes mail when this returns.
  func start(_ rig: Rig, to destination: Destination, connections: Int) throws -> RunningRelay
}

/// What a relay is measured with, unless it is asked for by name.
enum Scope {
  /// With everything.
  case everything
  /// With everything that a peer can do, mostly once.
  case grid
  /// With what is compared first of all.
  case central

  /// How many seconds a trial may take, roughly. What is fast gets enough to do even where it was slow at first.
  var patience: Double {
    switch self {
    case .everything: 6
    case .grid, .central: 1.5
    }
  }

  /// How many rounds more there are at most than asked for.
  static let more = 2

  /// How often a relay runs a workload when rounds are asked for.
  func rounds(_ workload: Workload, of rounds: Int) -> Int {
    // What the aims are about is asked more often of what they compare.
    if self == .everything, workload.isCentral || workload.isAboutLatency { return rounds + Scope.more }
    if workload.isCentral { return rounds }
    switch self {
    case .everything: return max(1, rounds - 1)
    case .grid: return workload.loader == .smtpSource || workload.loader == .lockstep ? 1 : 0
    case .central: return 0
    }
  }
}

/// A relay that takes mail.
struct RunningRelay {
  /// The process that holds it and fathers what it leaves behind.
  let process: ChildProcess
  /// Where it takes mail.
  let port: UInt16

  /// All its processes.
  var tree: ProcessTree { ProcessTree(process.pid) }

  /// Ends it at once.
  func stop() { process.destroy() }
}

extension Rig {
  /// Starts a relay, held by a process that accounts for everything it starts.
  func hold(_ program: String, _ words: [String], name: String, environment: [String: String] = [:]) throws -> ChildProcess {
    try start(try Environment.program("bench-peer"), ["hold", program] + words, name: name, environment: environment)
  }

  /// Waits until a relay greets on its port.
  func awaitGreeting(_ process: ChildProcess, port: UInt16) throws {
    try Deadline.usual.wait(until: "\(process.name) greeted on port \(port)") {
      if !process.isRunning { throw HarnessFailure("\(process.name) ended: \(process.errors)\(process.output)") }
      return (try? MailClient(port: port, greeting: nil)) != nil
    }
  }
}

/// The daemon of this package.
struct Posthouse: Contestant {
  let name = "posthouse"
  let scope = Scope.everything
  let hindrance: String? = nil

  func start(_ rig: Rig, to destination: Destination, connections: Int) throws -> RunningRelay {
    try PosthouseRun(rig, to: destination, connections: connections).start()
  }
}

/// One spool with its daemon, which can be started again.
struct PosthouseRun {
  private let rig: Rig
  private let configuration: String
  private let program: String
  /// The control socket.
  let socket: String
  /// Where it takes mail.
  let port: UInt16

  /// A spool that is empty; `program` is the daemon where it is not the one that was built.
  init(_ rig: Rig, to destination: Destination, connections: Int, program: String? = nil) throws {
    self.rig = rig
    self.program = try program ?? Environment.program("posthoused")
    let stem = rig.directory.freshName("posthouse")
    configuration = stem + ".conf"
    socket = stem + ".control"
    port = try LoopbackListener.freePort()
    var settings = DaemonSettings()
    for (key, value) in [
      "Relay.Hostname": "bench.localdomain", "Listen.Address": "127.0.0.1:\(port)", "Listen.MaxTransactions": "1000000",
      "Listen.MaxConnections": "20000", "Listen.MaxConnectionsPerClient": "20000", "Upstream.Port": "\(destination.port)",
      "Upstream.Connections": "\(connections)",
      "Upstream.MessagesPerConnection": "100000", "Upstream.Host": "localhost", "Upstream.TLS": "none", "Spool.SegmentSize": "16M",
      "Spool.Reserve": "64M", "Spool.Directory": stem + ".spool", "Control.Socket": socket, "Log.Level": "info", "Retry.First": "60s",
      "Retry.Max": "3600s",
    ] {
      settings[key] = value
    }
    if case .secure(_, let authority) = destination {
      settings["Upstream.TLS"] = "starttls"
      settings["Upstream.CAFile"] = authority
      settings["Upstream.User"] = Destination.user
      settings["Upstream.Password"] = Destination.password
    }
    try Files.write(settings.text, to: configuration, mode: 0o600)
  }

  /// Starts the daemon; it takes mail when this returns.
  func start() throws -> RunningRelay {
    let process = try launch()
    try rig.awaitGreeting(process, port: port)
    return RunningRelay(process: process, port: port)
  }

  /// Starts the daemon and waits for nothing.
  func launch() throws -> ChildProcess {
    try rig.hold(program, ["--config", configuration], name: "posthouse")
  }

  /// Asks for the status as a person would.
  func status() throws -> ChildProcess {
    try rig.run(try Environment.program("posthouse"), ["--socket", socket, "status"])
  }
}

/// The least that a relay can cost.
struct BareCeiling: Contestant {
  let name = "ceiling"
  let scope = Scope.everything
  let hindrance: String? = nil

  func start(_ rig: Rig, to destination: Destination, connections: Int) throws -> RunningRelay {
    var words = ["127.0.0.1:0", rig.directory.freshName("journal")]
    switch destination {
    case .nowhere: break
    case .plain(let port): words += ["127.0.0.1:\(port)", "\(connections)", "plain"]
    case .secure(let port, _): words += ["127.0.0.1:\(port)", "\(connections)", "tls", Destination.user, Destination.password]
    }
    let process = try rig.hold(try Environment.program("bare-ceiling"), words, name: name)
    return RunningRelay(process: process, port: try process.announcedPort())
  }
}

// SPDX-License-Identifier: Apache-2.0
package import Glibc
internal import Synchronization
package import Varlink

/// A `posthoused` of one test's own: its configuration, spool and sockets are in the rig's directory.
///
/// It counts as started when it has said `READY=1`, as it would to systemd.
package final class Daemon: Sendable {
  /// What it tells its service manager.
  package let notifications: ServiceNotifications
  /// The control socket.
  package let control: ControlClient
  /// The configuration file.
  package let configurationPath: String
  /// Where mail lies that the capture upstream took.
  package let captured: Maildir
  /// The spool.
  package let spool: String
  private let rig: Rig
  private let options: Options
  private let settings: Mutex<DaemonSettings>
  private let processes = Mutex<[ChildProcess]>([])
  private let isWrapped = Mutex<Bool>(false)

  /// How a daemon is started.
  package struct Options: Sendable {
    /// More variables.
    package var environment: [String: String] = [:]
    /// What stands before the program on the command line, `strace -f` for instance.
    package var wrapper: [String] = []
    /// What becomes of the wrapper.
    package var wrapping = Wrapping.parent
    /// Descriptors to pass on.
    package var descriptors: [Int32: Int32] = [:]
    /// Nothing special.
    package init() {}

    /// Socket activation: these descriptors of ours are handed over from number 3 on, with names between colons if there are any. A shell
    /// stands before the daemon, because a variable must carry the number of the process that becomes it.
    package static func activated(by numbers: [Int32], names: String? = nil) -> Options {
      var options = Options()
      options.environment["LISTEN_FDS"] = "\(numbers.count)"
      options.environment["LISTEN_FDNAMES"] = names
      options.wrapper = ["/bin/sh", "-c", "LISTEN_PID=$$ exec \"$0\" \"$@\""]
      options.wrapping = .replaced
      for (index, number) in numbers.enumerated() { options.descriptors[Int32(3 + index)] = number }
      return options
    }

    /// What becomes of a wrapper once the daemon runs.
    package enum Wrapping: Sendable {
      /// It stays, as the daemon's parent.
      case parent
      /// It has become the daemon.
      case replaced
    }
  }

  init(_ rig: Rig, _ settings: DaemonSettings, _ options: Options) throws {
    self.rig = rig
    self.options = options
    let stem = rig.directory.freshName("daemon")
    captured = Maildir(stem + ".maildir")
    control = ControlClient(socket: stem + ".control")
    configurationPath = stem + ".conf"
    notifications = try ServiceNotifications(path: stem + ".notify")
    var settings = settings
    spool = settings["Spool.Directory"] ?? stem + ".spool"
    settings["Spool.Directory"] = spool
    settings["Control.Socket"] = control.path
    if settings["Upstream.Host"] == nil { settings["Upstream.Host"] = "capture:\(captured.path)" }
    self.settings = Mutex(settings)
    try Files.write(settings.text, to: configurationPath, mode: 0o600)
  }

  /// The process that was started last; with a wrapper, the wrapper.
  package var process: ChildProcess {
    get throws {
      guard let last = processes.withLock({ $0.last }) else { throw HarnessFailure("the daemon was not started") }
      return last
    }
  }

  /// The number of the daemon itself, behind any wrapper.
  package var pid: pid_t {
    get throws {
      let process = try process
      if !isWrapped.withLock({ $0 }) { return process.pid }
      let children = try Files.text(at: "/proc/\(process.pid)/task/\(process.pid)/children").split(separator: " ")
      guard let first = children.first, let pid = pid_t(first) else { throw HarnessFailure("\(process.name) has no child") }
      return pid
    }
  }

  /// Everything it wrote to standard error, over all its starts.
  package var log: String { processes.withLock { $0 }.map(\.errors).joined() }

  /// Starts it without waiting for anything; `wrapper` stands before it this time only, in place of what the options say.
  @discardableResult
  package func launch(wrapper: [String]? = nil) throws -> ChildProcess {
    var environment = ["NOTIFY_SOCKET": notifications.path]
    environment.merge(options.environment) { _, given in given }
    let words = wrapper ?? options.wrapper
    isWrapped.withLock { $0 = !words.isEmpty && options.wrapping == .parent }
    let command = words + [try Environment.program("posthoused"), "--config", configurationPath]
    let process = try rig.start(
      command[0], Array(command.dropFirst()), name: "posthoused", environment: environment, passing: options.descriptors)
    processes.withLock { $0.append(process) }
    return process
  }

  /// Starts it and waits until it is ready.
  package func start() throws {
    let before = notifications.all.count
    let process = try launch()
    try notifications.wait(for: "READY=1", after: before - 1, .in(.seconds(60))) { process.isRunning }
  }

  /// The port of its first listener.
  package var port: UInt16 {
    get throws {
      let address = try control.status().listeners.first?.address ?? ""
      guard let colon = address.lastIndex(of: ":"), let port = UInt16(address[address.index(after: colon)...]) else {
        throw HarnessFailure("the first listener \"\(address)\" has no port")
      }
      return port
    }
  }

  /// A client that is connected and greeted.
  package func client() throws -> MailClient { try MailClient(port: try port) }

  /// Runs the `posthouse` command against this daemon, to its end.
  package func command(_ arguments: String...) throws -> ChildProcess { try command(arguments) }

  /// Runs the command with this daemon's configuration, to its end.
  package func command(_ arguments: [String]) throws -> ChildProcess {
    try rig.run(try Environment.program("posthouse"), ["--config", configurationPath] + arguments)
  }

  /// Changes settings in the file; they hold after a reload or a restart.
  package func change(_ change: (inout DaemonSettings) -> Void) throws {
    let text = settings.withLock { settings in
      change(&settings)
      return settings.text
    }
    try Files.write(text, to: configurationPath, mode: 0o600)
  }

  /// Asks it to read its configuration again, and waits until it has.
  package func reload() throws {
    let process = try process
    let before = notifications.all.count
    guard kill(try pid, SIGHUP) == 0 else { throw HarnessFailure("the daemon is gone") }
    try notifications.wait(for: "READY=1", after: before - 1) { process.isRunning }
  }

  /// Stops it in an orderly way and answers how it ended.
  @discardableResult
  package func stop() throws -> ChildProcess.Ending {
    let process = try process
    guard kill(try pid, SIGTERM) == 0 else { throw HarnessFailure("the daemon was gone before it was stopped") }
    return try process.wait(.in(.seconds(60)))
  }

  /// Kills it as a power cut would, as far as the process is concerned.
  package func kill9() throws {
    let process = try process
    _ = kill(try pid, SIGKILL)
    try process.wait()
  }

  /// Waits until the status is as it should be, and answers it.
  package func status(_ what: String, _ deadline: Deadline = .usual, where isGood: (RelayStatus) -> Bool) throws -> RelayStatus {
    try deadline.first("a status in which \(what)") {
      let status = try control.status()
      return isGood(status) ? status : nil
    }
  }

  /// Waits until nothing is left in the spool.
  package func drain(_ deadline: Deadline = .usual) throws {
    _ = try status("the spool is empty", deadline) { $0.spool.messages == 0 }
  }
}

extension Rig {
  /// A daemon that is ready, with settings that the test has changed.
  package func daemon(_ options: Daemon.Options = Daemon.Options(), _ change: (inout DaemonSettings) -> Void = { _ in }) throws -> Daemon {
    let daemon = try preparedDaemon(options, change)
    try daemon.start()
    return daemon
  }

  /// A daemon that has not been started.
  package func preparedDaemon(
    _ options: Daemon.Options = Daemon.Options(), _ change: (inout DaemonSettings) -> Void = { _ in }
  ) throws -> Daemon {
    var settings = DaemonSettings()
    change(&settings)
    return try Daemon(self, settings, options)
  }
}

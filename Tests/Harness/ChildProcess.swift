// SPDX-License-Identifier: Apache-2.0
package import Glibc
internal import LinuxSystem
internal import Synchronization

/// One program that a test started, in a group of its own, with its output in files.
///
/// A thread of its own waits for its end, so that it is always reaped and its number never means somebody else: a signal is sent only while
/// the process has not been reaped, under the same lock.
package final class ChildProcess: Sendable {
  /// What the test calls it.
  package let name: String
  /// Its number, and its group's.
  package let pid: pid_t
  /// The file with what it wrote to standard output.
  package let outputPath: String
  /// The file with what it wrote to standard error.
  package let errorsPath: String
  private let ending = Mutex<Ending?>(nil)

  /// Starts a program. Its environment is `PATH`, a C locale and what is given; its output goes to files in `directory`.
  package init(
    _ program: String, _ arguments: [String], name: String? = nil, environment: [String: String] = [:],
    in directory: TemporaryDirectory, passing descriptors: [Int32: Int32] = [:], input: String = "/dev/null"
  ) throws {
    let name = name ?? String(program.split(separator: "/").last ?? "program")
    let files = directory.freshName(name)
    self.name = name
    outputPath = files + ".out"
    errorsPath = files + ".err"
    let flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC
    let output = try Descriptor.checked(unsafe open(outputPath, flags, 0o644), "create", outputPath)
    let errors = try Descriptor.checked(unsafe open(errorsPath, flags, 0o644), "create", errorsPath)
    let standardInput = try Descriptor.checked(unsafe open(input, O_RDONLY | O_CLOEXEC), "open", input)
    var whole = ["PATH": ChildProcess.path.joined(separator: ":"), "LC_ALL": "C.UTF-8", "HOME": directory.path]
    whole.merge(environment) { _, given in given }
    var passed = descriptors
    passed.merge([0: standardInput.number, 1: output.number, 2: errors.number]) { given, _ in given }
    pid = try Spawn(program: ChildProcess.file(of: program), arguments: arguments, environment: whole, descriptors: passed).start()
    try Leash.hold(pid)
    let body: @Sendable () -> Void = { self.reap() }
    try Crew.detach(body)
  }

  /// How a process ended.
  package enum Ending: Equatable, Sendable {
    /// By itself, with this code.
    case exited(Int32)
    /// By this signal.
    case killed(Int32)
  }

  /// How it ended, or nil while it runs.
  package var end: Ending? { ending.withLock { $0 } }

  /// Whether it has not ended.
  package var isRunning: Bool { end == nil }

  /// What it wrote to standard output so far.
  package var output: String { (try? Files.text(at: outputPath)) ?? "" }

  /// What it wrote to standard error so far.
  package var errors: String { (try? Files.text(at: errorsPath)) ?? "" }

  /// Sends a signal to the process alone; nothing happens if it has ended.
  package func signal(_ number: Int32) {
    ending.withLock { ending in
      if ending == nil { _ = kill(pid, number) }
    }
  }

  /// Waits for its end.
  @discardableResult
  package func wait(_ deadline: Deadline = .usual) throws -> Ending {
    try deadline.first("an end of \"\(name)\" (process \(pid))") { end }
  }

  /// Ends the whole group at once, whatever it is doing, and waits until the process is gone.
  package func destroy() {
    ending.withLock { ending in
      if ending == nil { _ = kill(-pid, SIGKILL) }
    }
    do {
      try wait(.in(.seconds(10)))
    } catch {
      print("\(error): a signal 9 did not end it")
    }
  }

  /// Where programs are looked up and look others up: the distribution's, whatever the developer has in front of them.
  private static let path = ["/usr/sbin", "/usr/bin", "/sbin", "/bin"]

  private static func file(of program: String) throws -> String {
    if program.contains("/") { return program }
    guard let directory = path.first(where: { Files.exists("\($0)/\(program)") }) else {
      throw HarnessFailure("\(program) is not installed; make test installs what the tests need")
    }
    return "\(directory)/\(program)"
  }

  private func reap() {
    var facts = unsafe siginfo_t()
    while unsafe waitid(P_PID, id_t(pid), &facts, WEXITED | WNOWAIT) != 0, errno == EINTR {}
    // What it left behind in its group goes with it.
    _ = kill(-pid, SIGKILL)
    ending.withLock { ending in
      var status: Int32 = 0
      while unsafe waitpid(pid, &status, 0) < 0, errno == EINTR {}
      let number = status & 0x7f
      ending = number == 0 ? .exited((status >> 8) & 0xff) : .killed(number)
    }
    do {
      try Leash.free(pid)
    } catch {
      print("\(error)")
    }
  }
}

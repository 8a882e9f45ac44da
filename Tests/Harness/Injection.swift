// SPDX-License-Identifier: Apache-2.0
internal import LinuxSystem

/// A fault that strace puts into chosen system calls of a running or starting program.
///
/// A call that is struck is not carried out. strace counts the calls of each thread by itself, and the first that gets to the number is
/// struck.
package struct Injection: Sendable {
  /// The system call, or several separated by commas.
  package var call: String
  /// What happens: `signal=KILL`, `error=EIO`, `retval=0`.
  package var fault: String
  /// Which of the calls, as strace's `when=` has it; nil for all.
  package var when: String?

  /// A fault in some of the calls.
  package init(_ call: String, _ fault: String, when: String? = nil) {
    self.call = call
    self.fault = fault
    self.when = when
  }

  /// The arguments with which strace does it and others, and writes a log to `path`; what is to be traced follows.
  package func strace(to path: String, and others: [Injection] = []) -> [String] {
    let all = [self] + others
    return ["-f", "-y", "-ttt", "-e", "signal=none", "-o", path, "-e", "trace=\(all.map(\.call).joined(separator: ","))"]
      + all.flatMap { ["-e", "inject=\($0.call):\($0.fault)\($0.when.map { ":when=\($0)" } ?? "")"] }
  }

  /// Begins to put it, and others, into a program that runs; it goes on until the answer is ended by SIGTERM, or the program is gone.
  package func strike(_ daemon: Daemon, _ rig: Rig, log: String, and others: [Injection] = []) throws -> ChildProcess {
    let strace = try rig.start("strace", strace(to: log, and: others) + ["-p", "\(try daemon.pid)"])
    try Deadline.usual.wait(until: "strace is attached") {
      guard strace.isRunning else { throw HarnessFailure("strace ended: \(strace.errors)") }
      return strace.errors.contains("attached")
    }
    return strace
  }
}

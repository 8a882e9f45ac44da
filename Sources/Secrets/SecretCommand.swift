// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import LinuxSystem
internal import Timekeeping

/// A program that prints a secret, run once without a shell and within a time limit.
///
/// It gets no input, no place for errors (they might quote the secret), and the environment without what concerns only us. Whatever
/// happens, no child is left when ``output()`` returns.
struct SecretCommand {
  private let words: [String]
  private let environment: [String: String]
  private let limit: Duration

  /// A command from its words, the first of which is an absolute path.
  init(words: [String], environment: [String: String], limit: Duration) {
    precondition(!words.isEmpty, "a command has a program")
    self.words = words
    self.environment = environment.filter { !SecretCommand.isOurs($0.key) }
    self.limit = limit
  }

  /// The program, for complaints.
  var program: String { words[0] }

  /// What it prints until it ends.
  func output() throws(SecretFailure) -> [UInt8] {
    let deadline = SystemClock().moment + limit
    var child: ChildProcess
    do throws(SystemFailure) {
      child = try ChildProcess.start(words, environment.map { "\($0.key)=\($0.value)" })
    } catch {
      throw .commandNotStarted(error)
    }
    let output = try read(from: child, until: deadline)
    while true {
      if let end = child.end() {
        switch end {
        case .status(0): return output
        case .status(let status): throw .commandFailed(program: program, status: status)
        case .signal(let signal): throw .commandKilled(program: program, signal: signal)
        }
      }
      guard SystemClock().moment < deadline else { throw .commandTooSlow(program: program, limit: limit) }
      _ = poll(nil, 0, 2)
    }
  }

  private func read(from child: borrowing ChildProcess, until deadline: Moment) throws(SecretFailure) -> [UInt8] {
    var output: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 4096)
    while true {
      let left = (deadline - SystemClock().moment).nanoseconds / 1_000_000
      guard left > 0 else { throw .commandTooSlow(program: program, limit: limit) }
      var watched = pollfd(fd: child.output.number, events: Int16(POLLIN), revents: 0)
      guard unsafe poll(&watched, 1, Int32(clamping: left)) > 0 else { continue }
      let count = unsafe Glibc.read(child.output.number, &piece, piece.count)
      if count < 0, errno == EINTR || errno == EAGAIN { continue }
      guard count >= 0 else { throw .commandNotStarted(SystemFailure.last("read from", program)) }
      if count == 0 { return output }
      output += piece[..<count]
      guard output.count <= SecretReader.longest else { throw .tooLarge("what \"\(program)\" prints") }
    }
  }

  /// What systemd and our own configuration put into our environment, and no other program needs.
  private static func isOurs(_ variable: String) -> Bool {
    variable.hasPrefix("POSTHOUSE_") || variable.hasPrefix("LISTEN_") || variable.hasPrefix("WATCHDOG_")
      || ["NOTIFY_SOCKET", "MAINPID", "INVOCATION_ID", "JOURNAL_STREAM"].contains(variable)
  }
}

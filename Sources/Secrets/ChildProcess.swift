// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import LinuxSystem

/// A child process in a group of its own, whose output we read; the group is killed and the child reaped when it is let go before its end.
///
/// It starts with default signals, none blocked, no input and no error output. Every descriptor of ours is closed on exec: all are born
/// so but the pipe, which is made so right away (a second child started in that instant could hold it open for as long as it lives,
/// which the time limits bound).
struct ChildProcess: ~Copyable {
  /// What the child prints.
  let output: Descriptor
  private let number: pid_t
  private var isReaped = false

  private init(_ number: pid_t, output: consuming Descriptor) {
    self.number = number
    self.output = output
  }

  deinit {
    guard !isReaped else { return }
    kill(-number, SIGKILL)
    while waitpid(number, nil, 0) < 0, errno == EINTR {}
  }

  /// How a child ended.
  enum End {
    /// By itself, with this status.
    case status(Int32)
    /// By this signal.
    case signal(Int32)
  }

  /// Starts the program that is the first word, with all words as its arguments.
  static func start(_ words: [String], _ environment: [String]) throws(SystemFailure) -> ChildProcess {
    var ends: (Int32, Int32) = (-1, -1)
    let made = unsafe withUnsafeMutableBytes(of: &ends) { unsafe pipe($0.assumingMemoryBound(to: Int32.self).baseAddress!) }
    guard made == 0 else { throw SystemFailure.last("open a pipe for", words[0]) }
    let reader = Descriptor(owning: ends.0)
    let writer = Descriptor(owning: ends.1)
    _ = fcntl(reader.number, F_SETFD, FD_CLOEXEC)
    _ = fcntl(writer.number, F_SETFD, FD_CLOEXEC)
    var number: pid_t = 0
    let failure = unsafe withActions(writer) { actions, attributes in
      unsafe withCStrings(words) { words in
        unsafe withCStrings(environment) { environment in
          unsafe posix_spawn(&number, words[0]!, actions, attributes, words, environment)
        }
      }
    }
    guard failure == 0 else { throw SystemFailure(call: "start", subject: words[0], number: failure) }
    return ChildProcess(number, output: reader)
  }

  /// How it ended; nil while it runs.
  mutating func end() -> End? {
    var status: Int32 = 0
    guard unsafe waitpid(number, &status, WNOHANG) == number else { return nil }
    isReaped = true
    let signal = status & 0x7f
    return signal == 0 ? .status((status >> 8) & 0xff) : .signal(signal)
  }

  private static func withActions(
    _ output: borrowing Descriptor, _ body: (UnsafePointer<posix_spawn_file_actions_t>, UnsafePointer<posix_spawnattr_t>) -> Int32
  ) -> Int32 {
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    unsafe posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    unsafe posix_spawn_file_actions_adddup2(&actions, output.number, 1)
    unsafe posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
    var attributes = posix_spawnattr_t()
    unsafe posix_spawnattr_init(&attributes)
    defer { unsafe posix_spawnattr_destroy(&attributes) }
    var signals = sigset_t()
    unsafe sigemptyset(&signals)
    unsafe posix_spawnattr_setsigmask(&attributes, &signals)
    unsafe sigfillset(&signals)
    unsafe posix_spawnattr_setsigdefault(&attributes, &signals)
    unsafe posix_spawnattr_setpgroup(&attributes, 0)
    unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK))
    return unsafe body(&actions, &attributes)
  }

  /// Lets `body` see texts as C wants a list of them: pointers, ended by a null one.
  private static func withCStrings<Answer>(
    _ texts: [String], _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Answer
  ) -> Answer {
    var pointers = unsafe texts.map { unsafe strdup($0) } + [nil]
    defer { for index in texts.indices { unsafe free(pointers[index]) } }
    return unsafe pointers.withUnsafeMutableBufferPointer { unsafe body($0.baseAddress!) }
  }
}

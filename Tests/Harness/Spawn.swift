// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import LinuxSystem

/// How a program is started: as the leader of a session and group of its own, with nothing open but what is named.
struct Spawn {
  /// The file, or a name to look up in `PATH`.
  let program: String
  /// What follows the program's name.
  let arguments: [String]
  /// The whole environment.
  let environment: [String: String]
  /// Which of our descriptors it gets under which numbers; 0, 1 and 2 are `/dev/null` unless named.
  let descriptors: [Int32: Int32]

  /// Starts it and answers its process, whose number is its group's too.
  func start() throws -> pid_t {
    precondition(descriptors.keys.allSatisfy { $0 < Spawn.firstUnused }, "a program is given low numbers")
    var actions = unsafe posix_spawn_file_actions_t()
    unsafe posix_spawn_file_actions_init(&actions)
    defer { unsafe posix_spawn_file_actions_destroy(&actions) }
    for number in [0, 1, 2] as [Int32] where descriptors[number] == nil {
      unsafe posix_spawn_file_actions_addopen(&actions, number, "/dev/null", O_RDWR, 0)
    }
    // The numbers that are given out may be numbers of ours too, so that every descriptor first moves to where none is given out.
    var moved: [Int32] = []
    defer { for number in moved { close(number) } }
    for (number, ours) in descriptors {
      let copy = fcntl(ours, F_DUPFD_CLOEXEC, Spawn.firstUnused)
      guard copy >= 0 else { throw SystemFailure.last("copy", "descriptor \(ours)") }
      moved.append(copy)
      unsafe posix_spawn_file_actions_adddup2(&actions, copy, number)
    }

    var attributes = posix_spawnattr_t()
    unsafe posix_spawnattr_init(&attributes)
    defer { unsafe posix_spawnattr_destroy(&attributes) }
    var signals = sigset_t()
    unsafe sigemptyset(&signals)
    unsafe posix_spawnattr_setsigmask(&attributes, &signals)
    unsafe sigfillset(&signals)
    unsafe posix_spawnattr_setsigdefault(&attributes, &signals)
    let newSession = Int16(0x80)  // POSIX_SPAWN_SETSID, which the importer leaves out
    unsafe posix_spawnattr_setflags(&attributes, newSession | Int16(POSIX_SPAWN_SETSIGMASK) | Int16(POSIX_SPAWN_SETSIGDEF))

    var pid: pid_t = 0
    let failure = unsafe Spawn.withCStrings([program] + arguments) { words in
      unsafe Spawn.withCStrings(environment.map { "\($0.key)=\($0.value)" }) { variables in
        unsafe posix_spawnp(&pid, program, &actions, &attributes, words, variables)
      }
    }
    guard failure == 0 else { throw SystemFailure(call: "start", subject: program, number: failure) }
    return pid
  }

  /// Above every number that a program is given.
  private static let firstUnused: Int32 = 64

  private static func withCStrings<Answer>(
    _ texts: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Answer
  ) -> Answer {
    // posix_spawn copies nothing and keeps nothing; the copies live until it returns.
    var copies = unsafe texts.map { unsafe strdup($0) }
    unsafe copies.append(nil)
    defer { unsafe copies.forEach { unsafe free($0) } }
    return unsafe copies.withUnsafeBufferPointer { unsafe body($0.baseAddress!) }
  }
}

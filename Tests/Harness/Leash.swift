// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import Synchronization

/// Ends every program that the tests started, whatever becomes of the tests.
///
/// A small shell in a session of its own reads from us which process groups there are. When this process is gone, by whatever signal, its
/// input ends and it kills the groups that are left. `PR_SET_PDEATHSIG` would not do: it is lost when a program changes its user, as
/// Postfix does.
enum Leash {
  private static let end = Mutex<Int32?>(nil)

  private static let script = """
    groups=' '
    while read -r verb group; do
      case $verb in
        hold) groups="$groups$group " ;;
        free) groups="${groups%% $group *} ${groups#* $group }" ;;
      esac
    done
    for group in $groups; do kill -KILL -- "-$group"; done
    """

  /// Begins to watch over a process group.
  static func hold(_ group: pid_t) throws { try tell("hold \(group)\n") }

  /// The group is gone; its number may soon be somebody else's.
  static func free(_ group: pid_t) throws { try tell("free \(group)\n") }

  private static func tell(_ line: String) throws {
    try end.withLock { known throws in
      let end = try known ?? start()
      known = end
      let count = unsafe Array(line.utf8).withUnsafeBytes { unsafe send(end, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL)) }
      guard count == line.utf8.count else { throw HarnessFailure("the shell that holds the test programs does not listen") }
    }
  }

  private static func start() throws -> Int32 {
    var ends: [Int32] = [-1, -1]
    // A pair of sockets, since a pipe cannot be close-on-exec from its first moment here.
    let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    guard unsafe socketpair(AF_UNIX, kind, 0, &ends) == 0 else {
      throw HarnessFailure("no socket for the shell that holds the test programs")
    }
    defer { close(ends[0]) }
    _ = try Spawn(program: "/bin/sh", arguments: ["-c", script], environment: [:], descriptors: [0: ends[0]]).start()
    return ends[1]
  }
}

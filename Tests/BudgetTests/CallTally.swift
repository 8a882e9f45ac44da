// SPDX-License-Identifier: Apache-2.0
internal import Harness

/// The system calls of some work, by what asks for them.
///
/// How many messages share a turn of the loop or a batch of the journal depends on how busy the machine is, and so does the sum of all
/// calls. What a message asks for itself does not, nor what one turn and one batch cost.
struct CallTally {
  /// What messages ask for themselves: reading, sending, and whatever else is not named below.
  private(set) var own = 0
  /// Turns of the loop: looks at what has happened.
  private(set) var turns = 0
  /// Writes of collected log lines.
  private(set) var logs = 0
  /// Batches of the journal: syncs.
  private(set) var batches = 0
  /// All calls for batches: the write, the sync, ringing the loop's bell.
  private(set) var batchCalls = 0
  /// What can begin a turn: something to read, or the bell.
  private(set) var causes = 0

  /// Sorts the calls of a run of the daemon; waiting for a thread's turn is no call that the work has asked for.
  init(_ calls: SystemCalls) {
    for call in calls.calls where call.name != "futex" {
      let isBell = call.subject == "anon_inode:[eventfd]"
      switch call.name {
      case "epoll_wait", "epoll_pwait": turns += 1
      case "write" where call.subject.hasSuffix(".err"): logs += 1
      case "fdatasync", "pwritev", "pwritev2":
        batchCalls += 1
        if call.name == "fdatasync" { batches += 1 }
      case "write" where isBell:
        batchCalls += 1
        causes += 1
      case "read", "recvfrom":
        own += 1
        causes += 1
      default: own += 1
      }
    }
  }

  /// What much work took more than little: start and end of the daemon cancel out.
  static func - (many: CallTally, few: CallTally) -> CallTally {
    var difference = many
    difference.own -= few.own
    difference.turns -= few.turns
    difference.logs -= few.logs
    difference.batches -= few.batches
    difference.batchCalls -= few.batchCalls
    difference.causes -= few.causes
    return difference
  }
}

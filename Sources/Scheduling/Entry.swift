// SPDX-License-Identifier: Apache-2.0
package import Timekeeping

/// What the schedule knows about a message.
package struct Entry: Hashable, Sendable {
  /// Where it stands.
  package let standing: Standing
  /// When it is due; of a taken or held message, when it last was.
  package let due: Moment
  /// How many attempts have been counted.
  package let attempts: Int
  /// Whose share it belongs to.
  package let lane: Lane
  /// How it stands beside others.
  package let priority: Priority

  init(_ slot: Slot) {
    standing = slot.standing
    due = slot.due
    attempts = Int(slot.attempts)
    lane = LaneTurns.lane(of: Int(slot.queue))
    priority = LaneTurns.priority(of: Int(slot.queue))
  }
}

/// Where a scheduled message stands.
package enum Standing: Hashable, Sendable {
  /// It waits for its time.
  case waiting
  /// It is being delivered.
  case taken
  /// Somebody decided that it shall not be tried.
  case held
}

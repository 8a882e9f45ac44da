// SPDX-License-Identifier: Apache-2.0
package import Mail
package import Timekeeping

/// Where a message stands after an attempt was noted.
package enum Settlement: Hashable, Sendable {
  /// So many recipients are still to be served.
  case waiting(recipients: Int)
  /// Every recipient is settled and at least one failed: it stays to be seen.
  case failed
  /// Every recipient has it: nothing remains of the message.
  case gone
  /// There is no such message.
  case unknown
}

/// What an operator, or the composition on its own behalf, orders for a message.
package enum QueueOrder: Hashable, Sendable {
  /// Stops it until it is released; fits what is queued.
  case hold
  /// Lets it go on, due at this time; fits what is held.
  case release(WallTime)
  /// Makes it due at this time; fits what is queued.
  case reschedule(WallTime)
  /// Tries the failed recipients of a failed message again, due at this time.
  case retry(WallTime)
  /// Gives the message up: it stays to be seen as failed until the time; fits what is queued or held.
  case fail(keep: WallTime, Outcome)
  /// Removes it for good; fits all.
  case remove

  /// The change it means for a message of which some recipients are open; nil when it does not fit.
  func change(_ entry: QueueEntry, open: [UInt16], at now: WallTime) -> SettledRecord? {
    var change = SettledRecord(id: entry.id, time: now, state: entry.state, attempts: entry.attempts, nextAttempt: entry.nextAttempt)
    switch (self, entry.state) {
    case (.hold, .queued): change.state = .held
    case (.release(let time), .held): (change.state, change.nextAttempt) = (.queued, time)
    case (.reschedule(let time), .queued): change.nextAttempt = time
    case (.retry(let time), .failed): (change.state, change.nextAttempt, change.reopensFailed) = (.queued, time, true)
    case (.fail(let time, let outcome), .queued), (.fail(let time, let outcome), .held):
      (change.state, change.nextAttempt) = (.failed, time)
      change.outcomes = open.map { ($0, outcome) }
    case (.remove, _): change.state = nil
    case (.hold, _), (.release, _), (.reschedule, _), (.retry, _), (.fail, _): return nil
    }
    return change
  }
}

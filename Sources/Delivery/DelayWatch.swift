// SPDX-License-Identifier: Apache-2.0
import EventLoop
import Mail
import Spool
import Timekeeping

/// Finds the messages that have waited for so long that their senders shall hear of it, each once.
///
/// A message's number is the microsecond of its coming, and the spool knows its messages by number: so those that have come of age since
/// the last look are one stretch of it, and nothing need be remembered about a message. What came of age while no daemon ran is passed
/// over, since nobody knows whether it was told before.
struct DelayWatch {
  private var after: Duration?
  /// Everything that came in before is told of.
  private var mark: WallTime
  /// Messages that their senders wished to be held, with the time from which they count.
  private var released: [(id: MessageID, from: WallTime)] = []

  /// A watch that begins now; nil for none.
  init(after: Duration?, now: WallTime) {
    self.after = after
    mark = now - (after ?? .zero)
  }

  /// Another time; a watch that was off begins now.
  mutating func change(to after: Duration?, now: WallTime) {
    if self.after == nil, let after { mark = now - after }
    self.after = after
    if after == nil { released = [] }
  }

  /// Whether a message that counts from this time is late.
  func isLate(_ start: WallTime, at now: WallTime) -> Bool { after.map { now - start >= $0 } ?? false }

  /// Looks at a message later again.
  mutating func watch(_ id: MessageID, from start: WallTime) {
    if released.count < DelayWatch.mostReleased { released.append((id, start)) }
  }

  /// The messages that are late since the last look, the oldest first.
  @Loop mutating func late(in spool: Spool, at now: WallTime) -> [MessageID] {
    guard let after else { return [] }
    var late = released.filter { now - $0.from >= after }.map(\.id)
    released.removeAll { now - $0.from >= after }
    let end = now - after
    guard end > mark, mark.microseconds > 0 else { return late }
    spool.forEachEntry(from: MessageID(number: UInt64(mark.microseconds))) { entry in
      guard entry.id.number < UInt64(end.microseconds) else { return false }
      if entry.state == .queued { late.append(entry.id) }
      return true
    }
    mark = end
    return late
  }

  private static let mostReleased = 10_000
}

extension WallTime {
  fileprivate static func - (end: WallTime, span: Duration) -> WallTime { end + (.zero - span) }
}

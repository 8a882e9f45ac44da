// SPDX-License-Identifier: Apache-2.0
internal import Timekeeping

/// Queues that sleep until their first message is due, the earliest first.
///
/// Invariant: `positions[entries[p].queue] == p`, and -1 for every queue that is not here.
struct LaneHeap: Sendable {
  private var entries: [Entry] = []
  private var positions: [Int32] = []

  struct Entry: Sendable {
    let due: Moment
    let queue: Int
  }

  /// The one to wake first.
  var first: Entry? { entries.first }

  /// Lets a queue sleep until `due`, also if it slept until another time before.
  mutating func set(_ queue: Int, due: Moment) {
    if queue >= positions.count { positions.append(contentsOf: repeatElement(-1, count: queue + 1 - positions.count)) }
    let entry = Entry(due: due, queue: queue)
    if positions[queue] < 0 {
      entries.append(entry)
      settle(entry, at: entries.count - 1)
    } else if entries[Int(positions[queue])].due != due {
      settle(entry, at: Int(positions[queue]))
    }
  }

  /// Takes a queue out, if it sleeps.
  mutating func remove(_ queue: Int) {
    guard queue < positions.count, positions[queue] >= 0 else { return }
    let position = Int(positions[queue])
    positions[queue] = -1
    let last = entries.removeLast()
    if position < entries.count { settle(last, at: position) }
  }

  /// Puts an entry where it belongs, beginning at a place that is free for it.
  private mutating func settle(_ entry: Entry, at start: Int) {
    var position = start
    while position > 0, entry.due < entries[(position - 1) / 2].due {
      place(entries[(position - 1) / 2], at: position)
      position = (position - 1) / 2
    }
    while true {
      var child = 2 * position + 1
      guard child < entries.count else { break }
      if child + 1 < entries.count, entries[child + 1].due < entries[child].due { child += 1 }
      guard entries[child].due < entry.due else { break }
      place(entries[child], at: position)
      position = child
    }
    place(entry, at: position)
  }

  private mutating func place(_ entry: Entry, at position: Int) {
    entries[position] = entry
    positions[entry.queue] = Int32(position)
  }
}

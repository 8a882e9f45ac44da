// SPDX-License-Identifier: Apache-2.0
internal import Timekeeping

/// The waiting messages of one lane and priority, by due time and then by age: a heap of slot numbers, 4 bytes each.
///
/// Every slot knows its place in its heap. Invariant: `slots[places[p]].position == p`.
struct MessageHeap: Sendable {
  private var places: [UInt32] = []

  var count: Int { places.count }

  var first: UInt32? { places.first }

  var footprint: Int { places.capacity * MemoryLayout<UInt32>.stride }

  mutating func insert(_ slot: UInt32, _ slots: inout [Slot]) {
    places.growGently()
    places.append(slot)
    rise(from: places.count - 1, &slots)
  }

  mutating func remove(_ slot: UInt32, _ slots: inout [Slot]) {
    let position = Int(slots[Int(slot)].position)
    let last = places.removeLast()
    defer { places.shrinkGently() }
    guard position < places.count else { return }
    place(last, at: position, &slots)
    rise(from: position, &slots)
    sink(from: Int(slots[Int(last)].position), &slots)
  }

  /// The message in one slot has moved to another.
  mutating func rename(to slot: UInt32, _ slots: [Slot]) { places[Int(slots[Int(slot)].position)] = slot }

  /// Makes every message due at `now` that was not due before.
  mutating func flush(now: Moment, _ slots: inout [Slot]) {
    for slot in places where slots[Int(slot)].due > now { slots[Int(slot)].due = now }
    for position in stride(from: places.count / 2 - 1, through: 0, by: -1) { sink(from: position, &slots) }
  }

  private mutating func rise(from start: Int, _ slots: inout [Slot]) {
    var position = start
    let slot = places[position]
    while position > 0 {
      let parent = (position - 1) / 2
      guard slots[Int(slot)].precedes(slots[Int(places[parent])]) else { break }
      place(places[parent], at: position, &slots)
      position = parent
    }
    place(slot, at: position, &slots)
  }

  private mutating func sink(from start: Int, _ slots: inout [Slot]) {
    var position = start
    let slot = places[position]
    while true {
      var child = 2 * position + 1
      guard child < places.count else { break }
      if child + 1 < places.count, slots[Int(places[child + 1])].precedes(slots[Int(places[child])]) { child += 1 }
      guard slots[Int(places[child])].precedes(slots[Int(slot)]) else { break }
      place(places[child], at: position, &slots)
      position = child
    }
    place(slot, at: position, &slots)
  }

  private mutating func place(_ slot: UInt32, at position: Int, _ slots: inout [Slot]) {
    places[position] = slot
    slots[Int(slot)].position = UInt32(position)
  }
}

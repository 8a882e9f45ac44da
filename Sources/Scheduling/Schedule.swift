// SPDX-License-Identifier: Apache-2.0
package import Mail
package import Octets
package import Timekeeping

/// Which message is due when: the one list of everything that waits, is being delivered or is held.
///
/// Made for a million entries after an outage: flat arrays and no object per message, under 40 bytes for each in all. `slots` are dense
/// (the last moves into a gap), `heap` orders the waiting ones by due time and then by age, and `index` finds the slot of a message.
/// Every operation is O(log n) but ``flushAll(now:)``, which is O(n). Memory follows the number of entries up and down.
///
///     insert ──► waiting ──take──► taken ──settle──► (gone)
///                 ▲  │ hold          │ postpone
///                 │  ▼               ▼
///         release └─ held ◄─── if hold was asked meanwhile, else waiting
///
/// Invariants: a slot is in the heap exactly when its message waits; `heap[slots[s].position] == s`; `index` holds every slot once.
package struct Schedule: Sendable {
  var slots: [Slot] = []
  var heap: [UInt32] = []
  var index = SlotIndex()

  /// How many messages are held.
  package private(set) var heldCount = 0

  /// A schedule of nothing.
  package init() {}

  /// How many messages it knows.
  package var count: Int { slots.count }

  /// How many messages wait for their time.
  package var waitingCount: Int { heap.count }

  /// How many messages are being delivered.
  package var takenCount: Int { slots.count - heap.count - heldCount }

  /// When the next message is due; nil when none waits.
  package var nextDue: Moment? { heap.first.map { slots[Int($0)].due } }

  /// Makes room for so many messages at once, as recovery knows how many there will be.
  package mutating func reserve(_ count: Int) {
    slots.reserveCapacity(count)
    heap.reserveCapacity(count)
    index.reserve(count, slots)
  }

  /// Adds a message that waits; it must not be known yet.
  package mutating func insert(_ id: MessageID, due: Moment, lane: Lane = Lane(number: 0), attempts: Int = 0) {
    precondition(index.find(id.number, in: slots) == nil, "a message is scheduled once")
    precondition(slots.count < Int(Slot.mostSlots), "slot numbers fit into 32 bits")
    slots.growGently()
    slots.append(
      Slot(id: id.number, due: due, position: Slot.held, attempts: UInt16(clamping: attempts), lane: lane.number))
    let slot = UInt32(slots.count - 1)
    index.insert(slot, in: slots)
    enqueue(slot)
  }

  /// Takes up to `limit` messages that are due at `now`, the longest due first, adding them to `taken`; they are then neither waiting
  /// nor gone.
  package mutating func take(dueBy now: Moment, limit: Int, into taken: inout [MessageID]) {
    var left = limit
    while left > 0, let first = heap.first, slots[Int(first)].due <= now {
      dequeue(first)
      slots[Int(first)].position = Slot.taken
      taken.append(slots[Int(first)].messageID)
      left -= 1
    }
  }

  /// The messages that are due at `now`, up to `limit`, the longest due first; they are then neither waiting nor gone.
  package mutating func take(dueBy now: Moment, limit: Int) -> [MessageID] {
    var taken: [MessageID] = []
    take(dueBy: now, limit: limit, into: &taken)
    return taken
  }

  /// Puts a taken message back until `due`, or among the held ones if that was asked for meanwhile. An attempt that never reached the
  /// upstream need not count.
  package mutating func postpone(_ id: MessageID, until due: Moment, attempt: Attempt = .counted) {
    guard let slot = index.find(id.number, in: slots) else { preconditionFailure("only a known message is postponed") }
    let position = slots[Int(slot)].position
    precondition(position == Slot.taken || position == Slot.takenToHold, "only a taken message is postponed")
    slots[Int(slot)].due = due
    if attempt == .counted, slots[Int(slot)].attempts < .max { slots[Int(slot)].attempts += 1 }
    if position == Slot.takenToHold {
      slots[Int(slot)].position = Slot.held
      heldCount += 1
    } else {
      enqueue(slot)
    }
  }

  /// Forgets a message, wherever it stands; whether it was known.
  @discardableResult package mutating func settle(_ id: MessageID) -> Bool {
    guard let slot = index.find(id.number, in: slots) else { return false }
    switch slots[Int(slot)].standing {
    case .waiting: dequeue(slot)
    case .held: heldCount -= 1
    case .taken: break
    }
    index.remove(slot, in: slots)
    let last = UInt32(slots.count - 1)
    if slot != last {
      index.rename(last, to: slot, in: slots)
      slots[Int(slot)] = slots[Int(last)]
      if slots[Int(slot)].standing == .waiting { heap[Int(slots[Int(slot)].position)] = slot }
    }
    slots.removeLast()
    slots.shrinkGently()
    heap.shrinkGently()
    index.shrinkGently(slots)
    return true
  }

  /// Makes a waiting message due at `now`; answers where it stands, nil when it is unknown. A held one stays held, a taken one is under
  /// way anyway.
  @discardableResult package mutating func flush(_ id: MessageID, now: Moment) -> Standing? {
    guard let slot = index.find(id.number, in: slots) else { return nil }
    let standing = slots[Int(slot)].standing
    if standing == .waiting, slots[Int(slot)].due > now {
      dequeue(slot)
      slots[Int(slot)].due = now
      enqueue(slot)
    }
    return standing
  }

  /// Makes every waiting message due at `now`, in the order of their numbers where they were not due before; answers how many wait.
  @discardableResult package mutating func flushAll(now: Moment) -> Int {
    for slot in heap where slots[Int(slot)].due > now { slots[Int(slot)].due = now }
    for position in stride(from: heap.count / 2 - 1, through: 0, by: -1) { sink(from: position) }
    return heap.count
  }

  /// Keeps a message from being taken until it is released; answers where it stood, nil when it is unknown. One that is taken is held
  /// when it comes back.
  @discardableResult package mutating func hold(_ id: MessageID) -> Standing? {
    guard let slot = index.find(id.number, in: slots) else { return nil }
    let standing = slots[Int(slot)].standing
    switch standing {
    case .waiting:
      dequeue(slot)
      slots[Int(slot)].position = Slot.held
      heldCount += 1
    case .taken: slots[Int(slot)].position = Slot.takenToHold
    case .held: break
    }
    return standing
  }

  /// Lets a held message wait again, until `due`; answers where it stood, nil when it is unknown.
  @discardableResult package mutating func release(_ id: MessageID, due: Moment) -> Standing? {
    guard let slot = index.find(id.number, in: slots) else { return nil }
    let standing = slots[Int(slot)].standing
    switch standing {
    case .held:
      heldCount -= 1
      slots[Int(slot)].due = due
      enqueue(slot)
    case .taken: slots[Int(slot)].position = Slot.taken
    case .waiting: break
    }
    return standing
  }

  /// What is known about a message.
  package subscript(_ id: MessageID) -> Entry? {
    index.find(id.number, in: slots).map { Entry(slots[Int($0)]) }
  }

  /// How much memory the lists take.
  package var footprint: ByteCount {
    ByteCount(
      bytes: slots.capacity * MemoryLayout<Slot>.stride + heap.capacity * MemoryLayout<UInt32>.stride + index.footprint)
  }

  /// Whether an attempt counts.
  package enum Attempt: Hashable, Sendable {
    /// The upstream was asked about this message.
    case counted
    /// It never came to that.
    case uncounted
  }
}

extension Schedule {
  private mutating func enqueue(_ slot: UInt32) {
    heap.growGently()
    heap.append(slot)
    rise(from: heap.count - 1)
  }

  private mutating func dequeue(_ slot: UInt32) {
    let position = Int(slots[Int(slot)].position)
    let last = heap.removeLast()
    guard position < heap.count else { return }
    heap[position] = last
    slots[Int(last)].position = UInt32(position)
    rise(from: position)
    sink(from: Int(slots[Int(last)].position))
  }

  private mutating func rise(from start: Int) {
    var position = start
    let slot = heap[position]
    while position > 0 {
      let parent = (position - 1) / 2
      guard slots[Int(slot)].precedes(slots[Int(heap[parent])]) else { break }
      place(heap[parent], at: position)
      position = parent
    }
    place(slot, at: position)
  }

  private mutating func sink(from start: Int) {
    var position = start
    let slot = heap[position]
    while true {
      var child = 2 * position + 1
      guard child < heap.count else { break }
      if child + 1 < heap.count, slots[Int(heap[child + 1])].precedes(slots[Int(heap[child])]) { child += 1 }
      guard slots[Int(heap[child])].precedes(slots[Int(slot)]) else { break }
      place(heap[child], at: position)
      position = child
    }
    place(slot, at: position)
  }

  private mutating func place(_ slot: UInt32, at position: Int) {
    heap[position] = slot
    slots[Int(slot)].position = UInt32(position)
  }
}

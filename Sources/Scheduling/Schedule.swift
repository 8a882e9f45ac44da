// SPDX-License-Identifier: Apache-2.0
package import Mail
package import Octets
package import Timekeeping

/// Which message is due when, and whose turn it is: the one list of everything that waits, is being delivered or is held.
///
/// Made for a million entries after an outage: flat arrays and no object per message, about 40 bytes for each in all. `slots` are dense
/// (the last moves into a gap), each lane and priority has a heap of those that wait, ``LaneTurns`` decides between them, and `index`
/// finds the slot of a message. Every operation is O(log n) but ``flushAll(now:)``, which is O(n). Memory follows the number of entries
/// up and down.
///
///     insert ──► waiting ──take──► taken ──settle──► (gone)
///                 ▲  │ hold          │ postpone
///                 │  ▼               ▼
///         release └─ held ◄─── if hold was asked meanwhile, else waiting
///
/// Invariants: a slot is in the heap of its queue exactly when its message waits; `index` holds every slot once; `turns` knows the due
/// time of each heap's first.
package struct Schedule: ~Copyable, Sendable {
  private var slots: [Slot] = []
  private var heaps: [MessageHeap] = []
  private var turns = LaneTurns()
  private var index = SlotIndex()

  /// How many messages are held.
  package private(set) var heldCount = 0
  /// How many messages wait for their time or their turn.
  package private(set) var waitingCount = 0

  /// A schedule of nothing.
  package init() {}

  /// How many messages it knows.
  package var count: Int { slots.count }

  /// How many messages are being delivered.
  package var takenCount: Int { slots.count - waitingCount - heldCount }

  /// From when on ``take(dueBy:limit:)`` gives something: a moment that has passed where something is due, nil when nothing waits.
  package var nextDue: Moment? { turns.nextDue }

  /// How many messages of a lane wait.
  package func waitingCount(in lane: Lane) -> Int {
    Priority.allCases.reduce(0) { count, priority in
      let queue = Int(LaneTurns.queue(of: lane, priority))
      return count + (queue < heaps.count ? heaps[queue].count : 0)
    }
  }

  /// Makes room for so many messages at once, as recovery knows how many there will be.
  package mutating func reserve(_ count: Int) {
    slots.reserveCapacity(count)
    index.reserve(count, slots)
  }

  /// Adds a message that waits; it must not be known yet.
  package mutating func insert(
    _ id: MessageID, due: Moment, lane: Lane = Lane(number: 0), priority: Priority = .interactive, attempts: Int = 0
  ) {
    precondition(index.find(id.number, in: slots) == nil, "a message is scheduled once")
    precondition(slots.count < Int(Slot.mostSlots), "slot numbers fit into 32 bits")
    slots.growGently()
    slots.append(Slot(id: id.number, due: due, attempts: attempts, queue: LaneTurns.queue(of: lane, priority)))
    let slot = UInt32(slots.count - 1)
    index.insert(slot, in: slots)
    enqueue(slot)
  }

  /// Takes up to `limit` messages that are due at `now`, adding them to `taken`; they are then neither waiting nor gone. Lanes take
  /// turns; within a lane the longest due goes first.
  package mutating func take(dueBy now: Moment, limit: Int, into taken: inout [MessageID]) {
    turns.advance(to: now)
    var left = limit
    while left > 0, let queue = turns.front, let first = heaps[queue].first {
      // A moment named before may lie behind `now`.
      guard slots[Int(first)].due <= now else { break }
      turns.serve()
      dequeue(first)
      slots[Int(first)].position = Slot.taken
      taken.append(slots[Int(first)].messageID)
      left -= 1
    }
  }

  /// The messages that are due at `now`, up to `limit`, as lanes take turns; they are then neither waiting nor gone.
  package mutating func take(dueBy now: Moment, limit: Int) -> [MessageID] {
    var taken: [MessageID] = []
    take(dueBy: now, limit: limit, into: &taken)
    return taken
  }

  /// Puts a taken message back until `due`, or among the held ones if that was asked for meanwhile. An attempt that never reached the
  /// upstream need not count.
  package mutating func postpone(_ id: MessageID, until due: Moment, attempt: AttemptCount = .counted) {
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
      if slots[Int(slot)].standing == .waiting { heaps[Int(slots[Int(slot)].queue)].rename(to: slot, slots) }
    }
    slots.removeLast()
    slots.shrinkGently()
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
    turns.advance(to: now)
    for queue in heaps.indices where heaps[queue].count > 0 {
      heaps[queue].flush(now: now, &slots)
      updateTurn(of: queue)
    }
    return waitingCount
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

  /// Adds a message as another schedule knew it; it must not be known yet.
  package mutating func adopt(_ id: MessageID, _ entry: Entry, isToHold: Bool = false) {
    insert(id, due: entry.due, lane: entry.lane, priority: entry.priority, attempts: entry.attempts)
    let slot = UInt32(slots.count - 1)
    switch entry.standing {
    case .waiting: break
    case .held: hold(id)
    case .taken:
      dequeue(slot)
      slots[Int(slot)].position = isToHold ? Slot.takenToHold : Slot.taken
    }
  }

  /// Calls `body` with every message and what is known about it, in no order.
  package func forEach(_ body: (MessageID, Entry, _ isToHold: Bool) -> Void) {
    for slot in slots { body(slot.messageID, Entry(slot), slot.position == Slot.takenToHold) }
  }

  /// How much memory the lists take.
  package var footprint: ByteCount {
    let bytes = slots.capacity * MemoryLayout<Slot>.stride + index.footprint
    return ByteCount(bytes: heaps.reduce(bytes) { $0 + $1.footprint })
  }

  private mutating func enqueue(_ slot: UInt32) {
    let queue = Int(slots[Int(slot)].queue)
    if queue >= heaps.count { heaps.append(contentsOf: repeatElement(MessageHeap(), count: queue + 1 - heaps.count)) }
    heaps[queue].insert(slot, &slots)
    waitingCount += 1
    updateTurn(of: queue)
  }

  private mutating func dequeue(_ slot: UInt32) {
    let queue = Int(slots[Int(slot)].queue)
    heaps[queue].remove(slot, &slots)
    waitingCount -= 1
    updateTurn(of: queue)
  }

  private mutating func updateTurn(of queue: Int) { turns.update(queue, due: heaps[queue].first.map { slots[Int($0)].due }) }
}

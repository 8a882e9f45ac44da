// SPDX-License-Identifier: Apache-2.0
/// Finds the slot of a message by its number: an open-addressing table of slot numbers, 4 bytes each.
///
/// Numbers are spread by a multiplication whose upper half is the place, so that the size need not be a power of two and follows the
/// count closely. Collisions go to the next place; removal moves later ones back, so there are no tombstones and a long life does not
/// slow it down. The numbers are our own, nobody can choose them to collide.
struct SlotIndex: Sendable {
  private var places: [UInt32] = []
  private var count = 0

  var footprint: Int { places.capacity * MemoryLayout<UInt32>.stride }

  func find(_ id: UInt64, in slots: [Slot]) -> UInt32? {
    guard !places.isEmpty else { return nil }
    var place = home(of: id)
    while places[place] != SlotIndex.empty {
      if slots[Int(places[place])].id == id { return places[place] }
      place = next(place)
    }
    return nil
  }

  mutating func insert(_ slot: UInt32, in slots: [Slot]) {
    if (count + 1) * 5 > places.count * 4 { resize(to: Swift.max(16, places.count + places.count / 2), slots) }
    put(slot, id: slots[Int(slot)].id)
    count += 1
  }

  mutating func remove(_ slot: UInt32, in slots: [Slot]) {
    var gap = place(of: slot, in: slots)
    var probe = next(gap)
    while places[probe] != SlotIndex.empty {
      let wanted = home(of: slots[Int(places[probe])].id)
      if distance(from: wanted, to: probe) >= distance(from: gap, to: probe) {
        places[gap] = places[probe]
        gap = probe
      }
      probe = next(probe)
    }
    places[gap] = SlotIndex.empty
    count -= 1
  }

  /// Makes room for so many at once.
  mutating func reserve(_ wanted: Int, _ slots: [Slot]) {
    let size = wanted + wanted / 4 + 16
    if size > places.count { resize(to: size, slots) }
  }

  /// The message in `slot` is about to move to the slot `other`.
  mutating func rename(_ slot: UInt32, to other: UInt32, in slots: [Slot]) {
    places[place(of: slot, in: slots)] = other
  }

  /// Gives memory back when most of it is unused.
  mutating func shrinkGently(_ slots: [Slot]) {
    guard places.count > 4096, count * 4 < places.count else { return }
    resize(to: places.count / 2, slots)
  }

  private mutating func resize(to size: Int, _ slots: [Slot]) {
    let old = places
    places = [UInt32](repeating: SlotIndex.empty, count: size)
    for slot in old where slot != SlotIndex.empty { put(slot, id: slots[Int(slot)].id) }
  }

  private mutating func put(_ slot: UInt32, id: UInt64) {
    var place = home(of: id)
    while places[place] != SlotIndex.empty { place = next(place) }
    places[place] = slot
  }

  private func place(of slot: UInt32, in slots: [Slot]) -> Int {
    var place = home(of: slots[Int(slot)].id)
    while places[place] != slot {
      precondition(places[place] != SlotIndex.empty, "every slot is in the index")
      place = next(place)
    }
    return place
  }

  private func home(of id: UInt64) -> Int {
    Int((id &* 0x9e37_79b9_7f4a_7c15).multipliedFullWidth(by: UInt64(places.count)).high)
  }

  private func next(_ place: Int) -> Int { place + 1 == places.count ? 0 : place + 1 }

  private func distance(from start: Int, to end: Int) -> Int { end >= start ? end - start : end + places.count - start }

  private static let empty: UInt32 = .max
}

extension Array {
  /// Makes room for one more by an eighth, where the standard library would double.
  mutating func growGently() {
    if count == capacity { reserveCapacity(Swift.max(64, count + count / 8)) }
  }

  /// Gives memory back when most of it is unused.
  mutating func shrinkGently() {
    guard capacity > 4096, count * 4 < capacity else { return }
    var smaller: [Element] = []
    smaller.reserveCapacity(capacity / 2)
    smaller.append(contentsOf: self)
    self = smaller
  }
}

// SPDX-License-Identifier: Apache-2.0
package import Timekeeping

/// What rings at a set moment: a berth's deadline or somebody's action.
@Loop package final class Alarm {
  fileprivate var place = -1
  fileprivate var due = Moment.distantFuture
  fileprivate var order: UInt64 = 0
  fileprivate let purpose: Purpose
  private let alarms: Alarms

  init(_ purpose: Purpose, among alarms: Alarms) {
    self.purpose = purpose
    self.alarms = alarms
  }

  /// When it rings, as it was last set.
  package var moment: Moment { due }

  /// Whether it will ring.
  package var isSet: Bool { place >= 0 }

  /// Takes the alarm back; one that has rung or was taken back already stays as it is.
  package func cancel() { alarms.cancel(self) }

  /// Whom an alarm serves.
  enum Purpose {
    case berth(Sleeper)
    case action(@Loop () -> Void)
  }
}

/// The berth an alarm wakes. Not held, because the berth keeps its alarm; while the alarm is set, the task that lies in the berth holds
/// it, or whoever will release it.
struct Sleeper {
  unowned let berth: Berth
}

/// All alarms of a loop by their moment: a binary heap in which each alarm knows its place.
///
/// Setting a deadline later than all others costs one comparison, taking one back O(log n). Alarms of one moment ring in the order
/// they were set. Invariant: `heap[i].place == i`.
@Loop final class Alarms {
  private var heap: [Alarm] = []
  private var sets: UInt64 = 0

  /// When the next alarm rings.
  var next: Moment? { heap.first?.due }

  /// Sets an alarm that is not set.
  func set(_ alarm: Alarm, _ due: Moment) {
    precondition(alarm.place < 0, "an alarm is set once at a time")
    alarm.due = due
    alarm.order = sets
    sets &+= 1
    alarm.place = heap.count
    heap.append(alarm)
    rise(alarm.place)
  }

  /// Takes an alarm back, if it is set.
  func cancel(_ alarm: Alarm) {
    let place = alarm.place
    guard place >= 0 else { return }
    alarm.place = -1
    let last = heap.removeLast()
    guard place < heap.count else { return }
    heap[place] = last
    last.place = place
    rise(place)
    sink(last.place)
  }

  /// Rings every alarm that is due; one that is set meanwhile waits for the next time, even when it is due at once.
  func ring(at now: Moment) {
    let present = sets
    while let first = heap.first, first.due <= now, first.order < present {
      cancel(first)
      switch first.purpose {
      case .berth(let sleeper): sleeper.berth.alarmRang(at: now)
      case .action(let action): action()
      }
    }
  }

  /// Takes every alarm back, which it and its purpose would otherwise outlive.
  func cancelAll() {
    for alarm in heap { alarm.place = -1 }
    heap = []
  }

  private func rise(_ start: Int) {
    var place = start
    while place > 0, precedes(place, (place - 1) / 2) {
      exchange(place, (place - 1) / 2)
      place = (place - 1) / 2
    }
  }

  private func sink(_ start: Int) {
    var place = start
    while true {
      var least = place
      for child in 2 * place + 1...2 * place + 2 where child < heap.count && precedes(child, least) { least = child }
      guard least != place else { return }
      exchange(place, least)
      place = least
    }
  }

  private func precedes(_ one: Int, _ other: Int) -> Bool {
    (heap[one].due, heap[one].order) < (heap[other].due, heap[other].order)
  }

  private func exchange(_ one: Int, _ other: Int) {
    heap.swapAt(one, other)
    heap[one].place = one
    heap[other].place = other
  }
}

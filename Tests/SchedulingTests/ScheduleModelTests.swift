// SPDX-License-Identifier: Apache-2.0
import Mail
import Octets
import Scheduling
import Testing
import Timekeeping

/// The schedule against a dictionary that does everything the slow way.
struct ScheduleModelTests {
  struct Known {
    var due: Moment
    var standing: Standing
    var attempts: Int
    var isToBeHeld = false
  }

  @Test(arguments: 1...24 as ClosedRange<UInt64>) func `random operations agree with a dictionary`(seed: UInt64) {
    var random = SeededGenerator(seed)
    var schedule = Schedule()
    var model: [MessageID: Known] = [:]
    var (clock, lastID): (Int64, UInt64) = (0, 0)
    let share = seed.isMultiple(of: 2) ? 4 : 12
    for step in 0..<4000 {
      clock += Int64.random(in: 0...5, using: &random)
      let now = Moment(nanoseconds: clock)
      let due = Moment(nanoseconds: clock + Int64.random(in: -3...40, using: &random))
      let id = MessageID(number: UInt64.random(in: 1...max(lastID, 1), using: &random))
      switch Int.random(in: 0..<(share + 8), using: &random) {
      case ..<share:
        lastID += UInt64.random(in: 1...3, using: &random)
        schedule.insert(MessageID(number: lastID), due: due)
        model[MessageID(number: lastID)] = Known(due: due, standing: .waiting, attempts: 0)
      case share: take(&schedule, &model, now, limit: Int.random(in: 0...8, using: &random))
      case share + 1: postponeOne(&schedule, &model, until: due, &random)
      case share + 2: #expect(schedule.settle(id) == (model.removeValue(forKey: id) != nil))
      case share + 3: hold(&schedule, &model, id)
      case share + 4: release(&schedule, &model, id, due)
      case share + 5:
        #expect(schedule.flush(id, now: now) == model[id]?.standing)
        if let known = model[id], known.standing == .waiting { model[id]?.due = min(known.due, now) }
      case share + 6 where step.isMultiple(of: 50):
        #expect(schedule.flushAll(now: now) == model.values.count { $0.standing == .waiting })
        for (id, known) in model where known.standing == .waiting { model[id]?.due = min(known.due, now) }
      default:
        while schedule.count > 60 {
          guard let any = model.keys.min() else { break }
          schedule.settle(any)
          model[any] = nil
        }
      }
      compare(schedule, model, id, now)
    }
    for id in model.keys { #expect(schedule[id] != nil) }
    take(&schedule, &model, .distantFuture, limit: .max)
  }

  private func take(_ schedule: inout Schedule, _ model: inout [MessageID: Known], _ now: Moment, limit: Int) {
    let due = model.filter { $0.value.standing == .waiting && $0.value.due <= now }
    let expected = due.sorted { ($0.value.due, $0.key) < ($1.value.due, $1.key) }.prefix(limit).map(\.key)
    #expect(schedule.take(dueBy: now, limit: limit) == expected)
    for id in expected { model[id]?.standing = .taken }
  }

  private func postponeOne(
    _ schedule: inout Schedule, _ model: inout [MessageID: Known], until due: Moment, _ random: inout SeededGenerator
  ) {
    let taken = model.filter { $0.value.standing == .taken }.keys.sorted()
    guard let id = taken.randomElement(using: &random), let known = model[id] else { return }
    let counts = Bool.random(using: &random)
    schedule.postpone(id, until: due, attempt: counts ? .counted : .uncounted)
    model[id] = Known(due: due, standing: known.isToBeHeld ? .held : .waiting, attempts: known.attempts + (counts ? 1 : 0))
  }

  private func hold(_ schedule: inout Schedule, _ model: inout [MessageID: Known], _ id: MessageID) {
    #expect(schedule.hold(id) == model[id]?.standing)
    if model[id]?.standing == .taken { model[id]?.isToBeHeld = true }
    if model[id]?.standing == .waiting { model[id]?.standing = .held }
  }

  private func release(_ schedule: inout Schedule, _ model: inout [MessageID: Known], _ id: MessageID, _ due: Moment) {
    #expect(schedule.release(id, due: due) == model[id]?.standing)
    if model[id]?.standing == .taken { model[id]?.isToBeHeld = false }
    if model[id]?.standing == .held {
      model[id]?.standing = .waiting
      model[id]?.due = due
    }
  }

  private func compare(_ schedule: borrowing Schedule, _ model: [MessageID: Known], _ id: MessageID, _ now: Moment) {
    #expect(schedule.count == model.count)
    let next = model.values.filter { $0.standing == .waiting }.map(\.due).min()
    #expect((schedule.nextDue == nil) == (next == nil))
    // Of what is due already only that much is said.
    if let next, let answer = schedule.nextDue { #expect(answer == next || next < answer && answer <= now) }
    #expect(schedule.heldCount == model.values.count { $0.standing == .held })
    #expect(schedule.takenCount == model.values.count { $0.standing == .taken })
    #expect(schedule[id]?.standing == model[id]?.standing)
    #expect(schedule[id]?.attempts == model[id]?.attempts)
    #expect(schedule[id]?.due == model[id]?.due)
  }
}

/// A generator that repeats itself for a seed (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(_ seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }
}

// SPDX-License-Identifier: Apache-2.0
import Mail
import Octets
import Scheduling
import Testing
import Timekeeping

/// What is due when, step by step.
struct ScheduleTests {
  @Test func `messages are taken when due, the longest due first, older ones first at the same time`() {
    var schedule = Schedule()
    schedule.insert(id(3), due: at(10))
    schedule.insert(id(1), due: at(20))
    schedule.insert(id(2), due: at(10))
    #expect(schedule.nextDue == at(10))
    #expect(schedule.take(dueBy: at(9), limit: 10).isEmpty)
    #expect(schedule.nextDue == at(10))
    #expect(schedule.take(dueBy: at(20), limit: 2) == [id(2), id(3)])
    #expect(schedule.take(dueBy: at(20), limit: 2) == [id(1)])
    #expect(schedule.nextDue == nil)
    #expect(schedule.count == 3 && schedule.takenCount == 3 && schedule.waitingCount == 0)
  }

  @Test func `a postponed message comes back, and only attempts that count are counted`() {
    var schedule = Schedule()
    schedule.insert(id(1), due: at(0), lane: Lane(number: 7), attempts: 2)
    #expect(schedule.take(dueBy: at(0), limit: 1) == [id(1)])
    #expect(schedule[id(1)]?.standing == .taken)
    schedule.postpone(id(1), until: at(60))
    #expect(schedule[id(1)] == schedule[id(1)])
    #expect(schedule[id(1)]?.attempts == 3)
    #expect(schedule[id(1)]?.due == at(60))
    #expect(schedule[id(1)]?.lane == Lane(number: 7))
    #expect(schedule.take(dueBy: at(60), limit: 1) == [id(1)])
    schedule.postpone(id(1), until: at(70), attempt: .uncounted)
    #expect(schedule[id(1)]?.attempts == 3)
  }

  @Test func `attempts stay at the largest number`() {
    var schedule = Schedule()
    schedule.insert(id(1), due: at(0), attempts: 1_000_000)
    #expect(schedule[id(1)]?.attempts == 65_535)
    _ = schedule.take(dueBy: at(0), limit: 1)
    schedule.postpone(id(1), until: at(1))
    #expect(schedule[id(1)]?.attempts == 65_535)
  }

  @Test func `a settled message is gone wherever it stood`() {
    var schedule = Schedule()
    for number in 1...3 { schedule.insert(id(number), due: at(0)) }
    _ = schedule.take(dueBy: at(0), limit: 1)
    schedule.hold(id(2))
    for number in 1...3 { #expect(schedule.settle(id(number)) == true) }
    #expect(schedule.settle(id(1)) == false)
    #expect(schedule.count == 0 && schedule.heldCount == 0 && schedule.takenCount == 0)
    #expect(schedule[id(1)] == nil)
  }

  @Test func `a held message is not taken or flushed until it is released`() {
    var schedule = Schedule()
    schedule.insert(id(1), due: at(0))
    #expect(schedule.hold(id(1)) == .waiting)
    #expect(schedule.hold(id(1)) == .held)
    #expect(schedule.heldCount == 1)
    #expect(schedule.take(dueBy: at(100), limit: 1).isEmpty)
    #expect(schedule.flush(id(1), now: at(100)) == .held)
    #expect(schedule.flushAll(now: at(100)) == 0)
    #expect(schedule.release(id(1), due: at(50)) == .held)
    #expect(schedule.release(id(1), due: at(90)) == .waiting)
    #expect(schedule.nextDue.map { $0 <= at(100) } == true)
    #expect(schedule.heldCount == 0)
  }

  @Test func `a message held while it is delivered is held when it comes back, unless released before`() {
    var schedule = Schedule()
    schedule.insert(id(1), due: at(0))
    _ = schedule.take(dueBy: at(0), limit: 1)
    #expect(schedule.hold(id(1)) == .taken)
    #expect(schedule[id(1)]?.standing == .taken)
    schedule.postpone(id(1), until: at(10))
    #expect(schedule[id(1)]?.standing == .held)
    schedule.release(id(1), due: at(10))
    _ = schedule.take(dueBy: at(10), limit: 1)
    schedule.hold(id(1))
    #expect(schedule.release(id(1), due: at(20)) == .taken)
    schedule.postpone(id(1), until: at(30))
    #expect(schedule[id(1)]?.standing == .waiting)
  }

  @Test func `flushing makes one or all due now, and what was due before keeps its turn`() {
    var schedule = Schedule()
    for number in 1...9 { schedule.insert(id(number), due: at(100 - number)) }
    #expect(schedule.flush(id(4), now: at(5)) == .waiting)
    #expect(schedule.flush(id(44), now: at(5)) == nil)
    #expect(schedule.take(dueBy: at(5), limit: 9) == [id(4)])
    schedule.insert(id(20), due: at(1))
    #expect(schedule.flushAll(now: at(6)) == 9)
    #expect(schedule.take(dueBy: at(6), limit: 20) == [20, 1, 2, 3, 5, 6, 7, 8, 9].map(id))
  }

  @Test func `unknown messages are answered as unknown`() {
    var schedule = Schedule()
    #expect(schedule.hold(id(1)) == nil)
    #expect(schedule.release(id(1), due: at(0)) == nil)
    #expect(schedule.flush(id(1), now: at(0)) == nil)
    #expect(schedule[id(1)] == nil)
    #expect(schedule.take(dueBy: .distantFuture, limit: 5).isEmpty)
  }

  @Test func `scheduling a message twice stops the program`() async {
    await #expect(processExitsWith: .failure) {
      var schedule = Schedule()
      schedule.insert(MessageID(number: 1), due: Moment(nanoseconds: 0))
      schedule.insert(MessageID(number: 1), due: Moment(nanoseconds: 0))
    }
  }

  @Test func `postponing a message that waits stops the program`() async {
    await #expect(processExitsWith: .failure) {
      var schedule = Schedule()
      schedule.insert(MessageID(number: 1), due: Moment(nanoseconds: 0))
      schedule.postpone(MessageID(number: 1), until: Moment(nanoseconds: 0))
    }
  }

  @Test(arguments: [1, 50]) func `a hundred thousand messages take at most 40 bytes each, and nearly all comes back`(lanes: Int) {
    var schedule = Schedule()
    for number in 1...100_000 {
      let lane = Lane(number: UInt16(number % lanes))
      schedule.insert(id(1_700_000_000_000_000 + number * 37), due: at(number % 977), lane: lane)
    }
    #expect(schedule.footprint.bytes <= 100_000 * 40)
    for number in 1...100_000 { schedule.settle(id(1_700_000_000_000_000 + number * 37)) }
    #expect(schedule.count == 0)
    #expect(schedule.footprint < .kibibytes(512))
  }

  @Test func `room made at once is enough for as many, before and behind what is there`() {
    var schedule = Schedule()
    for number in 1...100 { schedule.insert(id(number), due: at(number)) }
    schedule.reserve(10_000)
    for number in 101...10_000 { schedule.insert(id(number), due: at(number)) }
    #expect(schedule.take(dueBy: at(10_000), limit: .max) == (1...10_000).map(id))
  }

  private func id(_ number: Int) -> MessageID { MessageID(number: UInt64(number)) }
  private func at(_ seconds: Int) -> Moment { Moment(nanoseconds: Int64(seconds) * 1_000_000_000) }
}

// SPDX-License-Identifier: Apache-2.0
import Mail
import Scheduling
import Testing
import Timekeeping

/// Lanes that take turns, and priorities that do not starve each other.
struct FairShareTests {
  @Test func `ten messages of one app pass ten thousand of another within twenty turns`() {
    var schedule = Schedule()
    for number in 1...10_000 { schedule.insert(id(number), due: at(0), lane: Lane(number: 1)) }
    #expect(schedule.take(dueBy: at(1), limit: 500).count == 500)
    for number in 20_001...20_010 { schedule.insert(id(number), due: at(1), lane: Lane(number: 2)) }
    #expect(schedule.waitingCount(in: Lane(number: 1)) == 9500 && schedule.waitingCount(in: Lane(number: 2)) == 10)
    let taken = schedule.take(dueBy: at(1), limit: 20)
    #expect(taken.filter { $0 > id(20_000) } == (20_001...20_010).map(id))
    #expect(taken.filter { $0 < id(20_000) } == (501...510).map(id))
    #expect(schedule.waitingCount(in: Lane(number: 2)) == 0 && schedule.waitingCount(in: Lane(number: 9)) == 0)
  }

  @Test func `bulk mail waits for interactive mail, but passes once in nine`() {
    var schedule = Schedule()
    for number in 1...30 { schedule.insert(id(number), due: at(0), priority: .bulk) }
    for number in 101...130 { schedule.insert(id(number), due: at(0), priority: .interactive) }
    let taken = schedule.take(dueBy: at(0), limit: 27)
    #expect(taken == Array(101...108).map(id) + [id(1)] + Array(109...116).map(id) + [id(2)] + Array(117...124).map(id) + [id(3)])
    #expect(schedule.take(dueBy: at(0), limit: 100).suffix(27) == (4...30).map(id)[...])
  }

  @Test func `interactive mail that comes while bulk mail goes out is next`() {
    var schedule = Schedule()
    for number in 1...1000 { schedule.insert(id(number), due: at(0), lane: Lane(number: 1), priority: .bulk) }
    _ = schedule.take(dueBy: at(0), limit: 100)
    schedule.insert(id(5000), due: at(0), lane: Lane(number: 1), priority: .interactive)
    #expect(schedule[id(5000)]?.priority == .interactive && schedule[id(500)]?.priority == .bulk)
    #expect(schedule.take(dueBy: at(0), limit: 1) == [id(5000)])
  }

  @Test func `a lane that sleeps joins when its time has come, and leaves when nothing of it is due`() {
    var schedule = Schedule()
    for number in 1...5 { schedule.insert(id(number), due: at(0), lane: Lane(number: 1)) }
    schedule.insert(id(11), due: at(10), lane: Lane(number: 2))
    schedule.insert(id(12), due: at(20), lane: Lane(number: 2))
    #expect(schedule.take(dueBy: at(5), limit: 1) == [id(1)])
    #expect(schedule.take(dueBy: at(10), limit: 4) == [2, 11, 3, 4].map(id))
    #expect(schedule.take(dueBy: at(10), limit: 9) == [id(5)])
    #expect(schedule.nextDue == at(20))
    #expect(schedule.settle(id(12)) == true)
    #expect(schedule.nextDue == nil)
  }

  @Test(arguments: 1...20 as ClosedRange<UInt64>)
  func `with random lanes everything due is taken, in order in its lane, and no lane waits for more than a round`(
    seed: UInt64
  ) {
    var random = SeededGenerator(seed)
    var schedule = Schedule()
    var (clock, last): (Int, Int) = (0, 0)
    var waiting: [Lane: [MessageID: Moment]] = [:]
    var skipped: [Lane: Int] = [:]
    let lanes = Int.random(in: 1...9, using: &random)
    for _ in 0..<1500 {
      clock += Int.random(in: 0...3, using: &random)
      if Int.random(in: 0..<3, using: &random) > 0 {
        last += 1
        let lane = Lane(number: UInt16(Int.random(in: 0..<lanes, using: &random) * 77))
        let due = at(clock + Int.random(in: -5...30, using: &random))
        schedule.insert(id(last), due: due, lane: lane)
        waiting[lane, default: [:]][id(last)] = due
      } else if let lane = waiting.keys.sorted(by: { $0.number < $1.number }).randomElement(using: &random),
        let known = waiting[lane]?.keys.sorted().randomElement(using: &random), Bool.random(using: &random)
      {
        // What sits in the middle goes away or changes its time.
        if Bool.random(using: &random) {
          schedule.settle(known)
          waiting[lane]?[known] = nil
        } else {
          schedule.hold(known)
          schedule.release(known, due: at(clock + 7))
          waiting[lane]?[known] = at(clock + 7)
        }
      }
      let due = waiting.mapValues { $0.filter { $0.value <= at(clock) } }.filter { !$0.value.isEmpty }
      let taken = schedule.take(dueBy: at(clock), limit: 1).first
      #expect((taken == nil) == due.isEmpty)
      guard let taken, let lane = schedule[taken]?.lane else { continue }
      let first = due[lane]?.min { ($0.value, $0.key) < ($1.value, $1.key) }
      #expect(first?.key == taken)
      waiting[lane]?[taken] = nil
      for other in waiting.keys { skipped[other] = other == lane || due[other] == nil ? 0 : skipped[other, default: 0] + 1 }
      #expect(skipped.values.allSatisfy { $0 <= lanes })
    }
  }

  @Test func `an app has one lane however often it connects, and units come before users`() {
    var book = LaneBook()
    var shop = Submitter(peer: "127.0.0.1:4001", greeting: "a")
    shop.unit = "shop.service"
    shop.user = 1000
    var cron = Submitter(peer: "127.0.0.1:4002", greeting: "b")
    cron.user = 1000
    var again = shop
    again.peer = "127.0.0.1:4003"
    again.user = 1001
    #expect(book.lane(of: shop) == Lane(number: 0))
    #expect(book.lane(of: cron) == Lane(number: 1))
    #expect(book.lane(of: again) == Lane(number: 0))
    #expect(book.lane(of: Submitter(peer: "192.0.2.1:1", greeting: "")) == book.lane(of: Submitter(peer: "192.0.2.1:2", greeting: "x")))
    #expect(book.lane(of: Submitter(peer: "[::1]:1", greeting: "")) != book.lane(of: Submitter(peer: "192.0.2.1:1", greeting: "")))
    #expect(book.count == 4)
  }

  @Test func `units under ever new names share lanes in the end`() {
    var (book, second) = (LaneBook(), LaneBook())
    var submitter = Submitter(peer: "unix", greeting: "")
    for number in 0..<5000 {
      submitter.unit = "run-\(number).service"
      #expect(book.lane(of: submitter).number < UInt16(LaneBook.most))
    }
    #expect(book.count == LaneBook.most)
    submitter.unit = "run-4999.service"
    for number in 0..<LaneBook.most {
      second.unitWithNumber(number)
    }
    #expect(book.lane(of: submitter) == second.lane(of: submitter))
  }

  private func id(_ number: Int) -> MessageID { MessageID(number: UInt64(number)) }
  private func at(_ seconds: Int) -> Moment { Moment(nanoseconds: Int64(seconds) * 1_000_000_000) }
}

extension LaneBook {
  fileprivate mutating func unitWithNumber(_ number: Int) {
    var submitter = Submitter(peer: "unix", greeting: "")
    submitter.unit = "other-\(number).service"
    _ = lane(of: submitter)
  }
}

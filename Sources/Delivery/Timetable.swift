// SPDX-License-Identifier: Apache-2.0
import Mail
import Policy
import Scheduling
import Settings
import Spool
import Timekeeping

/// Which message waits for which course, and when: one schedule for each course, so that a course without a way out delays no other.
///
/// A message stands in the course of the first recipient that was not served in this round. A round is one attempt for everybody who is
/// open: it takes several transactions when the recipients go different ways, or are more than an upstream takes at once. What the spool
/// kept is put into course 0 until its letter is read and shows where it belongs.
struct Timetable {
  private var router: Router
  private var schedules: [Course]
  private var lanes = LaneBook()
  /// Who was served in a round that is not over; only messages in such a round are here.
  private var served: [MessageID: Set<Int>] = [:]

  /// A timetable without messages.
  init(_ router: Router) {
    self.router = router
    schedules = router.courses.map { _ in Course() }
  }

  /// Takes over other routes: every message is in course 0 again until its letter shows where it belongs. What is on the road stays so.
  mutating func reroute(_ router: Router) {
    guard router != self.router else { return }
    let before = schedules
    self.router = router
    schedules = router.courses.map { _ in Course() }
    let rest = schedules[0]
    rest.schedule.reserve(before.reduce(0) { $0 + $1.schedule.count })
    for course in before { course.schedule.forEach { rest.schedule.adopt($0, $1, isToHold: $2) } }
  }

  /// Whether every message is where it belongs without its letter being read.
  var isSorted: Bool { router.isTrivial }

  /// The messages that wait in course 0, in no order.
  var unsorted: [MessageID] {
    guard !isSorted else { return [] }
    var ids: [MessageID] = []
    schedules[0].schedule.forEach { id, entry, _ in if entry.standing == .waiting { ids.append(id) } }
    return ids
  }

  /// How many messages are on the road.
  var takenCount: Int { schedules.reduce(0) { $0 + $1.schedule.takenCount } }

  /// The courses, by their numbers.
  var courses: Range<Int> { schedules.indices }

  /// Makes room for so many messages at once.
  mutating func reserve(_ count: Int) { schedules[0].schedule.reserve(count) }

  /// Adds a message that the spool kept.
  mutating func insert(_ id: MessageID, due: Moment, attempts: Int) { schedules[0].schedule.insert(id, due: due, attempts: attempts) }

  /// Adds a message of which the letter is known.
  mutating func insert(_ id: MessageID, _ envelope: Envelope, due: Moment) {
    insert(id, place(of: envelope, to: 0), due: due, attempts: 0)
  }

  /// From when on a course has something to give.
  func nextDue(of course: Int) -> Moment? { schedules[course].schedule.nextDue }

  /// Takes the next message of a course that is due.
  mutating func take(from course: Int, dueBy now: Moment) -> Dispatcher.Assignment? {
    schedules[course].schedule.take(dueBy: now, limit: 1).first.map { id in
      Dispatcher.Assignment(id: id, attempts: schedules[course].schedule[id]?.attempts ?? 0)
    }
  }

  /// The recipients that a message may be tried for now, over the course it was taken from; empty when it stood in the wrong one, and was
  /// put where it belongs.
  mutating func candidates(_ letter: StoredLetter, now: Moment) -> [Int] {
    let open = waiting(letter.openRecipients, of: letter.id)
    guard let first = open.first, let course = course(of: letter.id), let entry = schedules[course].schedule[letter.id] else { return [] }
    if router.isTrivial { return open }
    let place = place(of: letter.envelope, to: first)
    guard place.course == course else {
      schedules[course].schedule.settle(letter.id)
      insert(letter.id, place, due: now, attempts: entry.attempts)
      return []
    }
    return open.filter { router.course(of: letter.envelope, to: letter.envelope.recipients[$0].mailbox) == place.course }
  }

  /// Puts a message that was taken back as it was.
  mutating func giveBack(_ id: MessageID, due: Moment) {
    guard let course = course(of: id) else { return }
    schedules[course].schedule.postpone(id, until: due, attempt: .uncounted)
  }

  /// An attempt served some of a message's recipients; answers whether the round goes on with others of those that are open.
  mutating func goesOn(_ letter: StoredLetter, served recipients: [Int], open: [Int]) -> Bool {
    if open.isEmpty, served.isEmpty { return false }
    let done = (served[letter.id] ?? []).union(recipients)
    guard open.contains(where: { !done.contains($0) }) else {
      served[letter.id] = nil
      return false
    }
    served[letter.id] = done
    return true
  }

  /// Puts a message that was taken back until `due`, where it belongs now.
  mutating func postpone(_ letter: StoredLetter, open: [Int], until due: Moment, _ attempt: AttemptCount) {
    guard let course = course(of: letter.id), let entry = schedules[course].schedule[letter.id] else { return }
    schedules[course].schedule.postpone(letter.id, until: due, attempt: attempt)
    guard let next = waiting(open, of: letter.id).first else { return }
    let place = place(of: letter.envelope, to: next)
    guard place != Place(course: course, lane: entry.lane, priority: entry.priority),
      schedules[course].schedule[letter.id]?.standing == .waiting
    else { return }
    schedules[course].schedule.settle(letter.id)
    insert(letter.id, place, due: due, attempts: entry.attempts + (attempt == .counted ? 1 : 0))
  }

  /// Puts a waiting message where its letter shows that it belongs.
  mutating func sort(_ letter: StoredLetter) {
    guard let course = course(of: letter.id), let entry = schedules[course].schedule[letter.id], entry.standing == .waiting,
      let next = waiting(letter.openRecipients, of: letter.id).first
    else { return }
    let place = place(of: letter.envelope, to: next)
    guard place != Place(course: course, lane: entry.lane, priority: entry.priority) else { return }
    schedules[course].schedule.settle(letter.id)
    insert(letter.id, place, due: entry.due, attempts: entry.attempts)
  }

  /// Forgets a message.
  mutating func settle(_ id: MessageID) {
    served[id] = nil
    for course in schedules.indices where schedules[course].schedule.settle(id) { return }
  }

  /// Makes a message due at `now`; answers where it stands, nil when it is unknown.
  mutating func flush(_ id: MessageID, now: Moment) -> Standing? {
    course(of: id).flatMap { schedules[$0].schedule.flush(id, now: now) }
  }

  /// Makes every waiting message due at `now`; answers how many wait.
  @discardableResult mutating func flushAll(now: Moment) -> Int {
    schedules.indices.reduce(0) { $0 + schedules[$1].schedule.flushAll(now: now) }
  }

  /// What is known about a message.
  subscript(_ id: MessageID) -> Entry? { course(of: id).flatMap { schedules[$0].schedule[id] } }

  /// One course's schedule; an object, because looking into a large value inside an array copies it.
  private final class Course {
    var schedule = Schedule()
  }

  /// Where a message belongs.
  private struct Place: Hashable {
    let course: Int
    let lane: Lane
    let priority: Priority
  }

  private mutating func place(of envelope: Envelope, to recipient: Int) -> Place {
    let lane = lanes.lane(of: envelope.submitter)
    guard !router.isTrivial else { return Place(course: 0, lane: lane, priority: envelope.isBulk ? .bulk : .interactive) }
    let mailbox = envelope.recipients[recipient].mailbox
    return Place(
      course: router.course(of: envelope, to: mailbox), lane: lane,
      priority: router.isBulk(envelope, to: mailbox) ? .bulk : .interactive)
  }

  private mutating func insert(_ id: MessageID, _ place: Place, due: Moment, attempts: Int) {
    schedules[place.course].schedule.insert(id, due: due, lane: place.lane, priority: place.priority, attempts: attempts)
  }

  private func course(of id: MessageID) -> Int? { schedules.indices.first { schedules[$0].schedule[id] != nil } }

  private func waiting(_ open: [Int], of id: MessageID) -> [Int] {
    guard let served = served[id] else { return open }
    return open.filter { !served.contains($0) }
  }
}

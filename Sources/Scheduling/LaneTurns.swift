// SPDX-License-Identifier: Apache-2.0
internal import Timekeeping

/// Whose turn it is: fair shares between lanes, and between the two priorities.
///
/// A queue is the waiting messages of one lane and priority; here it is a number and the due time of its first message. Queues with
/// something due stand in a ring for their priority and are served one message each, in turn, so that a lane of ten waits for one round
/// and not for a lane of ten thousand. Of the two rings the interactive one comes first, but after ``interactiveRun`` messages in a row
/// a bulk one passes, so that nothing waits for ever. All other queues sleep in a heap until their first message is due.
///
///     (empty) ◄──► sleeping ──its time has come──► in its ring ──► sleeping or (empty)
///
/// Invariant: a queue is in its ring exactly when its first message is due at `clock`, the latest moment anybody named.
struct LaneTurns: Sendable {
  private(set) var clock = Moment(nanoseconds: .min)
  private var sleeping = LaneHeap()
  private var interactive = LaneRing()
  private var bulk = LaneRing()
  /// How many interactive messages have passed since the last bulk one.
  private var run = 0

  /// The moment from which a message can be taken: one that has passed where something is due, nil when nothing waits.
  var nextDue: Moment? { front == nil ? sleeping.first?.due : clock }

  /// The queue whose turn it is; nil when nothing is due.
  var front: Int? {
    guard let first = interactive.front, let second = bulk.front else { return interactive.front ?? bulk.front }
    return run < LaneTurns.interactiveRun ? first : second
  }

  /// Time has passed: what sleeps until `now` or less comes into its ring, behind those that were there.
  mutating func advance(to now: Moment) {
    clock = max(clock, now)
    while let first = sleeping.first, first.due <= clock {
      sleeping.remove(first.queue)
      enterRing(first.queue)
    }
  }

  /// The queue at the front was served and goes to the back of its ring.
  mutating func serve() {
    guard let front else { return }
    switch LaneTurns.priority(of: front) {
    case .interactive:
      interactive.rotate()
      // What passes while nothing bulk waits takes nobody's turn.
      run = bulk.front == nil ? 0 : run + 1
    case .bulk:
      bulk.rotate()
      run = 0
    }
  }

  /// The first message of a queue is due at another time now, or there is none.
  mutating func update(_ queue: Int, due: Moment?) {
    if let due, due <= clock {
      sleeping.remove(queue)
      enterRing(queue)
    } else {
      leaveRing(queue)
      if let due { sleeping.set(queue, due: due) } else { sleeping.remove(queue) }
    }
  }

  private mutating func enterRing(_ queue: Int) {
    switch LaneTurns.priority(of: queue) {
    case .interactive: interactive.append(queue)
    case .bulk: bulk.append(queue)
    }
  }

  private mutating func leaveRing(_ queue: Int) {
    switch LaneTurns.priority(of: queue) {
    case .interactive: interactive.remove(queue)
    case .bulk: bulk.remove(queue)
    }
  }

  /// The number of a queue.
  static func queue(of lane: Lane, _ priority: Priority) -> UInt16 { lane.number << 1 | UInt16(priority.rawValue) }

  /// The lane of a queue.
  static func lane(of queue: Int) -> Lane { Lane(number: UInt16(queue >> 1)) }

  /// The priority of a queue.
  static func priority(of queue: Int) -> Priority { queue.isMultiple(of: 2) ? .interactive : .bulk }

  /// How many interactive messages pass in a row while a bulk one waits.
  static let interactiveRun = 8
}

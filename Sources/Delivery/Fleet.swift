// SPDX-License-Identifier: Apache-2.0
import EventLoop
import Policy
import Scheduling
import Settings
import Timekeeping

/// The upstreams, and which of them may take a message of which course.
///
/// The upstreams of a course stand in groups by their priority. Mail goes to the first group of which somebody can take mail at all; within
/// it, weights decide. A group that is merely busy, or held back by a rate, is waited for; one in trouble is passed over, and tried again
/// with a single message when its time has come.
@Loop struct Fleet {
  /// Every upstream, in the order of the settings.
  let upstreams: [Upstream]
  /// Upstreams that the settings no longer name, while a connection of theirs is open.
  private var retired: [Upstream] = []
  private let groups: [[[Int]]]
  private var turns: WeightedTurns

  /// The upstreams, for the courses that a router knows.
  init(_ upstreams: [Upstream], for courses: [[Int]]) {
    self.upstreams = upstreams
    groups = courses.map { course in
      let priorities = Set(course.map { upstreams[$0].settings.priority }).sorted()
      return priorities.map { priority in course.filter { upstreams[$0].settings.priority == priority } }
    }
    turns = WeightedTurns(weights: upstreams.map(\.settings.weight))
  }

  /// The upstreams that new settings name, for the courses that they know. Who was there before stays, with connections that end after
  /// their message; who is named no more takes nothing.
  func renewed(_ settings: RelaySettings, for courses: [[Int]], make: (UpstreamSettings) -> Upstream) -> Fleet {
    let before = Dictionary(upstreams.map { ($0.settings.name, $0) }) { first, _ in first }
    let now = settings.upstreams.map { upstream in
      guard let known = before[upstream.name] else { return make(upstream) }
      known.reload(upstream, of: settings)
      return known
    }
    let names = Set(settings.upstreams.map(\.name))
    var fleet = Fleet(now, for: courses)
    fleet.retired = (retired + upstreams.filter { !names.contains($0.settings.name) }).filter { $0.connections > 0 }
    for upstream in fleet.retired { upstream.links.close() }
    return fleet
  }

  /// Those that are named, and those that are not any more.
  var everybody: [Upstream] { upstreams + retired }

  /// Forgets whoever is named no more and has no connection left.
  mutating func forgetRetired() { retired.removeAll { $0.connections == 0 } }

  /// Whether an upstream may take a message of a course now, over a connection it has or over any.
  func mayTake(_ upstream: Int, from course: Int, over line: Upstream.Line) -> Bool {
    guard upstreams[upstream].standing(over: line) == .ready else { return false }
    if upstreams.count == 1 { return course < groups.count && !groups[course].isEmpty }
    for group in groups[course] {
      guard group.contains(upstream) else {
        if group.contains(where: { !isAway($0) }) { return false }
        continue
      }
      return turns.mayTake(upstream, besides: group.filter { $0 != upstream && mightTake($0) })
    }
    return false
  }

  /// An upstream took a message.
  mutating func took(_ upstream: Int) {
    if upstreams.count > 1 { turns.took(upstream) }
  }

  /// An upstream is well again.
  mutating func returned(_ upstream: Int) {
    for group in groups.joined() where group.contains(upstream) {
      turns.returned(upstream, besides: group.filter { $0 != upstream && !isAway($0) })
    }
  }

  /// Until when nobody can take a message of a course; nil when somebody can, or when it ends by itself with what is under way.
  func closedUntil(_ course: Int) -> Moment? {
    var earliest: Moment?
    for group in groups[course] {
      for upstream in group {
        switch upstreams[upstream].standing(over: .any) {
        case .ready: break
        case .pausing(let until), .away(let until?): earliest = min(earliest ?? until, until)
        case .away(nil): break
        }
      }
      if group.contains(where: { !isAway($0) }) { return earliest }
    }
    return earliest
  }

  private func isAway(_ upstream: Int) -> Bool {
    if case .away = upstreams[upstream].standing(over: .any) { true } else { false }
  }

  private func mightTake(_ upstream: Int) -> Bool { upstreams[upstream].standing(over: .any) == .ready && upstreams[upstream].hasRoom }
}

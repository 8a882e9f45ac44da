// SPDX-License-Identifier: Apache-2.0
internal import CLinux
internal import Glibc
package import Timekeeping

/// Finds the systemd unit of a control group by the group's id.
///
/// The kernel gives an id and no name; without privilege the name is found by reading the whole hierarchy, some microseconds for each
/// group. So one reading remembers every group, ids that were not found are remembered as well, and after a reading there is a pause of
/// many times what it took: clients that come from ever new groups cost the loop at most a few hundredths of its time, and cannot keep a
/// service's group from being read with the rest. An id never changes its path and is not used again.
package struct CgroupNames: ~Copyable {
  /// What is known of a group.
  package enum Answer: Hashable, Sendable {
    /// The unit, or that it is in none.
    case found(CgroupUnit)
    /// There is no such group, or we may not see it.
    case notSeen
    /// It will be known when the pause is over.
    case notReadYet
    /// There is no hierarchy to look in.
    case notMounted
  }

  /// How often the hierarchy was read.
  package private(set) var readings = 0

  private let root: Descriptor?
  private let limits: CgroupTree.Limits
  private var known: [UInt64: CgroupUnit] = [:]
  private var missing: [UInt64: Moment] = [:]
  private var pauseEnds: Moment?

  /// The names in this machine's unified hierarchy, wherever systemd's layouts mount it.
  package init() {
    for path in ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"] {
      let number = unsafe clinux_open_cgroup2(path)
      if number >= 0 {
        self.init(root: Descriptor(owning: number))
        return
      }
    }
    self.init(root: nil)
  }

  /// The names in the hierarchy below an open directory; reads at most `groups` of them, and `groupsOfUnit` below any one unit.
  package init(root: consuming Descriptor?, groups: Int = 8192, groupsOfUnit: Int = 1024) {
    precondition(groups > 0 && groupsOfUnit > 0, "something is to be read")
    self.root = root
    limits = CgroupTree.Limits(groups: groups, groupsOfUnit: groupsOfUnit)
  }

  /// The unit of the group with this id; may read the hierarchy.
  package mutating func unit(of id: UInt64, at now: Moment) -> Answer {
    if let unit = known[id] { return .found(unit) }
    guard let root = root.number else { return .notMounted }
    if let end = missing[id] {
      if now < end { return .notSeen }
      missing[id] = nil
    }
    if let pauseEnds, now < pauseEnds { return .notReadYet }
    let isComplete = read(root, now)
    if let unit = known[id] { return .found(unit) }
    if missing.count >= CgroupNames.mostMissing { missing.removeAll(keepingCapacity: true) }
    missing[id] = isComplete ? .distantFuture : now + CgroupNames.doubt
    return .notSeen
  }

  /// Reads the hierarchy now; the first time takes the kernel four times as long as those that follow.
  package mutating func readAhead(at now: Moment) {
    guard let root = root.number else { return }
    _ = read(root, now)
  }

  private mutating func read(_ root: Int32, _ now: Moment) -> Bool {
    let tree = CgroupTree(root: root, limits: limits)
    readings += 1
    pauseEnds = now + CgroupNames.pausePerGroup * max(tree.units.count, CgroupNames.fewest)
    known = tree.units
    return tree.isComplete
  }

  /// Twenty times and more what it takes to read one.
  private static let pausePerGroup = Duration.microseconds(100)
  private static let fewest = 10
  private static let mostMissing = 1024
  /// How long an id counts as missing that may be where we did not look.
  private static let doubt = Duration.seconds(10)
}

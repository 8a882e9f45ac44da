// SPDX-License-Identifier: Apache-2.0
/// Which systemd unit a control group belongs to, told by its path.
///
/// Below the root stand slices, in slices slices, then one unit, and everything below is the unit's: the first element that is not a
/// slice decides, as it does for journald's `_SYSTEMD_UNIT`. A deeper element must not: whoever runs in a unit with a delegated tree
/// (every user with a service manager of their own, every container) may make groups in it named like any service of the system.
package enum CgroupUnit: Hashable, Sendable {
  /// Only slices so far.
  case slice
  /// In this unit.
  case unit(String)
  /// Beside the tree that systemd keeps.
  case none

  /// What the path of a control group says, from the root of its hierarchy on.
  package init(path: String) {
    self = path.split(separator: "/").reduce(.slice) { $0.child(String($1)) }
  }

  /// What the text of `/proc/PID/cgroup` says: the unified hierarchy first, then systemd's own of old.
  package init(processFile text: String) {
    var (unified, legacy) = (CgroupUnit.none, CgroupUnit.none)
    for line in text.split(separator: "\n") {
      let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard fields.count == 3 else { continue }
      if fields[0] == "0", fields[1].isEmpty { unified = CgroupUnit(path: String(fields[2])) }
      if fields[1] == "name=systemd" { legacy = CgroupUnit(path: String(fields[2])) }
    }
    self = unified.name == nil && legacy.name != nil ? legacy : unified
  }

  /// What the group called `name` in this one belongs to.
  package func child(_ name: String) -> CgroupUnit {
    guard self == .slice else { return self }
    // systemd puts "_" before a name that could be mistaken for one of the kernel's files.
    let name = name.hasPrefix("_") ? String(name.dropFirst()) : name
    guard name.utf8.count <= 255, !name.hasPrefix("."), name.utf8.allSatisfy(CgroupUnit.isPartOfName) else { return .none }
    if name.hasSuffix(".slice") { return .slice }
    return name.hasSuffix(".service") || name.hasSuffix(".scope") ? .unit(name) : .none
  }

  /// The unit's name, if there is a unit.
  package var name: String? {
    switch self {
    case .unit(let name): name
    case .slice, .none: nil
    }
  }

  private static func isPartOfName(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
    case UInt8(ascii: ":"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."), UInt8(ascii: "\\"), UInt8(ascii: "@"): true
    default: false
    }
  }
}

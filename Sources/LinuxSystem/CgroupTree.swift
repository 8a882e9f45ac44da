// SPDX-License-Identifier: Apache-2.0
internal import CLinux
internal import Glibc

/// One reading of a control group hierarchy: which unit each group belongs to, by the group's id, which is its directory's inode number.
///
/// Read level by level, so that what is left out of a tree too large is what lies deepest; and no unit takes more than its share, so that
/// a unit that may make groups of its own hides nobody's but its own.
struct CgroupTree {
  /// How much is read.
  struct Limits {
    /// Groups in all.
    var groups = 8192
    /// Groups below one unit.
    var groupsOfUnit = 1024
    /// Levels below the root.
    var depth = 32
  }

  /// The unit of every group that was read.
  private(set) var units: [UInt64: CgroupUnit] = [:]
  /// Whether everything was read.
  private(set) var isComplete = true

  /// Reads the tree below an open directory.
  init(root: Int32, limits: Limits = Limits()) {
    var status = stat()
    guard unsafe fstat(root, &status) == 0 else {
      isComplete = false
      return
    }
    units[UInt64(status.st_ino)] = .slice
    var (places, next, shares) = ([Place(path: ".", unit: .slice, share: 0, depth: 0)], 0, [0])
    while next < places.count, units.count < limits.groups {
      let place = places[next]
      next += 1
      guard let directory = unsafe clinux_directory_open(root, place.path) else {
        // A group that has just been removed is no loss.
        if errno != ENOENT { isComplete = false }
        continue
      }
      defer { unsafe clinux_directory_close(directory) }
      var found = unsafe clinux_subdirectory()
      while units.count < limits.groups, unsafe clinux_directory_next(directory, &found) == 1 {
        guard unsafe found.device == UInt64(status.st_dev) else { continue }
        let name = unsafe String(cString: found.name)
        let unit = place.unit.child(name)
        var share = place.share
        if place.unit == .slice, unit != .slice {
          share = shares.count
          shares.append(0)
        }
        if unit != .slice { shares[share] += 1 }
        guard shares[share] <= limits.groupsOfUnit, place.depth < limits.depth else {
          isComplete = false
          continue
        }
        unsafe units[found.inode] = unit
        if unsafe found.links != 2 {
          places.append(Place(path: "\(place.path)/\(name)", unit: unit, share: share, depth: place.depth + 1))
        }
      }
    }
    if units.count >= limits.groups { isComplete = false }
  }

  /// A directory to be read.
  private struct Place {
    let path: String
    let unit: CgroupUnit
    let share: Int
    let depth: Int
  }
}

// SPDX-License-Identifier: Apache-2.0
internal import CLinux
internal import Glibc

/// The file through which a Unix socket is found, and who may open it.
package enum SocketFile {
  /// Gives the file to a group; that there is no such group is an absence.
  package static func give(_ path: String, to group: String) throws(SystemFailure) {
    guard let number = Self.number(of: group) else { throw SystemFailure(call: "find the group", subject: group, number: ENOENT) }
    guard unsafe chown(path, uid_t.max, number) == 0 else { throw SystemFailure.last("change the group of", path) }
  }

  /// Gives the file a mode.
  package static func protect(_ path: String, mode: UInt16) throws(SystemFailure) {
    guard unsafe chmod(path, mode_t(mode)) == 0 else { throw SystemFailure.last("change the mode of", path) }
  }

  private static func number(of group: String) -> gid_t? {
    if let number = gid_t(group) { return number }
    var entry = unsafe Glibc.group()
    var found: UnsafeMutablePointer<Glibc.group>?
    var memory = [CChar](repeating: 0, count: 16_384)
    guard unsafe getgrnam_r(group, &entry, &memory, memory.count, &found) == 0, unsafe found != nil else { return nil }
    return unsafe entry.gr_gid
  }
}

// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// What tells whether files are still what they were: which ones they are, how long, and when they were last written or given other rights.
package struct FileSignature: Hashable, Sendable {
  /// Where they are.
  package let paths: [String]
  private let files: [File?]

  /// Looks at files, through symbolic links; one that cannot be looked at is like one that is not there. The call may block.
  package init(of paths: [String]) {
    self.paths = paths
    files = paths.map { File($0) }
  }

  private struct File: Hashable, Sendable {
    let device: UInt64
    let number: UInt64
    let size: Int64
    let modifiedNSec: Int
    let changedNSec: Int

    init?(_ path: String) {
      var status = stat()
      guard unsafe stat(path, &status) == 0 else { return nil }
      device = UInt64(status.st_dev)
      number = UInt64(status.st_ino)
      size = Int64(status.st_size)
      modifiedNSec = status.st_mtim.tv_sec &* 1_000_000_000 &+ status.st_mtim.tv_nsec
      changedNSec = status.st_ctim.tv_sec &* 1_000_000_000 &+ status.st_ctim.tv_nsec
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSystem

/// A directory of its own for one test; gone with the object.
final class TemporaryDirectory {
  let path: String

  init?() {
    var template = Array("/tmp/posthouse-spool-XXXXXX".utf8CString)
    let made = unsafe template.withUnsafeMutableBufferPointer { unsafe mkdtemp($0.baseAddress!).map { unsafe String(cString: $0) } }
    guard let made else { return nil }
    path = made
  }

  deinit { TemporaryDirectory.remove(path) }

  private static func remove(_ directory: String) {
    for name in (try? LinuxDisk(at: directory).names(in: "")) ?? [] {
      let path = directory + "/" + name
      if unsafe unlink(path) != 0 { remove(path) }
    }
    _ = unsafe rmdir(directory)
  }
}

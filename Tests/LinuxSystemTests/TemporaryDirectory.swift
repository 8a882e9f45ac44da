// SPDX-License-Identifier: Apache-2.0
import Glibc

/// A directory of its own that is gone, with what it holds, when the last reference goes.
final class TemporaryDirectory {
  let path: String

  init() {
    var template = Array("/tmp/posthouse-test-XXXXXX".utf8CString)
    let made = unsafe template.withUnsafeMutableBufferPointer { unsafe mkdtemp($0.baseAddress!) != nil }
    precondition(made, "a temporary directory can be made")
    path = String(decoding: template.dropLast().map(UInt8.init), as: UTF8.self)
  }

  deinit { _ = unsafe system("rm -rf '\(path)'") }

  /// Makes a directory, and those above it, and answers its inode number.
  @discardableResult func makeDirectory(_ name: String) -> UInt64 {
    var made = path
    for part in name.split(separator: "/") {
      made += "/\(part)"
      unsafe mkdir(made, 0o755)
    }
    return inode(name)
  }

  /// The inode number of what has this name.
  func inode(_ name: String) -> UInt64 {
    var status = stat()
    precondition(unsafe stat("\(path)/\(name)", &status) == 0, "\(name) is there")
    return UInt64(status.st_ino)
  }

  /// Writes a file anew, as a new inode put in the place of the old.
  func write(_ text: String, to name: String) {
    let file = unsafe fopen("\(path)/\(name).new", "we")!
    unsafe fputs(text, file)
    unsafe fclose(file)
    precondition(unsafe rename("\(path)/\(name).new", "\(path)/\(name)") == 0, "\(name) can be replaced")
  }
}

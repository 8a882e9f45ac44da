// SPDX-License-Identifier: Apache-2.0
import Glibc

/// Runs a shell script to its end and answers what it printed; nil when it failed.
func shell(_ script: String) -> String? {
  guard let output = unsafe popen(script, "re") else { return nil }
  var text: [UInt8] = []
  var buffer = [UInt8](repeating: 0, count: 4096)
  while true {
    let count = unsafe fread(&buffer, 1, buffer.count, output)
    if count == 0 { break }
    text += buffer[..<count]
  }
  return unsafe pclose(output) == 0 ? String(decoding: text, as: UTF8.self) : nil
}

/// A directory of its own that is gone when the last reference goes.
final class TemporaryDirectory: Sendable {
  let path: String

  init() {
    var template = Array("/tmp/posthouse-test-XXXXXX".utf8CString)
    let made = unsafe template.withUnsafeMutableBufferPointer { unsafe mkdtemp($0.baseAddress!) != nil }
    precondition(made, "a temporary directory can be made")
    path = String(decoding: template.dropLast().map(UInt8.init), as: UTF8.self)
  }

  deinit { remove() }

  /// Removes it and what it holds.
  func remove() { _ = shell("rm -rf '\(path)'") }
}

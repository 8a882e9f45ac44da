// SPDX-License-Identifier: Apache-2.0
import Glibc
import Testing

/// A directory of one test, gone with it.
final class TemporaryDirectory: Sendable {
  let path: String

  init() throws {
    var template = Array("/tmp/posthouse-secrets-XXXXXX".utf8CString)
    let made = unsafe template.withUnsafeMutableBufferPointer { unsafe mkdtemp($0.baseAddress!) != nil }
    try #require(made)
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit { remove(path) }

  /// Writes a file and answers its path.
  @discardableResult
  func file(_ name: String, _ content: [UInt8], mode: mode_t = 0o600) throws -> String {
    let path = "\(self.path)/\(name)"
    let file = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
    try #require(file >= 0)
    defer { close(file) }
    fchmod(file, mode)
    let written = unsafe write(file, content, content.count)
    try #require(written == content.count)
    return path
  }

  /// Writes a file of text and answers its path.
  @discardableResult
  func file(_ name: String, _ text: String, mode: mode_t = 0o600) throws -> String { try file(name, Array(text.utf8), mode: mode) }

  /// Makes a directory inside and answers its path.
  func directory(_ name: String) throws -> String {
    let path = "\(self.path)/\(name)"
    let made = unsafe mkdir(path, 0o700)
    try #require(made == 0)
    return path
  }

  private func remove(_ path: String) {
    if let stream = unsafe opendir(path) {
      while let entry = unsafe readdir(stream) {
        let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) {
          unsafe String(cString: UnsafeRawPointer($0).assumingMemoryBound(to: CChar.self))
        }
        if name != ".", name != ".." { remove("\(path)/\(name)") }
      }
      unsafe closedir(stream)
      _ = unsafe rmdir(path)
    } else {
      _ = unsafe unlink(path)
    }
  }
}

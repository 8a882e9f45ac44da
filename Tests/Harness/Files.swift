// SPDX-License-Identifier: Apache-2.0
package import Glibc
internal import LinuxSystem

/// Whole files, read and written in one go.
package enum Files {
  /// The bytes of a file, or at least its first `limit` if it is longer.
  package static func bytes(at path: String, upTo limit: Int = .max) throws -> [UInt8] {
    let file = try Descriptor.checked(unsafe open(path, O_RDONLY | O_CLOEXEC), "open", path)
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: min(limit, 65_536))
    while true {
      let count = unsafe chunk.withUnsafeMutableBytes { unsafe read(file.number, $0.baseAddress, $0.count) }
      guard count >= 0 else { throw SystemFailure.last("read", path) }
      if count == 0 || bytes.count >= limit { return bytes }
      bytes += chunk[..<count]
    }
  }

  /// The text of a file; what is not UTF-8 is replaced.
  package static func text(at path: String) throws -> String { String(decoding: try bytes(at: path), as: UTF8.self) }

  /// Writes a file, replacing what was there.
  package static func write(_ bytes: [UInt8], to path: String, mode: mode_t = 0o644) throws {
    let file = try Descriptor.checked(unsafe open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode), "create", path)
    guard fchmod(file.number, mode) == 0 else { throw SystemFailure.last("chmod", path) }
    var written = 0
    while written < bytes.count {
      let count = unsafe bytes.withUnsafeBytes { unsafe Glibc.write(file.number, $0.baseAddress! + written, bytes.count - written) }
      guard count > 0 else { throw SystemFailure.last("write", path) }
      written += count
    }
  }

  /// Writes a file of text, replacing what was there.
  package static func write(_ text: String, to path: String, mode: mode_t = 0o644) throws {
    try write(Array(text.utf8), to: path, mode: mode)
  }

  /// Whether there is anything with this name.
  package static func exists(_ path: String) -> Bool { unsafe access(path, F_OK) == 0 }

  /// The names in a directory, sorted, without `.` and `..`.
  package static func names(in directory: String) throws -> [String] {
    guard let stream = unsafe opendir(directory) else { throw SystemFailure.last("open the directory", directory) }
    defer { unsafe closedir(stream) }
    var names: [String] = []
    while let entry = unsafe readdir(stream) {
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { field in
        unsafe field.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  /// Whether `path` is a directory, symbolic links not followed.
  package static func isDirectory(_ path: String) -> Bool {
    var status = stat()
    return unsafe lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }
}

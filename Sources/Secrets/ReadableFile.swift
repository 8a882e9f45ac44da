// SPDX-License-Identifier: Apache-2.0
internal import Glibc
package import LinuxSystem

/// A file that somebody else wrote, opened for reading.
///
/// It is opened without waiting, so that a pipe in its place holds nobody up, and everything that is asked is asked of the open file, so
/// that nothing can be exchanged in between.
package struct ReadableFile: ~Copyable {
  private let descriptor: Descriptor
  private let status: stat
  private let path: String

  /// Whether a symbolic link may lead to the file.
  package enum Links: Sendable {
    case followed
    case refused
  }

  /// Opens a file.
  package init(opening path: String, links: Links = .followed) throws(SystemFailure) {
    let flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | (links == .refused ? O_NOFOLLOW : 0)
    let descriptor = try Descriptor.checked(unsafe open(path, flags), "open", path)
    var status = stat()
    guard unsafe fstat(descriptor.number, &status) == 0 else { throw SystemFailure.last("look at", path) }
    self.descriptor = descriptor
    self.status = status
    self.path = path
  }

  /// Whether nothing is there to be opened.
  package static func isMissing(_ path: String) -> Bool {
    do throws(SystemFailure) {
      _ = try ReadableFile(opening: path)
      return false
    } catch {
      return error.isAbsence
    }
  }

  /// Whether it is a plain file: no directory, device or pipe.
  package var isRegular: Bool { status.st_mode & S_IFMT == S_IFREG }

  /// Its number in its file system.
  package var number: UInt64 { UInt64(status.st_ino) }

  /// Its permissions.
  package var mode: UInt16 { UInt16(status.st_mode & 0o7777) }

  /// The user it belongs to.
  package var owner: UInt32 { status.st_uid }

  /// Its size in bytes when it was opened.
  package var size: Int64 { Int64(status.st_size) }

  /// When it was last written, in microseconds of civil time.
  package var modifiedUSec: Int64 { Int64(status.st_mtim.tv_sec) * 1_000_000 + Int64(status.st_mtim.tv_nsec) / 1000 }

  /// The whole content; a longer one than `limit` is the failure `EFBIG`.
  package func content(limit: Int) throws(SystemFailure) -> [UInt8] {
    let content = try beginning(limit + 1)
    guard content.count <= limit else { throw SystemFailure(call: "read", subject: path, number: EFBIG) }
    return content
  }

  /// The first `count` bytes, or fewer when there are not so many.
  package func beginning(_ count: Int) throws(SystemFailure) -> [UInt8] {
    var content: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: min(count, 65_536))
    while content.count < count {
      let read = unsafe Glibc.read(descriptor.number, &piece, min(piece.count, count - content.count))
      if read < 0, errno == EINTR { continue }
      guard read >= 0 else { throw SystemFailure.last("read", path) }
      if read == 0 { break }
      content += piece[..<read]
    }
    return content
  }

  /// The names in a directory that do not begin with a dot, in the order of their bytes.
  package static func names(in directory: String) throws(SystemFailure) -> [String] {
    guard let stream = unsafe opendir(directory) else { throw SystemFailure.last("open", directory) }
    defer { unsafe closedir(stream) }
    var names: [String] = []
    while let entry = unsafe readdir(stream) {
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { pointer in
        unsafe pointer.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
      }
      if !name.hasPrefix(".") { names.append(name) }
    }
    return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }
}

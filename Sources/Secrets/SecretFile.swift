// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import LinuxSystem

/// A file that holds one secret, read only when nobody else could have read or changed it.
///
/// Symbolic links are followed, because Kubernetes and secret stores hand files over as links; what counts is the file that was really
/// opened, and all questions are asked of the open descriptor, so that nothing can be exchanged in between. It is opened without
/// waiting, so a pipe put in its place cannot hold anybody up.
enum SecretFile {
  /// Who keeps others away from a file.
  enum Guard {
    /// Its own mode and owner, which are checked.
    case byItself
    /// The directory it is in; systemd gives credentials modes that depend on the file system.
    case byItsDirectory
  }

  /// The content of a file.
  static func read(_ path: String, guarded: Guard) throws(SecretFailure) -> [UInt8] {
    let file = try open(path)
    var status = stat()
    guard unsafe fstat(file.number, &status) == 0 else { throw .unreadable(SystemFailure.last("look at", path)) }
    guard status.st_mode & S_IFMT == S_IFREG else { throw .notAFile(path: path) }
    switch guarded {
    case .byItself: try check(status, path)
    case .byItsDirectory: break
    }
    return try content(of: file, path)
  }

  private static func open(_ path: String) throws(SecretFailure) -> Descriptor {
    let flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY
    do throws(SystemFailure) {
      return try Descriptor.checked(unsafe Glibc.open(path, flags), "open", path)
    } catch {
      throw error.number == ENOENT ? .absent(path: path) : .unreadable(error)
    }
  }

  private static func check(_ status: stat, _ path: String) throws(SecretFailure) {
    let mode = UInt16(status.st_mode & 0o7777)
    guard mode & 0o077 == 0 else { throw .tooOpen(path: path, mode: mode) }
    guard status.st_uid == 0 || status.st_uid == geteuid() else { throw .foreignOwner(path: path, owner: status.st_uid) }
  }

  private static func content(of file: borrowing Descriptor, _ path: String) throws(SecretFailure) -> [UInt8] {
    var content: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = unsafe Glibc.read(file.number, &piece, piece.count)
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw .unreadable(SystemFailure.last("read", path)) }
      if count == 0 { return content }
      content += piece[..<count]
      guard content.count <= SecretReader.longest else { throw .tooLarge("\"\(path)\"") }
    }
  }
}

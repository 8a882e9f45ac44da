// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import LinuxSystem

/// A file that holds one secret, read only when nobody else could have read or changed it.
///
/// Symbolic links are followed, because Kubernetes and secret stores hand files over as links; what counts is the file that was really
/// opened.
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
    switch guarded {
    case .byItself: try check(file, path)
    case .byItsDirectory: guard file.isRegular else { throw .notAFile(path: path) }
    }
    do throws(SystemFailure) {
      return try file.content(limit: SecretReader.longest)
    } catch {
      throw error.number == EFBIG ? .tooLarge("\"\(path)\"") : .unreadable(error)
    }
  }

  /// Looks at a file that somebody else will read.
  static func inspect(_ path: String) throws(SecretFailure) { try check(open(path), path) }

  private static func check(_ file: borrowing ReadableFile, _ path: String) throws(SecretFailure) {
    guard file.isRegular else { throw .notAFile(path: path) }
    guard file.mode & 0o077 == 0 else { throw .tooOpen(path: path, mode: file.mode) }
    guard file.owner == 0 || file.owner == geteuid() else { throw .foreignOwner(path: path, owner: file.owner) }
  }

  private static func open(_ path: String) throws(SecretFailure) -> ReadableFile {
    do throws(SystemFailure) {
      return try ReadableFile(opening: path)
    } catch {
      throw error.isAbsence ? .absent(path: path) : .unreadable(error)
    }
  }
}

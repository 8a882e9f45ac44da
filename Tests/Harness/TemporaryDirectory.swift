// SPDX-License-Identifier: Apache-2.0
package import Glibc
internal import LinuxSystem
internal import Synchronization

/// A directory that one test has for itself, with a path short enough for Unix sockets.
package final class TemporaryDirectory: Sendable {
  /// Its absolute path.
  package let path: String
  private let names = Mutex<Int>(0)

  /// A fresh one; others may enter it, as servers that give up their privilege must.
  package init() throws {
    var template = Array("/tmp/posthouse.XXXXXX".utf8CString)
    let made = unsafe template.withUnsafeMutableBufferPointer { buffer in
      unsafe mkdtemp(buffer.baseAddress!).map { unsafe String(cString: $0) }
    }
    guard let made else { throw SystemFailure.last("make a directory in", "/tmp") }
    path = made
    unsafe chmod(path, 0o755)
  }

  /// The path of a name in it.
  package subscript(name: String) -> String { "\(path)/\(name)" }

  /// Makes a directory in it, for `owner` if one is named, and answers its path.
  @discardableResult
  package func makeDirectory(_ name: String, mode: mode_t = 0o755, owner: String? = nil) throws -> String {
    guard unsafe mkdir(self[name], mode) == 0 else { throw SystemFailure.last("make the directory", self[name]) }
    if let owner {
      guard let entry = unsafe getpwnam(owner) else { throw HarnessFailure("there is no user \"\(owner)\" on this machine") }
      guard unsafe chown(self[name], entry.pointee.pw_uid, entry.pointee.pw_gid) == 0 else {
        throw SystemFailure.last("give away", self[name])
      }
    }
    return self[name]
  }

  /// A path in it that nothing has yet, beginning with `stem`.
  package func freshName(_ stem: String) -> String {
    let number = names.withLock { count in
      count += 1
      return count
    }
    return self["\(number)-\(stem)"]
  }

  /// Removes it with everything in it.
  package func remove() {
    do {
      let pid = try Spawn(program: "/bin/rm", arguments: ["-rf", "--", path], environment: [:], descriptors: [:]).start()
      var status: Int32 = 0
      while unsafe waitpid(pid, &status, 0) < 0, errno == EINTR {}
    } catch {
      print("\(path) is left behind: \(error)")
    }
  }
}

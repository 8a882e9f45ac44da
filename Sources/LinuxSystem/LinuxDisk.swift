// SPDX-License-Identifier: Apache-2.0
internal import CLinux
internal import Glibc

/// A directory tree on a real file system.
///
/// Everything is opened below the root's descriptor, name by name, and no step follows a symbolic link, so that whoever may write
/// elsewhere on the machine cannot lead us out. Files are our own, regular and have one name; anything else is refused (`EPERM`).
/// Directories are made with mode 0700, files with 0600.
package final class LinuxDisk: Disk {
  private let root: Int32
  /// Where the tree is, for messages.
  package let path: String

  /// Opens the tree at `path`, which must be a directory.
  package init(at path: String) throws(SystemFailure) {
    self.path = path
    root = unsafe clinux_open_root(path)
    if root < 0 { throw .last("open", path) }
  }

  /// Opens the tree at `path`, after making its last directory when it is not there.
  package static func makingDirectory(at path: String) throws(SystemFailure) -> LinuxDisk {
    if unsafe mkdir(path, 0o700) != 0, errno != EEXIST { throw .last("make directory", path) }
    return try LinuxDisk(at: path)
  }

  deinit { close(root) }

  package func open(_ path: String, _ mode: DiskOpenMode) throws(SystemFailure) -> any DiskFile {
    let flag =
      switch mode {
      case .read: clinux_open_read
      case .readWrite: clinux_open_write
      case .create: clinux_open_create
      }
    let name = place(path)
    let descriptor = try inside(path) { unsafe clinux_open_file($0, name, Int32(flag)) }
    if descriptor < 0 { throw failure("open", path) }
    return LinuxDiskFile(descriptor, subject: full(path))
  }

  package func openLocked(_ path: String) throws(SystemFailure) -> (any DiskFile)? {
    let name = place(path)
    let descriptor = try inside(path) { unsafe clinux_open_locked($0, name) }
    if descriptor == -2 { return nil }
    if descriptor < 0 { throw failure("lock", path) }
    return LinuxDiskFile(descriptor, subject: full(path))
  }

  package func names(in directory: String) throws(SystemFailure) -> [String] {
    try inside(directory + "/") { descriptor throws(SystemFailure) in
      var room = 65_536
      while true {
        var used: Int64 = 0
        let buffer = unsafe [CChar](unsafeUninitializedCapacity: room) { bytes, count in
          used = unsafe clinux_names(descriptor, bytes.baseAddress, room)
          count = max(0, min(Int(used), room))
        }
        if used < 0 { throw failure("list", directory) }
        if used <= room { return buffer.split(separator: 0).map { String(decoding: $0.map(UInt8.init(bitPattern:)), as: UTF8.self) } }
        room = Int(used) + 65_536
      }
    }
  }

  package func makeDirectory(_ path: String) throws(SystemFailure) {
    let name = place(path)
    let result = try inside(path) { unsafe mkdirat($0, name, 0o700) }
    if result != 0, errno != EEXIST { throw failure("make directory", path) }
  }

  package func rename(_ path: String, to newPath: String) throws(SystemFailure) {
    let (name, newName) = (place(path), place(newPath))
    let result = try inside(path) { source throws(SystemFailure) in
      try inside(newPath) { target in unsafe renameat(source, name, target, newName) }
    }
    if result != 0 { throw failure("rename", path) }
  }

  package func remove(_ path: String) throws(SystemFailure) {
    let name = place(path)
    let result = try inside(path) { unsafe unlinkat($0, name, 0) }
    if result != 0 { throw failure("remove", path) }
  }

  package func syncDirectory(_ path: String) throws(SystemFailure) {
    let result = try inside(path + "/") { fsync($0) }
    if result != 0 { throw failure("sync directory", path) }
  }

  package func space() throws(SystemFailure) -> DiskSpace {
    var (bytes, files): (Int64, Int64) = (0, 0)
    if unsafe clinux_space(root, &bytes, &files) != 0 { throw failure("look at the space of", "") }
    return DiskSpace(freeBytes: bytes, freeFiles: files < 0 ? .max : files)
  }

  /// The last name in a path.
  private func place(_ path: String) -> String { String(path.split(separator: "/").last ?? "") }

  private func full(_ path: String) -> String { path.isEmpty ? self.path : self.path + "/" + path }

  private func failure(_ call: String, _ path: String) -> SystemFailure { .last(call, full(path)) }

  /// Calls `body` with the directory that holds the last name of `path`; all of `path` is that directory when it ends in a slash.
  private func inside<Answer>(_ path: String, _ body: (Int32) throws(SystemFailure) -> Answer) throws(SystemFailure) -> Answer {
    let names = path.split(separator: "/", omittingEmptySubsequences: false).dropLast().filter { !$0.isEmpty }
    precondition(!names.contains(".."), "a path on a disk never climbs")
    var directory = root
    for name in names {
      let next = unsafe clinux_open_directory(directory, String(name))
      let reason = errno
      if directory != root { close(directory) }
      if next < 0 { throw SystemFailure(call: "open", subject: full(path), number: reason) }
      directory = next
    }
    defer {
      let reason = errno
      if directory != root { close(directory) }
      errno = reason
    }
    return try body(directory)
  }
}

// SPDX-License-Identifier: Apache-2.0
import Glibc
import Testing

@testable import LinuxSystem

@Suite struct LinuxDiskTests {
  @Test func `files and directories are ours alone, and bytes come back`() throws {
    try withDirectory { path in
      let disk = try LinuxDisk.makingDirectory(at: path + "/spool")
      try disk.makeDirectory("journal")
      try disk.makeDirectory("journal")
      let file = try disk.open("journal/a", .create)
      try file.write([[1, 2], [], [3]] + Array(repeating: [7], count: 2000), at: 5)
      #expect(try file.size() == 2008)
      #expect(try file.read(10, at: 4) == [0, 1, 2, 3, 7, 7, 7, 7, 7, 7])
      #expect(try file.read(10, at: 2006) == [7, 7] && file.read(10, at: 9000) == [])
      try file.fillWithZeros(upTo: 700_000)
      #expect(try file.size() == 700_000 && file.read(5, at: 699_990).allSatisfy { $0 == 0 } && file.read(1, at: 5) == [1])
      try file.truncate(to: 6)
      try file.sync()
      try disk.syncDirectory("journal")
      try disk.syncDirectory("")
      #expect(mode(path + "/spool") == 0o700 && mode(path + "/spool/journal") == 0o700 && mode(path + "/spool/journal/a") == 0o600)
      try disk.rename("journal/a", to: "b")
      #expect(try disk.names(in: "journal").isEmpty && Set(disk.names(in: "")) == ["journal", "b"])
      #expect(try disk.open("b", .read).read(9, at: 0) == [0, 0, 0, 0, 0, 1])
      try disk.remove("b")
      let space = try disk.space()
      #expect(space.freeBytes > 0 && space.freeFiles > 0)
    }
  }

  @Test func `links, pipes, second names and what is not there are refused`() throws {
    try withDirectory { path in
      let disk = try LinuxDisk(at: path)
      _ = try disk.open("real", .create)
      let made = unsafe [
        symlink("real", path + "/link"), symlink("/tmp", path + "/away"), mkfifo(path + "/pipe", 0o600),
        link(path + "/real", path + "/second"),
      ]
      #expect(made == [0, 0, 0, 0])
      #expect(failure { _ = try disk.open("link", .read) } == ELOOP)
      #expect(failure { _ = try disk.open("away/x", .create) } == ENOTDIR)
      #expect(failure { _ = try disk.names(in: "away") } == ENOTDIR)
      #expect(failure { _ = try disk.open("pipe", .read) } == EPERM)
      #expect(failure { _ = try disk.open("second", .readWrite) } == EPERM)
      #expect(failure { _ = try disk.open("nothing", .readWrite) } == ENOENT)
      #expect(failure { _ = try disk.open("real", .create) } == EEXIST)
      #expect(failure { try disk.remove("nothing") } == ENOENT)
      #expect(failure { _ = try LinuxDisk(at: path + "/nothing") } == ENOENT)
    }
  }

  @Test func `a lock keeps others out as long as its file is held`() throws {
    try withDirectory { path in
      let (disk, other) = (try LinuxDisk(at: path), try LinuxDisk(at: path))
      var held = try disk.openLocked("lock")
      #expect(held != nil)
      #expect(try other.openLocked("lock") == nil)
      held = nil
      #expect(try other.openLocked("lock") != nil)
    }
  }

  private func failure(_ body: () throws -> Void) -> Int32? {
    do {
      try body()
      return nil
    } catch { return (error as? SystemFailure)?.number }
  }

  private func mode(_ path: String) -> UInt32 {
    var status = stat()
    return unsafe stat(path, &status) == 0 ? status.st_mode & 0o777 : 0
  }

  private func withDirectory(_ body: (String) throws -> Void) throws {
    var template = Array("/tmp/posthouse-disk-XXXXXX".utf8CString)
    let path = unsafe template.withUnsafeMutableBufferPointer { unsafe mkdtemp($0.baseAddress!).map { unsafe String(cString: $0) } }
    let directory = try #require(path)
    defer { remove(directory) }
    try body(directory)
  }

  /// Takes away a directory with all that is in it, links not followed.
  private func remove(_ directory: String) {
    for name in (try? LinuxDisk(at: directory).names(in: "")) ?? [] {
      let path = directory + "/" + name
      if unsafe unlink(path) != 0 { remove(path) }
    }
    _ = unsafe rmdir(directory)
  }
}

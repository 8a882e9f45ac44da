// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import LinuxSystem

/// The lock that keeps a second daemon out of a spool; the file names the process that has it.
enum SpoolLock {
  /// Takes the lock; it is held as long as the answer lives.
  static func take(_ disk: any Disk) throws(SpoolFailure) -> any DiskFile {
    let file = try SpoolFailure.system { () throws(SystemFailure) in try disk.openLocked(SpoolFormat.lockFile) }
    guard let file else { throw .inUse(by: holder(disk)) }
    try SpoolFailure.system { () throws(SystemFailure) in
      try file.truncate(to: 0)
      try file.write([Array("\(getpid())\n".utf8)], at: 0)
    }
    return file
  }

  private static func holder(_ disk: any Disk) -> Int? {
    let text = Result { () throws(SystemFailure) in try disk.open(SpoolFormat.lockFile, .read).read(32, at: 0) }
    guard case .success(let bytes) = text else { return nil }
    return Int(String(decoding: bytes.prefix { $0 != 10 }, as: UTF8.self))
  }
}

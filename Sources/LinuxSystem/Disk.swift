// SPDX-License-Identifier: Apache-2.0
/// The part of a disk that one directory tree takes up: what the spool asks of storage, and nothing more.
///
/// Every call may block; the journal thread or a worker makes them, never the loop (except while starting). Two conformers:
/// ``LinuxDisk``, and a simulated one for the tests that loses, tears and reorders what was not synced, as a real one may. Paths are
/// relative to the root, made of names without `..`, and no call follows a symbolic link.
package protocol Disk: AnyObject, Sendable {
  /// Opens a file for reading and writing.
  func open(_ path: String, _ mode: DiskOpenMode) throws(SystemFailure) -> any DiskFile
  /// Opens or makes a file and locks it for as long as the answer lives; nil when somebody else holds the lock.
  func openLocked(_ path: String) throws(SystemFailure) -> (any DiskFile)?
  /// The names in a directory, in no order, `.` and `..` left out; the empty path is the root.
  func names(in directory: String) throws(SystemFailure) -> [String]
  /// Makes a directory with mode 0700 unless it is there.
  func makeDirectory(_ path: String) throws(SystemFailure)
  /// Gives a file another name, replacing what had that name.
  func rename(_ path: String, to newPath: String) throws(SystemFailure)
  /// Takes a file's name away.
  func remove(_ path: String) throws(SystemFailure)
  /// Makes the names in a directory durable; the empty path is the root.
  func syncDirectory(_ path: String) throws(SystemFailure)
  /// What is free for us on this file system.
  func space() throws(SystemFailure) -> DiskSpace
}

/// One open file; closed when the last reference goes.
package protocol DiskFile: AnyObject, Sendable {
  /// Its length in bytes.
  func size() throws(SystemFailure) -> Int64
  /// Writes all the pieces, one behind the other, from `offset` on.
  func write(_ pieces: [[UInt8]], at offset: Int64) throws(SystemFailure)
  /// Reads up to `count` bytes; fewer only at the end of the file.
  func read(_ count: Int, at offset: Int64) throws(SystemFailure) -> [UInt8]
  /// Reserves and zeroes room up to a length, so that later writes need no new blocks.
  func fillWithZeros(upTo size: Int64) throws(SystemFailure)
  /// The same without writing the zeros, where the file system can: less to write, but each sync of what is written there for the first
  /// time must note that too.
  func reserve(upTo size: Int64) throws(SystemFailure)
  /// Sets the length.
  func truncate(to size: Int64) throws(SystemFailure)
  /// Returns when everything written is on stable storage. After a failure nothing is known about what was written since the last success.
  func sync() throws(SystemFailure)
}

/// How a file is opened.
package enum DiskOpenMode: Sendable {
  /// It must be there; reading only.
  case read
  /// It must be there.
  case readWrite
  /// It must not be there; mode 0600.
  case create
}

/// What a file system has left.
package struct DiskSpace: Hashable, Sendable {
  /// Bytes an unprivileged user may still write.
  package var freeBytes: Int64
  /// Files that may still be made; the largest number where the file system does not count them.
  package var freeFiles: Int64

  /// So much room.
  package init(freeBytes: Int64, freeFiles: Int64) {
    self.freeBytes = freeBytes
    self.freeFiles = freeFiles
  }
}

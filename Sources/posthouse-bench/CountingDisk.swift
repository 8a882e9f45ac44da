// SPDX-License-Identifier: Apache-2.0
import LinuxSystem
import Synchronization

/// A disk that counts the syncs of its files, and passes everything on.
final class CountingDisk: Disk {
  private let disk: LinuxDisk
  private let counter = SyncCounter()

  /// A disk over a real directory.
  init(at path: String) throws(SystemFailure) { disk = try LinuxDisk(at: path) }

  /// How often a file was synced.
  var syncs: Int { counter.count }

  func open(_ path: String, _ mode: DiskOpenMode) throws(SystemFailure) -> any DiskFile {
    CountingFile(try disk.open(path, mode), counter)
  }

  func openLocked(_ path: String) throws(SystemFailure) -> (any DiskFile)? { try disk.openLocked(path) }
  func names(in directory: String) throws(SystemFailure) -> [String] { try disk.names(in: directory) }
  func makeDirectory(_ path: String) throws(SystemFailure) { try disk.makeDirectory(path) }
  func rename(_ path: String, to newPath: String) throws(SystemFailure) { try disk.rename(path, to: newPath) }
  func remove(_ path: String) throws(SystemFailure) { try disk.remove(path) }
  func syncDirectory(_ path: String) throws(SystemFailure) { try disk.syncDirectory(path) }
  func space() throws(SystemFailure) -> DiskSpace { try disk.space() }
}

/// What all files of a disk count into.
private final class SyncCounter: Sendable {
  private let value = Atomic<Int>(0)

  var count: Int { value.load(ordering: .relaxed) }

  func add() { value.add(1, ordering: .relaxed) }
}

/// A file that is counted.
private final class CountingFile: DiskFile {
  private let file: any DiskFile
  private let counter: SyncCounter

  init(_ file: any DiskFile, _ counter: SyncCounter) {
    self.file = file
    self.counter = counter
  }

  func size() throws(SystemFailure) -> Int64 { try file.size() }
  func write(_ pieces: [[UInt8]], at offset: Int64) throws(SystemFailure) { try file.write(pieces, at: offset) }
  func read(_ count: Int, at offset: Int64) throws(SystemFailure) -> [UInt8] { try file.read(count, at: offset) }
  func fillWithZeros(upTo size: Int64) throws(SystemFailure) { try file.fillWithZeros(upTo: size) }
  func reserve(upTo size: Int64) throws(SystemFailure) { try file.reserve(upTo: size) }
  func truncate(to size: Int64) throws(SystemFailure) { try file.truncate(to: size) }

  func sync() throws(SystemFailure) {
    counter.add()
    try file.sync()
  }
}

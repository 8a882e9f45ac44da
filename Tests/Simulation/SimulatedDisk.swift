// SPDX-License-Identifier: Apache-2.0
internal import Glibc
package import LinuxSystem
internal import Synchronization

/// A disk in memory that may lose, tear and reorder whatever was not synced, as a real one may.
///
/// Files are durable as far as they were synced, names as far as their directory was. ``crash()`` decides by the seed what of the rest
/// survives: of each write all, nothing, a part up to some byte, or some of its sectors; of each name its making or its going, in any
/// order. After a failed sync what was written is half on the disk and never tried again, as under Linux. Faults are ordered by kind
/// and count of calls.
package final class SimulatedDisk: Disk {
  private let state: Mutex<State>

  /// An empty disk whose accidents a seed repeats.
  package init(seed: UInt64, capacity: Int64 = 1 << 40) {
    state = Mutex(State(random: SeededGenerator(seed: seed), capacity: capacity))
  }

  /// Whether syncs are only pretended: a disk that must be found out.
  package func ignoreSyncs() { state.withLock { $0.ignoresSyncs = true } }

  /// Lets the `nth` call of a kind from now on fail, and as many after it as `times` says.
  package func fail(_ call: Call, nth: Int = 1, times: Int = 1, with number: Int32) {
    state.withLock { $0.faults.append(Fault(call: call, wait: nth, times: times, number: number)) }
  }

  /// Takes back all faults that were ordered.
  package func heal() { state.withLock { $0.faults = [] } }

  /// Cuts the power in the middle of the `nth` call from now on; everything after it fails.
  package func cutPower(afterCalls nth: Int) { state.withLock { $0.powerLeft = nth } }

  /// Whether the power was cut.
  package var isOff: Bool { state.withLock { $0.isOff } }

  /// How much may be written before the disk is full.
  package func setCapacity(_ bytes: Int64) { state.withLock { $0.capacity = bytes } }

  /// Loses what a power failure may lose, and starts again: files that were open are of no use any more.
  package func crash() { state.withLock { $0.crash() } }

  /// Ends the process that used the disk: nothing is lost, but files that were open are of no use any more.
  package func kill() { state.withLock { $0.kill() } }

  /// What a power failure at this moment may leave, as a disk of its own.
  package func crashedCopy(seed: UInt64) -> SimulatedDisk {
    let copy = SimulatedDisk(seed: seed)
    state.withLock { original in copy.state.withLock { $0.take(original) } }
    copy.crash()
    return copy
  }

  /// Changes bytes of a file behind everybody's back, on the disk too.
  package func corrupt(_ path: String, at offset: Int, _ change: @Sendable (UInt8) -> UInt8) {
    state.withLock { $0.corrupt(path, offset, change) }
  }

  /// Cuts a file off behind everybody's back.
  package func cutOff(_ path: String, at size: Int) { state.withLock { $0.cutOff(path, size) } }

  /// How often a kind of call was made.
  package func count(of call: Call) -> Int { state.withLock { $0.counts[call] ?? 0 } }

  /// The kinds of calls that can be counted and made to fail.
  package enum Call: Hashable, Sendable, CaseIterable {
    case open
    case write
    case read
    case sync
    case fill
    case syncDirectory
    case remove
    case space
  }

  package func open(_ path: String, _ mode: DiskOpenMode) throws(SystemFailure) -> any DiskFile {
    try perform(.open, "open", path) { $0.open(path, mode) }
  }

  package func openLocked(_ path: String) throws(SystemFailure) -> (any DiskFile)? {
    let number: Result<Int?, Trouble> = state.withLock { $0.lock(path) }
    switch number {
    case .success(let file?): return SimulatedFile(self, file, path, epoch, holdsLock: true)
    case .success(nil): return nil
    case .failure(let trouble): throw SystemFailure(call: "lock", subject: path, number: trouble.number)
    }
  }

  package func names(in directory: String) throws(SystemFailure) -> [String] {
    state.withLock { $0.names(in: directory) }
  }

  package func makeDirectory(_ path: String) throws(SystemFailure) {
    try act(.open, "make directory", path) { $0.makeDirectory(path) }
  }

  package func rename(_ path: String, to newPath: String) throws(SystemFailure) {
    try act(.remove, "rename", path) { $0.rename(path, newPath) }
  }

  package func remove(_ path: String) throws(SystemFailure) {
    try act(.remove, "remove", path) { $0.remove(path) }
  }

  package func syncDirectory(_ path: String) throws(SystemFailure) {
    try act(.syncDirectory, "sync directory", path) { $0.syncDirectory(path) }
  }

  package func space() throws(SystemFailure) -> DiskSpace {
    let outcome = state.withLock { state in state.begin(.space).map { _ in state.capacity - state.used } }
    switch outcome {
    case .success(let free): return DiskSpace(freeBytes: max(0, free), freeFiles: .max)
    case .failure(let trouble): throw SystemFailure(call: "look at the space of", subject: "", number: trouble.number)
    }
  }

  var epoch: Int { state.withLock { $0.epoch } }

  func unlock(_ path: String, _ epoch: Int) { state.withLock { $0.unlock(path, epoch) } }

  private func perform(
    _ call: Call, _ name: String, _ path: String, _ body: (inout State) -> Result<Int, Trouble>
  ) throws(SystemFailure) -> any DiskFile {
    let outcome = state.withLock { state in state.begin(call).flatMap { _ in body(&state) } }
    switch outcome {
    case .success(let file): return SimulatedFile(self, file, path, epoch, holdsLock: false)
    case .failure(let trouble): throw SystemFailure(call: name, subject: path, number: trouble.number)
    }
  }

  private func act(_ call: Call, _ name: String, _ path: String, _ body: (inout State) -> Result<Void, Trouble>) throws(SystemFailure) {
    let outcome = state.withLock { state in state.begin(call).flatMap { _ in body(&state) } }
    if case .failure(let trouble) = outcome { throw SystemFailure(call: name, subject: path, number: trouble.number) }
  }

  /// Does something with an open file.
  func use<Answer: Sendable>(
    _ call: Call, _ name: String, _ path: String, _ epoch: Int, _ body: @Sendable (inout SimulatedDiskState) -> Result<Answer, Trouble>
  ) throws(SystemFailure) -> Answer {
    let outcome: Result<Answer, Trouble> = state.withLock { state in
      guard state.epoch == epoch else { return .failure(Trouble(number: EBADF)) }
      return state.begin(call).flatMap { _ in body(&state) }
    }
    switch outcome {
    case .success(let answer): return answer
    case .failure(let trouble): throw SystemFailure(call: name, subject: path, number: trouble.number)
    }
  }

  typealias State = SimulatedDiskState

  /// An error number on its way out.
  struct Trouble: Error {
    var number: Int32
  }

  struct Fault {
    var call: Call
    var wait: Int
    var times: Int
    var number: Int32
  }
}

/// An open file of a simulated disk.
private final class SimulatedFile: DiskFile {
  private let disk: SimulatedDisk
  private let file: Int
  private let path: String
  private let epoch: Int
  private let holdsLock: Bool

  init(_ disk: SimulatedDisk, _ file: Int, _ path: String, _ epoch: Int, holdsLock: Bool) {
    self.disk = disk
    self.file = file
    self.path = path
    self.epoch = epoch
    self.holdsLock = holdsLock
  }

  deinit { if holdsLock { disk.unlock(path, epoch) } }

  func size() throws(SystemFailure) -> Int64 {
    try disk.use(.read, "look at", path, epoch) { [file] in .success(Int64($0.size(of: file))) }
  }

  func write(_ pieces: [[UInt8]], at offset: Int64) throws(SystemFailure) {
    var bytes: [UInt8] = []
    for piece in pieces { bytes += piece }
    try disk.use(.write, "write", path, epoch) { [file, bytes] in $0.write(bytes, Int(offset), to: file) }
  }

  func read(_ count: Int, at offset: Int64) throws(SystemFailure) -> [UInt8] {
    try disk.use(.read, "read", path, epoch) { [file] in .success($0.read(count, Int(offset), from: file)) }
  }

  func fillWithZeros(upTo size: Int64) throws(SystemFailure) {
    try disk.use(.fill, "reserve room for", path, epoch) { [file] in $0.fill(file, upTo: Int(size)) }
  }

  func reserve(upTo size: Int64) throws(SystemFailure) { try fillWithZeros(upTo: size) }

  func truncate(to size: Int64) throws(SystemFailure) {
    try disk.use(.write, "set the length of", path, epoch) { [file] in $0.truncate(file, to: Int(size)) }
  }

  func sync() throws(SystemFailure) {
    try disk.use(.sync, "sync", path, epoch) { [file] in $0.sync(file) }
  }
}

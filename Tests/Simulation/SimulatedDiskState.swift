// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import LinuxSystem

/// What a simulated disk holds: what its users see, what is on the plates, and what is on the way between.
struct SimulatedDiskState: Sendable {
  typealias Trouble = SimulatedDisk.Trouble

  private var random: SeededGenerator
  var capacity: Int64
  var ignoresSyncs = false
  var faults: [SimulatedDisk.Fault] = []
  var counts: [SimulatedDisk.Call: Int] = [:]
  /// How many calls are left before the power goes.
  var powerLeft: Int?
  private(set) var isOff = false
  /// Grows with every crash, so that files opened before are known.
  private(set) var epoch = 0
  private var isCutting = false
  private var files: [Int: Inode] = [:]
  private var nextFile = 1
  private var names: [String: Int] = [:]
  private var durableNames: [String: Int] = [:]
  private var directories: Set<String> = [""]
  private var durableDirectories: Set<String> = [""]
  private var nameChanges: [NameChange] = []
  private var locks: Set<String> = []

  private struct Inode {
    var content: [UInt8] = []
    var durable: [UInt8] = []
    var changes: [Change] = []
  }

  private enum Change {
    case write([UInt8], Int)
    case truncate(Int)
  }

  private struct NameChange {
    var path: String
    /// The file the name stands for from now on; nil when it goes, -1 for a directory.
    var file: Int?
  }

  init(random: SeededGenerator, capacity: Int64) {
    self.random = random
    self.capacity = capacity
  }

  /// How many bytes all files take.
  var used: Int64 { files.values.reduce(0) { $0 + Int64($1.content.count) } }

  /// Counts a call; it fails when a fault was ordered for it or the power is off.
  mutating func begin(_ call: SimulatedDisk.Call) -> Result<Void, Trouble> {
    if isOff { return .failure(Trouble(number: EIO)) }
    counts[call, default: 0] += 1
    if let left = powerLeft {
      powerLeft = left - 1
      isCutting = left <= 1
    }
    for place in faults.indices where faults[place].call == call {
      faults[place].wait -= 1
      guard faults[place].wait <= 0, faults[place].wait > -faults[place].times else { continue }
      let number = faults[place].number
      switch call {
      case .sync, .syncDirectory, .write: pendingTrouble = number
      case .open, .read, .fill, .remove, .space: return .failure(Trouble(number: number))
      }
    }
    return .success(())
  }

  private var pendingTrouble: Int32?

  /// How the call ends whose effect has just been had.
  private mutating func end() -> Result<Void, Trouble> {
    if isCutting {
      isOff = true
      return .failure(Trouble(number: EIO))
    }
    if let number = pendingTrouble {
      pendingTrouble = nil
      return .failure(Trouble(number: number))
    }
    return .success(())
  }

  mutating func open(_ path: String, _ mode: DiskOpenMode) -> Result<Int, Trouble> {
    if mode == .create {
      guard names[path] == nil else { return .failure(Trouble(number: EEXIST)) }
      guard directories.contains(SimulatedDiskState.parent(path)) else { return .failure(Trouble(number: ENOENT)) }
      let file = make(path)
      return end().map { file }
    }
    guard let file = names[path] else { return .failure(Trouble(number: ENOENT)) }
    return end().map { file }
  }

  private mutating func make(_ path: String) -> Int {
    let file = nextFile
    nextFile += 1
    files[file] = Inode()
    names[path] = file
    nameChanges.append(NameChange(path: path, file: file))
    return file
  }

  mutating func lock(_ path: String) -> Result<Int?, Trouble> {
    if isOff { return .failure(Trouble(number: EIO)) }
    guard locks.insert(path).inserted else { return .success(nil) }
    return .success(names[path] ?? make(path))
  }

  mutating func unlock(_ path: String, _ epoch: Int) { if epoch == self.epoch { locks.remove(path) } }

  func names(in directory: String) -> [String] {
    let prefix = directory.isEmpty ? "" : directory + "/"
    let all = Array(names.keys) + Array(directories).filter { !$0.isEmpty }
    return all.filter { $0.hasPrefix(prefix) && !$0.dropFirst(prefix.count).contains("/") }.map { String($0.dropFirst(prefix.count)) }
  }

  mutating func makeDirectory(_ path: String) -> Result<Void, Trouble> {
    if directories.insert(path).inserted { nameChanges.append(NameChange(path: path, file: -1)) }
    return end()
  }

  mutating func rename(_ path: String, _ newPath: String) -> Result<Void, Trouble> {
    guard let file = names.removeValue(forKey: path) else { return .failure(Trouble(number: ENOENT)) }
    names[newPath] = file
    nameChanges.append(NameChange(path: path, file: nil))
    nameChanges.append(NameChange(path: newPath, file: file))
    return end()
  }

  mutating func remove(_ path: String) -> Result<Void, Trouble> {
    guard names.removeValue(forKey: path) != nil else { return .failure(Trouble(number: ENOENT)) }
    nameChanges.append(NameChange(path: path, file: nil))
    return end()
  }

  mutating func syncDirectory(_ path: String) -> Result<Void, Trouble> {
    let result = end()
    guard !ignoresSyncs, case .success = result else { return result }
    for change in nameChanges where SimulatedDiskState.parent(change.path) == path { keep(change) }
    nameChanges.removeAll { SimulatedDiskState.parent($0.path) == path }
    return result
  }

  func size(of file: Int) -> Int { files[file]?.content.count ?? 0 }

  func read(_ count: Int, _ offset: Int, from file: Int) -> [UInt8] {
    guard let content = files[file]?.content, offset < content.count else { return [] }
    return Array(content[offset..<min(content.count, offset + count)])
  }

  mutating func write(_ bytes: [UInt8], _ offset: Int, to file: Int) -> Result<Void, Trouble> {
    let growth = Int64(max(0, offset + bytes.count - size(of: file)))
    guard used + growth <= capacity else { return .failure(Trouble(number: ENOSPC)) }
    let written = pendingTrouble == nil ? bytes : Array(bytes.prefix(Int.random(in: 0...bytes.count, using: &random)))
    files[file]?.content.overwrite(with: written, at: offset)
    files[file]?.changes.append(.write(written, offset))
    return end()
  }

  mutating func fill(_ file: Int, upTo size: Int) -> Result<Void, Trouble> {
    let present = self.size(of: file)
    guard size > present else { return end() }
    return write([UInt8](repeating: 0, count: size - present), present, to: file)
  }

  mutating func truncate(_ file: Int, to size: Int) -> Result<Void, Trouble> {
    files[file]?.content.setLength(size)
    files[file]?.changes.append(.truncate(size))
    return end()
  }

  mutating func sync(_ file: Int) -> Result<Void, Trouble> {
    let result = end()
    guard !ignoresSyncs, var inode = files[file] else { return result }
    if isOff { return result }
    if case .success = result {
      for change in inode.changes {
        switch change {
        case .write(let bytes, let offset): inode.durable.overwrite(with: bytes, at: offset)
        case .truncate(let size): inode.durable.setLength(size)
        }
      }
    } else {
      for change in inode.changes { settle(change, &inode.durable) }
    }
    inode.changes = []
    files[file] = inode
    return result
  }

  mutating func crash() {
    for file in files.keys.sorted() {
      guard var inode = files[file] else { continue }
      if Bool.random(using: &random) { inode.changes.shuffle(using: &random) }
      for change in inode.changes { settle(change, &inode.durable) }
      inode.changes = []
      inode.content = inode.durable
      files[file] = inode
    }
    for change in nameChanges where Bool.random(using: &random) { keep(change) }
    nameChanges = []
    directories = durableDirectories
    names = durableNames.filter { directories.contains(SimulatedDiskState.parent($0.key)) }
    durableNames = names
    let living = Set(names.values)
    files = files.filter { living.contains($0.key) }
    kill()
  }

  mutating func kill() {
    locks = []
    epoch += 1
    (isOff, isCutting, powerLeft, pendingTrouble) = (false, false, nil, nil)
  }

  mutating func take(_ other: SimulatedDiskState) {
    let random = random
    self = other
    self.random = random
  }

  mutating func corrupt(_ path: String, _ offset: Int, _ change: (UInt8) -> UInt8) {
    guard let file = names[path], var inode = files[file], offset < inode.content.count else { return }
    inode.content[offset] = change(inode.content[offset])
    if offset < inode.durable.count { inode.durable[offset] = inode.content[offset] }
    files[file] = inode
  }

  mutating func cutOff(_ path: String, _ size: Int) {
    guard let file = names[path] else { return }
    files[file]?.content.setLength(size)
    files[file]?.durable.setLength(size)
  }

  private mutating func keep(_ change: NameChange) {
    switch change.file {
    case .some(-1): durableDirectories.insert(change.path)
    case .some(let file): durableNames[change.path] = file
    case .none: durableNames[change.path] = nil
    }
  }

  /// Lets chance decide what of a change reaches the plates.
  private mutating func settle(_ change: Change, _ durable: inout [UInt8]) {
    switch change {
    case .truncate(let size): if Bool.random(using: &random) { durable.setLength(size) }
    case .write(let bytes, let offset):
      switch Int.random(in: 0..<4, using: &random) {
      case 0: break
      case 1: durable.overwrite(with: bytes, at: offset)
      case 2: durable.overwrite(with: Array(bytes.prefix(Int.random(in: 0...bytes.count, using: &random))), at: offset)
      default:
        var start = offset
        while start < offset + bytes.count {
          let end = min((start / 512 + 1) * 512, offset + bytes.count)
          if Bool.random(using: &random) { durable.overwrite(with: Array(bytes[start - offset..<end - offset]), at: start) }
          start = end
        }
      }
    }
  }

  private static func parent(_ path: String) -> String { path.split(separator: "/").dropLast().joined(separator: "/") }
}

extension [UInt8] {
  fileprivate mutating func overwrite(with bytes: [UInt8], at offset: Int) {
    if count < offset + bytes.count { setLength(offset + bytes.count) }
    replaceSubrange(offset..<offset + bytes.count, with: bytes)
  }

  fileprivate mutating func setLength(_ length: Int) {
    if length <= count { removeSubrange(length...) } else { append(contentsOf: [UInt8](repeating: 0, count: length - count)) }
  }
}

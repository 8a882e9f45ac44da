// SPDX-License-Identifier: Apache-2.0
internal import LinuxSystem
internal import Octets
internal import Timekeeping

/// The empty segments: those that are ready, the one that is being made ready, and the files that can be used again.
///
/// A worker prepares them ahead of need, so that no sender waits: a new file is filled with zeros and its name made durable, a recycled
/// one is only opened, since its old records mean nothing under a new salt. While batches are large, the zeros are left out: writing each
/// byte twice costs more then than what the file system has to note with each sync.
struct SegmentPool {
  private let limits: SpoolLimits
  private var spares: [SegmentFile]
  private var recycled: [UInt32] = []
  private var surplus: [UInt32] = []
  private var nextSlot: UInt32
  private var isPreparing = false
  private var usualBatch = 0
  /// Why the last preparation failed, if it did.
  private(set) var failure: SystemFailure?
  private var retry: Moment?

  /// A pool with the empty segments that are there; `nextSlot` is the first number never used in a name.
  init(_ limits: SpoolLimits, spares: [SegmentFile], nextSlot: UInt32) {
    self.limits = limits
    self.spares = spares
    self.nextSlot = nextSlot
  }

  /// Whether a segment is ready.
  var hasSpare: Bool { !spares.isEmpty }

  /// The bytes that empty segments take.
  var bytes: Int { (spares.count + recycled.count) * limits.segmentSize.bytes }

  /// Notes how long a batch was.
  mutating func note(batch length: Int) { usualBatch += (length - usualBatch) / 8 }

  /// Takes an empty segment.
  mutating func take() -> SegmentFile? { spares.popLast() }

  /// Takes back a segment that is needed no more.
  mutating func recycle(_ segment: SegmentLedger.Use) {
    let isUseful = segment.size == limits.segmentSize.bytes && !segment.isSuspect
    if isUseful, spares.count + recycled.count < limits.spareSegments + 1 {
      recycled.append(segment.slot)
    } else {
      surplus.append(segment.slot)
    }
  }

  /// Takes back a file that failed when it was begun; it is not used again.
  mutating func discard(_ slot: UInt32) { surplus.append(slot) }

  /// The files that may be removed.
  mutating func takeSurplus() -> [UInt32] {
    defer { surplus = [] }
    return surplus
  }

  /// The next preparation, unless one is under way or enough is ready.
  mutating func nextPreparation(at now: Moment) -> Preparation? {
    guard !isPreparing, spares.count < max(1, limits.spareSegments) else { return nil }
    if let slot = recycled.popLast() {
      isPreparing = true
      return Preparation(slot: slot, size: limits.segmentSize.bytes, making: .recycled)
    }
    if let retry, now < retry { return nil }
    isPreparing = true
    defer { nextSlot += 1 }
    let making = usualBatch >= limits.segmentSize.bytes / SegmentPool.fewBatches ? Preparation.Making.reserved : .zeroed
    return Preparation(slot: nextSlot, size: limits.segmentSize.bytes, making: making)
  }

  /// Takes what a preparation brought.
  mutating func finish(_ result: Result<SegmentFile, SystemFailure>, at now: Moment) {
    isPreparing = false
    switch result {
    case .success(let segment):
      spares.append(segment)
      (failure, retry) = (nil, nil)
    case .failure(let reason):
      (failure, retry) = (reason, now + limits.probeInterval)
    }
  }

  /// When a preparation that failed is tried again.
  var nextWake: Moment? { isPreparing || spares.count >= max(1, limits.spareSegments) ? nil : retry }

  /// A segment that takes so few batches is not filled with zeros first.
  private static let fewBatches = 64

  /// Making one segment ready.
  struct Preparation: Sendable {
    var slot: UInt32
    var size: Int
    var making: Making

    /// How a segment is made ready.
    enum Making: Sendable {
      /// Its file is there.
      case recycled
      /// A new file that is full of zeros.
      case zeroed
      /// A new file that only has its room.
      case reserved
    }

    /// Does it, on a worker.
    func execute(_ disk: any Disk) throws(SystemFailure) -> SegmentFile {
      let path = SpoolFormat.segmentPath(slot)
      guard making != .recycled else { return SegmentFile(slot: slot, file: try disk.open(path, .readWrite), size: size) }
      let file = try disk.open(path, .create)
      do throws(SystemFailure) {
        if making == .reserved { try file.reserve(upTo: Int64(size)) } else { try file.fillWithZeros(upTo: Int64(size)) }
        try file.sync()
        try disk.syncDirectory(SpoolFormat.journalDirectory)
      } catch {
        // A half-made file only wastes room; if it cannot be removed, the next start finds it.
        _ = Result { () throws(SystemFailure) in try disk.remove(path) }
        throw error
      }
      return SegmentFile(slot: slot, file: file, size: size)
    }
  }
}

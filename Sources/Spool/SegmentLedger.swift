// SPDX-License-Identifier: Apache-2.0
/// Which segments the journal consists of, oldest first, and how much of each is still needed.
///
/// A segment is given back only when it is the oldest: what settles a message stands behind the message, so it goes later than the message.
struct SegmentLedger {
  /// The segments, oldest first.
  private(set) var segments: [Use] = []

  /// One segment.
  struct Use: Hashable, Sendable {
    var identity: SegmentIdentity
    /// The number in its file's name.
    var slot: UInt32
    var size: Int
    /// Where its committed records end.
    var end: Int
    /// How many messages have their accepted record here.
    var liveCount = 0
    /// How many bytes these records take.
    var liveBytes = 0
    /// Something in it is damaged and could not be set aside yet.
    var isPinned = false
    /// Writing to it failed once; its file is not used again.
    var isSuspect = false
    /// A worker writes its summary.
    var isBusy = false

    var sequence: UInt32 { identity.sequence }
  }

  /// The newest segment with committed records.
  var last: Use? { segments.last }

  /// The bytes of all segment files.
  private(set) var totalBytes = 0

  /// The bytes of the records that are needed.
  private(set) var liveBytes = 0

  /// Adds the newest segment.
  mutating func append(_ use: Use) {
    precondition(use.sequence > segments.last?.sequence ?? 0, "segments grow by number")
    segments.append(use)
    totalBytes += use.size
    liveBytes += use.liveBytes
  }

  /// Notes how far the newest segment is committed.
  mutating func extendLast(to end: Int) { segments[segments.count - 1].end = end }

  /// Notes that writing to the newest segment failed.
  mutating func suspectLast() { segments[segments.count - 1].isSuspect = true }

  /// Notes whether a worker is busy with a segment.
  mutating func setBusy(_ isBusy: Bool, _ sequence: UInt32) {
    if let place = place(sequence) { segments[place].isBusy = isBusy }
  }

  /// Counts a record in.
  mutating func add(_ location: RecordLocation, units: UInt32) { change(location, by: 1, units: units) }

  /// Counts a record out.
  mutating func subtract(_ location: RecordLocation, units: UInt32) { change(location, by: -1, units: units) }

  /// The oldest segment that is still needed; the newest one always is.
  var oldestNeeded: UInt32 {
    for segment in segments.dropLast() where segment.liveCount > 0 || segment.isPinned || segment.isBusy { return segment.sequence }
    return segments.last?.sequence ?? 0
  }

  /// Takes out the segments before `sequence`.
  mutating func removeSegments(before sequence: UInt32) -> [Use] {
    let kept = segments.firstIndex { $0.sequence >= sequence } ?? segments.count
    let removed = Array(segments[..<kept])
    segments.removeFirst(kept)
    for segment in removed {
      totalBytes -= segment.size
      liveBytes -= segment.liveBytes
    }
    return removed
  }

  /// The segment with a number.
  func segment(_ sequence: UInt32) -> Use? { place(sequence).map { segments[$0] } }

  private mutating func change(_ location: RecordLocation, by count: Int, units: UInt32) {
    guard let place = place(location.sequence) else { return }
    let bytes = count * Int(units) * SpoolFormat.alignment
    segments[place].liveCount += count
    segments[place].liveBytes += bytes
    liveBytes += bytes
  }

  private func place(_ sequence: UInt32) -> Int? {
    if let last = segments.last, last.sequence == sequence { return segments.count - 1 }
    var (low, high) = (0, segments.count)
    while low < high {
      let middle = (low + high) / 2
      if segments[middle].sequence < sequence { low = middle + 1 } else { high = middle }
    }
    return low < segments.count && segments[low].sequence == sequence ? low : nil
  }
}

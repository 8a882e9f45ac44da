// SPDX-License-Identifier: Apache-2.0
internal import LinuxSystem
internal import Mail
internal import Octets

/// Reads single records back from the journal, on a worker.
struct RecordReader: Sendable {
  private let disk: any Disk
  private let segments: [SegmentLedger.Use]

  /// A reader of the journal that consists of these segments.
  init(_ disk: any Disk, _ segments: [SegmentLedger.Use]) {
    self.disk = disk
    self.segments = segments
  }

  /// A message as it stands, with the outcomes of all its attempts; the body only if it is asked for and not in a file of its own.
  func message(_ entry: QueueEntry, body: BodyWish) throws(ReadFailure) -> AcceptedRecord {
    let length = Int(entry.lengthUnits) * SpoolFormat.alignment
    let (header, bytes) = try record(at: entry.accepted, expecting: .accepted, length: body == .wanted ? length : min(length, 4096))
    let metaEnd = SpoolFormat.recordHeaderLength + header.metaLength
    var record: AcceptedRecord
    do throws(RecordDefect) {
      record = try AcceptedRecord(meta: bytes.span.extracting(SpoolFormat.recordHeaderLength..<metaEnd))
    } catch { throw .damaged(error) }
    guard record.id.number == entry.number else { throw .damaged(.malformed("another message stands there")) }
    if body == .wanted, case .memory = record.body {
      let span = bytes.span.extracting(metaEnd..<metaEnd + header.bodyLength)
      guard CRC32C.of(span) == header.bodyChecksum else { throw .damaged(.checksum("body")) }
      record.body = .memory(span.array)
    }
    (record.state, record.attempts, record.nextAttempt) = (entry.state, entry.attempts, entry.nextAttempt)
    try addOutcomes(to: &record, from: entry.settled, downTo: entry.accepted)
    record.isRelocated = true
    return record
  }

  /// The same as a value, for a worker's answer.
  func attempt(_ entry: QueueEntry, body: BodyWish) -> Result<AcceptedRecord, ReadFailure> {
    do throws(ReadFailure) { return .success(try message(entry, body: body)) } catch { return .failure(error) }
  }

  /// Whether the body is read.
  enum BodyWish: Sendable {
    case wanted
    case notWanted
  }

  /// Why a record cannot be read.
  enum ReadFailure: Error, Hashable, Sendable {
    case system(SystemFailure)
    case damaged(RecordDefect)

    fileprivate static func system<Answer>(_ body: () throws(SystemFailure) -> Answer) throws(ReadFailure) -> Answer {
      do throws(SystemFailure) { return try body() } catch { throw .system(error) }
    }
  }

  /// Follows the settlements back, newest first: what is said later counts.
  private func addOutcomes(to record: inout AcceptedRecord, from newest: RecordLocation, downTo accepted: RecordLocation)
    throws(ReadFailure)
  {
    var location = newest
    var known: [Outcome?] = Array(repeating: nil, count: record.envelope.recipients.count)
    var isReopened = false
    while location > accepted, known.contains(where: { $0 == nil }) {
      let (header, bytes) = try self.record(at: location, expecting: .settled, length: 1024)
      let settled: SettledRecord
      do throws(RecordDefect) {
        let end = SpoolFormat.recordHeaderLength + header.metaLength
        settled = try SettledRecord(meta: bytes.span.extracting(SpoolFormat.recordHeaderLength..<end))
      } catch { throw .damaged(error) }
      guard settled.id == record.id, settled.previous < location else { throw .damaged(.malformed("another settlement stands there")) }
      for (index, outcome) in settled.outcomes where Int(index) < known.count && known[Int(index)] == nil {
        known[Int(index)] = outcome.reopened(isReopened)
      }
      isReopened = isReopened || settled.reopensFailed
      location = settled.previous
    }
    for (index, outcome) in record.outcomes.enumerated() where known[index] == nil { known[index] = outcome?.reopened(isReopened) }
    record.outcomes = known.contains { $0 != nil } ? known : []
  }

  /// A record's header and its bytes, meta checked; the body is among them only as far as `length` reaches.
  private func record(
    at location: RecordLocation, expecting kind: RecordHeader.Kind, length: Int
  ) throws(ReadFailure) -> (RecordHeader, [UInt8]) {
    guard let segment = segments.first(where: { $0.sequence == location.sequence }) else {
      throw .damaged(.malformed("its segment is gone"))
    }
    let file = try ReadFailure.system { () throws(SystemFailure) in try disk.open(SpoolFormat.segmentPath(segment.slot), .read) }
    var bytes = try ReadFailure.system { () throws(SystemFailure) in try file.read(length, at: Int64(location.offset)) }
    guard let header = RecordHeader(bytes.span, at: location.offset, of: segment.identity), header.kind == kind else {
      throw .damaged(.checksum("header"))
    }
    let needed = SpoolFormat.recordHeaderLength + header.metaLength
    if bytes.count < needed, header.metaLength <= SpoolFormat.metaLimit {
      bytes = try ReadFailure.system { () throws(SystemFailure) in try file.read(needed, at: Int64(location.offset)) }
    }
    guard bytes.count >= needed else { throw .damaged(.cutOff) }
    guard CRC32C.of(bytes.span.extracting(SpoolFormat.recordHeaderLength..<needed)) == header.metaChecksum else {
      throw .damaged(.checksum("envelope"))
    }
    return (header, bytes)
  }
}

extension Outcome {
  /// The outcome as it counts after the failed ones were reopened, if they were.
  fileprivate func reopened(_ isReopened: Bool) -> Outcome {
    guard isReopened, verdict == .failed else { return self }
    return Outcome(.deferred, reason)
  }
}

// SPDX-License-Identifier: Apache-2.0
internal import LinuxSystem
internal import Octets

/// Records that are written with one call and made durable with one sync.
///
/// The loop adds records, already encoded but for their headers; the journal thread computes the checksums and writes. Bodies are not
/// copied on the way unless they are so small that a copy is cheaper than a piece of its own.
struct JournalBatch: Sendable {
  private var metas: [UInt8] = []
  private var items: [Item] = []
  /// How much room the records take in a segment.
  private(set) var length = 0
  /// How much room their facts take in the segment's summary.
  private(set) var factLength = 0

  /// Whether there is nothing to write.
  var isEmpty: Bool { items.isEmpty }
  /// How many records there are.
  var count: Int { items.count }

  private struct Item: Sendable {
    var kind: RecordHeader.Kind
    var meta: Range<Int>
    var body: [UInt8]
  }

  /// Adds a record that is no longer than `limit`; answers its length, or nil when it would be longer and was not added. The record says
  /// something about `verdicts` single recipients.
  @discardableResult mutating func append(
    _ kind: RecordHeader.Kind, body: [UInt8] = [], verdicts: Int = 0, limit: Int = .max, meta: (inout [UInt8]) -> Void
  ) -> Int? {
    let start = metas.count
    meta(&metas)
    let recordLength = SpoolFormat.aligned(SpoolFormat.recordHeaderLength + metas.count - start + body.count)
    guard recordLength <= limit else {
      metas.removeSubrange(start...)
      return nil
    }
    items.append(Item(kind: kind, meta: start..<metas.count, body: body))
    length += recordLength
    factLength += JournalFact.storedLength + SpoolFormat.aligned(verdicts * 4)
    return recordLength
  }

  /// The offsets of the records when the first one stands at `start`.
  func offsets(from start: Int) -> [Int] {
    var next = start
    return items.map { item in
      defer { next += SpoolFormat.aligned(SpoolFormat.recordHeaderLength + item.meta.count + item.body.count) }
      return next
    }
  }

  /// The pieces to be written at `start`, behind `prefix`.
  func pieces(at start: Int, of identity: SegmentIdentity, prefix: [UInt8]) -> [[UInt8]] {
    var pieces: [[UInt8]] = prefix.isEmpty ? [] : [prefix]
    var buffer: [UInt8] = []
    buffer.reserveCapacity(items.reduce(0) { $0 + 40 + $1.meta.count + ($1.body.count > JournalBatch.copyLimit ? 0 : $1.body.count) })
    var offset = start
    for item in items {
      var header = RecordHeader(kind: item.kind, batchStart: start, metaLength: item.meta.count, bodyLength: item.body.count)
      header.metaChecksum = CRC32C.of(metas.span.extracting(item.meta))
      header.bodyChecksum = CRC32C.of(item.body.span)
      header.encode(into: &buffer, at: offset, of: identity)
      buffer.append(contentsOf: metas[item.meta])
      if item.body.count > JournalBatch.copyLimit {
        pieces.append(buffer)
        pieces.append(item.body)
        buffer.removeAll()
      } else {
        buffer.append(contentsOf: item.body)
      }
      let used = SpoolFormat.recordHeaderLength + item.meta.count + item.body.count
      buffer.append(contentsOf: repeatElement(0, count: header.recordLength - used))
      offset += header.recordLength
    }
    pieces.append(buffer)
    return pieces
  }

  private static let copyLimit = 32_768
}

/// One write and one sync, as the journal thread does them.
struct CommitPlan: Sendable {
  /// The segment written to.
  var segment: SegmentFile
  var identity: SegmentIdentity
  /// Where the batch starts.
  var start: Int
  /// The header, when the batch begins the segment.
  var header: SegmentHeader?
  var batch: JournalBatch

  /// Writes and syncs; when it throws, nothing of the batch may be acknowledged.
  func execute() throws(SystemFailure) {
    let prefix = header?.encoded() ?? []
    let pieces = batch.pieces(at: start, of: identity, prefix: prefix)
    try segment.file.write(pieces, at: Int64(start - prefix.count))
    try segment.file.sync()
  }
}

extension CommitPlan {
  /// The same as a value, for a worker's answer.
  func attempt() -> Result<Void, SystemFailure> {
    do throws(SystemFailure) { return .success(try execute()) } catch { return .failure(error) }
  }
}

/// An open segment file.
struct SegmentFile: Sendable {
  /// The number in its name.
  var slot: UInt32
  var file: any DiskFile
  /// How long it is.
  var size: Int
}

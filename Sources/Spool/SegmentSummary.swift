// SPDX-License-Identifier: Apache-2.0
internal import LinuxSystem
internal import Octets

/// The facts of a closed segment in one record behind its end, so that the next start need not read the segment.
///
/// It is written by a worker after the segment was closed, and never needed: without it, or when it is not whole, the segment is read.
/// Messages that came and went within the segment are left out.
enum SegmentSummary {
  /// The record to be written at `end` of the segment with these facts.
  static func encode(_ facts: [JournalFact], at end: Int, of identity: SegmentIdentity) -> [UInt8] {
    let lasting = condensed(facts)
    var body: [UInt8] = []
    body.reserveCapacity(lasting.reduce(0) { $0 + $1.encodedLength })
    for fact in lasting { fact.encode(into: &body) }
    var meta: [UInt8] = []
    meta.put(UInt64(lasting.count))
    var header = RecordHeader(kind: .summary, batchStart: end, metaLength: meta.count, bodyLength: body.count)
    header.metaChecksum = CRC32C.of(meta.span)
    header.bodyChecksum = CRC32C.of(body.span)
    var bytes: [UInt8] = []
    bytes.reserveCapacity(header.recordLength)
    header.encode(into: &bytes, at: end, of: identity)
    bytes.append(contentsOf: meta)
    bytes.append(contentsOf: body)
    bytes.append(contentsOf: repeatElement(0, count: header.recordLength - bytes.count))
    return bytes
  }

  /// The facts in the summary that stands at `end` of a segment; nil when there is none that is whole.
  static func read(_ file: any DiskFile, at end: Int, of identity: SegmentIdentity) throws(SystemFailure) -> [JournalFact]? {
    let guess = try file.read(SpoolFormat.recordHeaderLength + 65_536, at: Int64(end))
    guard let header = RecordHeader(guess.span, at: end, of: identity), header.kind == .summary, header.metaLength == 8 else { return nil }
    let record = header.recordLength <= guess.count ? guess : try file.read(header.recordLength, at: Int64(end))
    guard record.count >= header.recordLength else { return nil }
    let metaEnd = SpoolFormat.recordHeaderLength + 8
    let meta = record.span.extracting(SpoolFormat.recordHeaderLength..<metaEnd)
    let body = record.span.extracting(metaEnd..<metaEnd + header.bodyLength)
    guard CRC32C.of(meta) == header.metaChecksum, CRC32C.of(body) == header.bodyChecksum else { return nil }
    let count = Int(clamping: meta.number(UInt64.self, at: 0))
    guard count <= body.count / JournalFact.storedLength else { return nil }
    var facts: [JournalFact] = []
    facts.reserveCapacity(count)
    var offset = 0
    while facts.count < count {
      guard let fact = JournalFact(stored: body, at: offset, sequence: identity.sequence) else { return nil }
      facts.append(fact)
      offset += fact.encodedLength
    }
    return offset == body.count ? facts : nil
  }

  /// The facts without those that later ones in the same segment have made void.
  static func condensed(_ facts: [JournalFact]) -> [JournalFact] {
    var fates: [UInt64: Fate] = [:]
    for fact in facts {
      switch fact.kind {
      case .accepted: if !fact.flags.contains(.relocated) { fates[fact.id, default: Fate()].isFresh = true }
      case .settled: if fact.state == nil { fates[fact.id, default: Fate()].isGone = true }
      case .trimmed: break
      }
    }
    return facts.filter { fact in
      guard fact.kind != .trimmed, let fate = fates[fact.id], fate.isGone else { return true }
      return !fate.isFresh && fact.kind == .settled && fact.state == nil
    }
  }

  private struct Fate {
    var isFresh = false
    var isGone = false
  }
}

extension CRC32C {
  /// The checksum of some bytes.
  static func of(_ bytes: Span<UInt8>) -> UInt32 {
    var checksum = CRC32C()
    checksum.add(bytes)
    return checksum.value
  }
}

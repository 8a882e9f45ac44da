// SPDX-License-Identifier: Apache-2.0
import LinuxSystem
import Mail
import Octets
import Simulation
import Testing
import Timekeeping

@testable import Spool

@Suite struct RecordTests {
  @Test func `an entry takes 48 bytes`() {
    #expect(MemoryLayout<QueueEntry>.stride == 48)
  }

  @Test func `the index does what a dictionary and sorting do`() {
    var generator = SeededGenerator(seed: 5)
    var index = QueueIndex()
    var model: [UInt64: Int] = [:]
    for step in 0..<40_000 {
      let number = UInt64.random(in: 1...(step < 20_000 ? UInt64(step + 20) : 3000), using: &generator)
      if Int.random(in: 0..<3, using: &generator) == 0 || step > 30_000 {
        #expect((index.find(number) != nil) == (model[number] != nil))
        if let place = index.find(number) { index.remove(at: place) }
        model[number] = nil
      } else {
        index.insert(entry(number, size: step))
        model[number] = step
      }
    }
    #expect(index.count == model.count)
    var seen: [UInt64] = []
    index.forEach { entry in
      seen.append(entry.number)
      return true
    }
    #expect(seen == model.keys.sorted())
    for number in seen { #expect(index.find(number).map { index[$0].size } == model[number]) }
    let middle = seen[seen.count / 2]
    var tail = 0
    index.forEach(from: middle) { _ in
      tail += 1
      return true
    }
    #expect(tail == seen.count - seen.count / 2)
  }

  @Test func `a record header is valid only where it was written`() {
    let segment = SegmentIdentity(sequence: 7, salt: 99)
    var header = RecordHeader(kind: .accepted, batchStart: 8192, metaLength: 50, bodyLength: 7)
    header.metaChecksum = 1
    var bytes: [UInt8] = []
    header.encode(into: &bytes, at: 8200, of: segment)
    #expect(bytes.count == SpoolFormat.recordHeaderLength)
    #expect(RecordHeader(bytes.span, at: 8200, of: segment) == header)
    #expect(RecordHeader(bytes.span, at: 8208, of: segment) == nil)
    #expect(RecordHeader(bytes.span, at: 8200, of: SegmentIdentity(sequence: 8, salt: 99)) == nil)
    #expect(RecordHeader(bytes.span, at: 8200, of: SegmentIdentity(sequence: 7, salt: 98)) == nil)
    for bit in 0..<bytes.count * 8 {
      var changed = bytes
      changed[bit / 8] ^= 1 << UInt8(bit % 8)
      #expect(RecordHeader(changed.span, at: 8200, of: segment) == nil)
    }
  }

  @Test func `an unknown field is skipped when it may be, and refused otherwise`() {
    var bytes: [UInt8] = []
    EnvelopeFields.encode(Letter.sample(MessageID(number: 1)).envelope, outcomes: [.sample(.deferred)], into: &bytes)
    let time = WallTime(microseconds: 5)
    let plain = try? EnvelopeFields.decode(bytes.span, from: 0, accepted: time)
    #expect(plain?.1 == [.sample(.deferred)])
    let skipped = bytes + [200, 2, 0, 0, 1, 2]
    #expect((try? EnvelopeFields.decode(skipped.span, from: 0, accepted: time))?.0 == plain?.0)
    let refused = bytes + [100, 2, 0, 0, 1, 2]
    #expect(throws: RecordDefect.malformed("it has a field of the unknown kind 100")) {
      try EnvelopeFields.decode(refused.span, from: 0, accepted: time)
    }
    for length in 1..<bytes.count {
      // No cut may crash the reader; some are whole by chance.
      _ = try? EnvelopeFields.decode(bytes.span.extracting(0..<length), from: 0, accepted: time)
    }
  }

  @Test func `a summary tells what the segment tells`() {
    var generator = SeededGenerator(seed: 8)
    for _ in 0..<50 {
      var facts: [JournalFact] = []
      for place in 0..<60 {
        let fact = fact(&generator, RecordLocation(sequence: 3, offset: 8192 + place * 64))
        // Nothing is written about a message that is gone.
        if !facts.contains(where: { $0.id == fact.id && $0.state == nil }) { facts.append(fact) }
      }
      let record = SegmentSummary.encode(facts, at: 16_384, of: SegmentIdentity(sequence: 3, salt: 4))
      let disk = SimulatedDisk(seed: 1)
      let file = try? disk.open("x", .create)
      _ = try? file?.write([[UInt8](repeating: 0, count: 16_384), record], at: 0)
      guard let file, let read = try? SegmentSummary.read(file, at: 16_384, of: SegmentIdentity(sequence: 3, salt: 4)) else {
        Issue.record("the summary is there")
        return
      }
      #expect(read == SegmentSummary.condensed(facts))
      let (whole, short) = (replay(facts), replay(read))
      #expect(whole.0 == short.0 && whole.1 == short.1)
      #expect((try? SegmentSummary.read(file, at: 16_384, of: SegmentIdentity(sequence: 3, salt: 5))) == .some(nil))
    }
  }

  @Test func `the name of a segment file is one of ours or none`() {
    #expect(SpoolFormat.segmentPath(7) == "journal/0007.seg" && SpoolFormat.segmentPath(123_456) == "journal/123456.seg")
    #expect(SpoolFormat.slot(ofSegment: "0007.seg") == 7 && SpoolFormat.slot(ofSegment: "123456.seg") == 123_456)
    for name in ["7.seg", "00007.seg", "0007", "seg", "-001.seg", "0007.seg.bak", "+007.seg"] {
      #expect(SpoolFormat.slot(ofSegment: name) == nil)
    }
  }

  /// The states and locations after facts, over a queue that knew messages 1 to 4 before.
  private func replay(_ facts: [JournalFact]) -> ([UInt64], [RecordLocation]) {
    var queue = QueueReplay()
    var generator = SeededGenerator(seed: 3)
    for id in 1...4 as ClosedRange<UInt64> {
      var old = fact(&generator, RecordLocation(sequence: 2, offset: Int(id) * 64))
      (old.kind, old.id, old.state, old.flags) = (.accepted, id, .queued, [])
      queue.apply(old)
    }
    for fact in facts { queue.apply(fact) }
    var (numbers, places): ([UInt64], [RecordLocation]) = ([], [])
    queue.index.forEach { entry in
      numbers.append(entry.number)
      places += [entry.accepted, entry.settled]
      return true
    }
    return (numbers, places)
  }

  private func entry(_ number: UInt64, size: Int) -> QueueEntry {
    var generator = SeededGenerator(seed: number)
    var fact = fact(&generator, RecordLocation(sequence: 1, offset: 8192))
    (fact.id, fact.size) = (number, size)
    return QueueEntry(fact)
  }

  /// A fact such as a journal may hold: a message comes in fresh once, or is moved when it was there before.
  private func fact(_ generator: inout SeededGenerator, _ location: RecordLocation) -> JournalFact {
    let isOld = Bool.random(using: &generator)
    let isSettled = Int.random(in: 0..<3, using: &generator) > 0
    let id = isOld || isSettled ? UInt64.random(in: 1...4, using: &generator) : UInt64(location.units) + 1000
    var meta: [UInt8] = []
    let outcomes: [(index: UInt16, outcome: Outcome)] = [(0, .sample(.delivered)), (1, .sample(.deferred))]
    if isSettled {
      SettledRecord(
        id: MessageID(number: id), time: WallTime(microseconds: 1), state: Int.random(in: 0..<9, using: &generator) == 0 ? nil : .held,
        attempts: 3,
        nextAttempt: WallTime(microseconds: 9), outcomes: outcomes
      ).encodeMeta(into: &meta)
    } else {
      var record = AcceptedRecord(.sample(MessageID(number: id), to: ["a@x.net", "b@x.net"], body: []))
      record.isRelocated = isOld
      if isOld { record.outcomes = outcomes.map(\.outcome) }
      record.encodeMeta(into: &meta)
    }
    let header = RecordHeader(kind: isSettled ? .settled : .accepted, batchStart: 8192, metaLength: meta.count, bodyLength: 0)
    guard let fact = try? JournalFact(header, meta: meta.span, at: location) else { preconditionFailure("the sample is a fact") }
    return fact
  }
}

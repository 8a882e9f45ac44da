// SPDX-License-Identifier: Apache-2.0
import EventLoop
import Glibc
import LinuxSystem
import Mail
import Octets
import Simulation
import Testing
import Timekeeping

@testable import Spool

@Suite struct SpoolTroubleTests {
  @Test(arguments: [
    (SimulatedDisk.Call.sync, EIO, "see the kernel log"), (.write, ENOSPC, "free space"), (.write, EROFS, "writable again"),
  ])
  func `a disk that fails refuses new mail with words and recovers by itself`(_ call: SimulatedDisk.Call, _ number: Int32, _ remedy: String)
  {
    let disk = SimulatedDisk(seed: 11)
    SpoolLife.run(disk) { spool, loop in
      let (kept, refused) = (spool.nextID(), spool.nextID())
      #expect(await spool.attempt(.sample(kept)) == nil)
      disk.fail(call, times: 3, with: number)
      spool.settle(kept, [(0, .sample(.delivered))], nextAttempt: loop.wallTime)
      guard case .failing(let words) = await spool.attempt(.sample(refused)) else {
        Issue.record("the message is refused")
        return
      }
      #expect(words.contains(remedy) && words.contains("journal/"))
      #expect(spool.problem == words && spool.entry(refused) == nil)
      #expect(await spool.attempt(.sample(spool.nextID())) != nil)
      _ = await loop.sleep(.seconds(10))
      #expect(spool.problem == nil)
      let later = spool.nextID()
      #expect(await spool.attempt(.sample(later)) == nil)
      #expect(numbers(disk.crashedCopy(seed: 1)) == [later.number])
    }
  }

  @Test func `a full disk stops new mail, not the settling of old mail`() {
    let disk = SimulatedDisk(seed: 12)
    SpoolLife.run(disk) { spool, loop in
      disk.setCapacity(4 * 65_536)
      var ids: [MessageID] = []
      var refusal: SpoolRefusal?
      while refusal == nil, ids.count < 1000 {
        let id = spool.nextID()
        refusal = await spool.attempt(.sample(id, body: [UInt8](repeating: 65, count: 1500)))
        if refusal == nil { ids.append(id) }
      }
      guard case .full(let words) = refusal else {
        Issue.record("the disk is full: \(String(describing: refusal))")
        return
      }
      #expect(words.contains("free space"))
      for id in ids { spool.settle(id, [(0, .sample(.delivered))], nextAttempt: loop.wallTime) }
      _ = await loop.sleep(.seconds(5))
      #expect(spool.problem == nil)
      #expect(await spool.attempt(.sample(spool.nextID())) == nil)
      #expect(await spool.close())
      #expect(numbers(disk.crashedCopy(seed: 1)).count == 1)
    }
  }

  @Test func `reserve, quota and number of messages refuse with their settings' names`() {
    var limits = SpoolLimits.small
    limits.reserve = .mebibytes(1)
    let disk = SimulatedDisk(seed: 13, capacity: 1_500_000)
    SpoolLife.run(disk, limits) { spool, loop in
      guard case .full(let words) = spool.refusal(for: 500_000) else {
        Issue.record("the reserve is kept")
        return
      }
      #expect(words.contains("Spool.Reserve") && spool.refusal() == nil)
    }
    limits = .small
    limits.quota = .kibibytes(10)
    limits.messages = 3
    SpoolLife.run(SimulatedDisk(seed: 14), limits) { spool, loop in
      guard case .full(let words) = spool.refusal(for: 20_000) else {
        Issue.record("the quota is kept")
        return
      }
      #expect(words.contains("Spool.Quota"))
      for _ in 0..<3 { #expect(await spool.attempt(.sample(spool.nextID())) == nil) }
      guard case .full(let more) = await spool.attempt(.sample(spool.nextID())) else {
        Issue.record("the number is kept")
        return
      }
      #expect(more.contains("Spool.Messages"))
    }
  }

  @Test func `a message whose sender did not wait does not go out`() {
    let disk = SimulatedDisk(seed: 15)
    SpoolLife.run(disk) { spool, loop in
      let id = spool.nextID()
      do throws(SpoolRefusal) {
        try await spool.accept(.sample(id), until: loop.moment + .microseconds(10))
        Issue.record("the deadline passes")
      } catch { #expect(error.words.contains("longer than the sender waits")) }
      _ = await loop.sleep(.seconds(1))
      #expect(spool.entry(id) == nil && numbers(disk.crashedCopy(seed: 1)).isEmpty)
    }
  }

  @Test func `too many recipients and too long an envelope are refused for good`() {
    SpoolLife.run(SimulatedDisk(seed: 16)) { spool, loop in
      let many = (0...SpoolLimits.recipients).map { "r\($0)@x.net" }
      for recipients in [many, Array(many.prefix(2000))] {
        guard case .tooLarge = await spool.attempt(.sample(spool.nextID(), to: recipients)) else {
          Issue.record("\(recipients.count) recipients do not fit")
          return
        }
      }
      #expect(await spool.attempt(.sample(spool.nextID(), to: Array(many.prefix(300)))) == nil)
    }
  }

  @Test func `damage in the middle is set aside and everything else is served`() {
    let disk = SimulatedDisk(seed: 17)
    let ids = Slot<[MessageID]>()
    let place = Slot<Int>()
    SpoolLife.run(disk) { spool, loop in
      let all = (0..<5).map { _ in spool.nextID() }
      ids.value = all
      for id in all { #expect(await spool.attempt(.sample(id)) == nil) }
      place.value = spool.entry(all[2])?.accepted.offset
    }
    guard let place = place.value, let all = ids.value else { return }
    for offset in [place + 3, place + 60] {
      let copy = disk.crashedCopy(seed: 5)
      copy.corrupt(copy.segmentWithMail, at: offset) { $0 ^ 0x40 }
      SpoolLife.run(copy) { spool, loop in
        #expect(all.map { spool.entry($0) != nil } == [true, true, false, true, true])
        #expect(spool.report.damages.count == 1 && spool.report.damages[0].contains("set aside as \"corrupt/1-\(place).bin\""))
        #expect(Set(copy.names(of: "corrupt")) == ["1-\(place).bin", "1-\(place).txt"])
        #expect(await spool.attempt(.sample(spool.nextID())) == nil)
      }
      copy.crash()
      SpoolLife.run(copy) { spool, loop in #expect(spool.usage.queued == 5) }
      #expect(copy.names(of: "corrupt").count == 2)
    }
  }

  @Test func `what was set aside is an alarm over restarts until somebody has moved it away`() {
    let disk = SimulatedDisk(seed: 24)
    let place = Slot<Int>()
    SpoolLife.run(disk) { spool, loop in
      let id = spool.nextID()
      for id in [id, spool.nextID()] { #expect(await spool.attempt(.sample(id)) == nil) }
      place.value = spool.entry(id)?.accepted.offset
      #expect(spool.damage.alarm(in: "/s") == nil)
    }
    disk.crash()
    if let place = place.value { disk.corrupt(disk.segmentWithMail, at: place + 60) { $0 ^ 1 } }
    for _ in 0..<2 {
      SpoolLife.run(disk) { spool, loop in
        let alarm = spool.damage.alarm(in: "/s") ?? ""
        #expect(alarm.hasPrefix("a damaged piece of the spool was set aside in \"/s/corrupt\"") && alarm.contains("move them away"))
        #expect(spool.problem == nil)
      }
      disk.crash()
    }
    SpoolLife.run(disk) { spool, loop in
      for name in disk.names(of: "corrupt") { _ = Result { () throws(SystemFailure) in try disk.remove("corrupt/" + name) } }
      _ = await loop.sleep(.seconds(2))
      #expect(spool.problem == nil)
      _ = await loop.sleep(.seconds(2))
      #expect(spool.damage.alarm(in: "/s") == nil && spool.damage.sentences.isEmpty)
    }
  }

  @Test func `the body of a message whose record is damaged is set aside, not removed`() {
    let disk = SimulatedDisk(seed: 26)
    let large = Slot<(id: MessageID, offset: Int)>()
    SpoolLife.run(disk) { spool, loop in
      var letter = Letter.sample(spool.nextID())
      letter.body = (try? await spool.takeIn([UInt8](repeating: 65, count: 9000), as: letter.id, pieces: 1000)) ?? .memory([])
      for letter in [letter, .sample(spool.nextID())] { #expect(await spool.attempt(letter) == nil) }
      large.value = (letter.id, spool.entry(letter.id)?.accepted.offset ?? 0)
    }
    disk.crash()
    guard let (id, offset) = large.value else { return }
    disk.corrupt(disk.segmentWithMail, at: offset + 60) { $0 ^ 1 }
    SpoolLife.run(disk) { spool, loop in
      #expect(spool.usage.queued == 1 && spool.report.orphansRemoved == 0)
      #expect(disk.names(of: "bodies").isEmpty && disk.names(of: "corrupt").contains("\(id).body"))
      #expect(spool.damage.sentences.contains { $0.contains("set aside as \"corrupt/\(id).body\"") })
    }
  }

  @Test func `a read that fails while starting hides mail at worst until the next start`() {
    let disk = SimulatedDisk(seed: 27)
    SpoolLife.run(disk) { spool, loop in
      for step in 0..<120 {
        var letter = Letter.sample(spool.nextID(), body: [UInt8](repeating: 65, count: 1500))
        if step % 10 == 0, let body = try? await spool.takeIn([UInt8](repeating: 66, count: 5000), as: letter.id, pieces: 1000) {
          letter.body = body
        }
        #expect(await spool.attempt(letter) == nil)
      }
    }
    var outcomes: Set<String> = []
    for nth in 1...24 {
      let copy = disk.crashedCopy(seed: 3)
      copy.fail(.read, nth: nth, with: EIO)
      let seen = Slot<Int>()
      let failure = SpoolLife.run(copy) { spool, loop in
        seen.value = spool.usage.queued
        #expect((spool.usage.queued == 120) == spool.damage.sentences.isEmpty)
        #expect(await spool.attempt(.sample(spool.nextID())) == nil)
        #expect(await spool.close())
      }
      outcomes.insert(failure != nil ? "refused" : seen.value == 120 ? "whole" : "partly")
      copy.heal()
      copy.crash()
      SpoolLife.run(copy) { spool, loop in
        #expect(spool.usage.queued == (failure == nil ? 121 : 120) && spool.report.damages.isEmpty, "read \(nth)")
      }
    }
    #expect(outcomes.contains("refused") && outcomes.contains("partly"), "\(outcomes)")
  }

  @Test func `that mail is refused, and that it is taken again, is told once`() {
    let disk = SimulatedDisk(seed: 25)
    SpoolLife.run(disk) { spool, loop in
      let told = Slot<[String?]>()
      told.value = []
      spool.onProblem = { told.value?.append($0) }
      disk.fail(.sync, times: 3, with: EIO)
      for _ in 0..<3 { #expect(await spool.attempt(.sample(spool.nextID())) != nil) }
      _ = await loop.sleep(.seconds(10))
      #expect(await spool.attempt(.sample(spool.nextID())) == nil)
      #expect(told.value?.count == 2 && told.value?.first??.contains("see the kernel log") == true && told.value?.last == .some(nil))
    }
  }

  @Test func `a forged record in somebody's mail is never taken for ours`() {
    let disk = SimulatedDisk(seed: 18)
    let place = Slot<Int>()
    SpoolLife.run(disk) { spool, loop in
      var forged: [UInt8] = []
      for offset in stride(from: 0, to: 1000, by: 8) {
        let header = RecordHeader(kind: .trimmed, batchStart: SpoolFormat.recordsOffset, metaLength: 0, bodyLength: 0)
        header.encode(into: &forged, at: offset, of: SegmentIdentity(sequence: 1, salt: 0))
      }
      let id = spool.nextID()
      #expect(await spool.attempt(.sample(id, body: Array(forged.prefix(1900)))) == nil)
      place.value = spool.entry(id)?.accepted.offset
      #expect(await spool.attempt(.sample(spool.nextID())) == nil)
    }
    disk.crash()
    if let place = place.value { disk.corrupt(disk.segmentWithMail, at: place + 9) { _ in 0xff } }
    SpoolLife.run(disk) { spool, loop in
      #expect(spool.usage.queued == 1 && spool.report.damages.count == 1)
    }
  }

  @Test func `a body that rots while it waits is set aside when it is read`() {
    let disk = SimulatedDisk(seed: 19)
    SpoolLife.run(disk) { spool, loop in
      let id = spool.nextID()
      #expect(await spool.attempt(.sample(id, body: [UInt8](repeating: 65, count: 1000))) == nil)
      let place = spool.entry(id)?.accepted.offset ?? 0
      disk.corrupt(disk.segmentWithMail, at: place + 800) { $0 ^ 1 }
      #expect(await spool.attemptRead(id) == nil)
      #expect(spool.entry(id) == nil && spool.damage.sentences.count == 1)
      #expect(disk.names(of: "corrupt").contains("1-\(place).bin"))
    }
  }

  @Test func `a segment that was cut off is told of and the rest is served`() {
    let disk = SimulatedDisk(seed: 20)
    SpoolLife.run(disk) { spool, loop in
      for _ in 0..<60 { #expect(await spool.attempt(.sample(spool.nextID(), body: [UInt8](repeating: 65, count: 1500))) == nil) }
      #expect(spool.journal.book.ledger.segments.count > 1)
    }
    disk.crash()
    disk.cutOff(disk.segmentWithMail, at: 30_000)
    SpoolLife.run(disk) { spool, loop in
      #expect(spool.usage.queued > 20 && spool.usage.queued < 60)
      #expect(!spool.report.damages.isEmpty && spool.report.damages[0].contains(disk.segmentWithMail))
    }
  }

  @Test func `a segment that is missing is told of and the rest is served`() {
    let disk = SimulatedDisk(seed: 21)
    SpoolLife.run(disk) { spool, loop in
      for _ in 0..<120 { #expect(await spool.attempt(.sample(spool.nextID(), body: [UInt8](repeating: 65, count: 1500))) == nil) }
    }
    disk.crash()
    let second = disk.segment(2)
    _ = Result { () throws(SystemFailure) in try disk.remove(second) }
    SpoolLife.run(disk) { spool, loop in
      #expect(spool.report.damages.contains { $0.contains("segment 2 of the journal cannot be found") })
      #expect(spool.usage.queued > 40 && spool.usage.queued < 120)
    }
  }

  @Test func `another version of the format is refused with words`() {
    let disk = SimulatedDisk(seed: 22)
    SpoolLife.run(disk) { spool, loop in #expect(await spool.attempt(.sample(spool.nextID())) == nil) }
    disk.crash()
    let path = disk.segmentWithMail
    for copy in [0, 4096] { disk.corrupt(path, at: copy + 8) { _ in 7 } }
    let failure = SpoolLife.run(disk) { _, _ in Issue.record("it does not open") }
    #expect(failure == .foreignFormat(path: path, version: 7))
    #expect(failure.map { "\($0)".contains("is of format 7, this program reads format 1") } == true)
  }

  @Test func `one copy of a segment's header is enough`() {
    let disk = SimulatedDisk(seed: 23)
    SpoolLife.run(disk) { spool, loop in #expect(await spool.attempt(.sample(spool.nextID())) == nil) }
    disk.crash()
    disk.corrupt(disk.segmentWithMail, at: 20) { $0 ^ 1 }
    SpoolLife.run(disk) { spool, loop in #expect(spool.usage.queued == 1 && spool.report.damages.isEmpty) }
    disk.corrupt(disk.segmentWithMail, at: 4096 + 20) { $0 ^ 1 }
    disk.crash()
    SpoolLife.run(disk) { spool, loop in #expect(spool.report.damages.contains { $0.contains("the header of") }) }
  }

  private func numbers(_ disk: SimulatedDisk) -> [UInt64] {
    let found = try? Recovery.run(disk, .small, RecoveryProgress())
    var numbers: [UInt64] = []
    found?.queue.index.forEach { entry in
      numbers.append(entry.number)
      return true
    }
    return numbers
  }
}

extension SimulatedDisk {
  /// The names in a directory, for tests.
  func names(of directory: String) -> [String] { (try? names(in: directory)) ?? [] }

  /// The first segment of the journal.
  var segmentWithMail: String { segment(1) }

  /// The segment with a sequence number.
  func segment(_ sequence: UInt32) -> String {
    for name in names(of: "journal").sorted() {
      guard let bytes = try? open("journal/" + name, .read).read(SpoolFormat.recordsOffset, at: 0) else { continue }
      if case .valid(let header) = SegmentHeader.decode(bytes.span), header.sequence == sequence { return "journal/" + name }
    }
    return "journal/0001.seg"
  }
}

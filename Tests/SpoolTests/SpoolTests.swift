// SPDX-License-Identifier: Apache-2.0
import EventLoop
import LinuxSystem
import Mail
import Octets
import Simulation
import Testing
import Timekeeping

@testable import Spool

@Suite struct SpoolTests {
  @Test func `what was accepted is there after a power failure, to the last field`() {
    let disk = SimulatedDisk(seed: 1)
    let letter = Slot<Letter>()
    SpoolLife.run(disk) { spool, loop in
      var sample = Letter.sample(spool.nextID(), to: ["b@example.net", "c@example.org"])
      sample.envelope.recipients[0].notify = [.success, .delay]
      sample.envelope.recipients[1].original = "rfc822;c+x@example.org"
      sample.envelope.sender = nil
      sample.envelope.coding = .eightBit
      sample.envelope.isInternationalized = true
      sample.envelope.reportContent = .headers
      sample.envelope.envelopeID = "env-1"
      sample.envelope.requiresTLS = true
      sample.envelope.holdUntil = WallTime(microseconds: 1_900_000_000_000_000)
      sample.envelope.submitter = Submitter(peer: "unix", greeting: "gruß")
      sample.envelope.submitter.user = 1000
      sample.envelope.submitter.unit = "app.service"
      sample.envelope.submitter.userName = "app"
      letter.value = sample
      #expect(await spool.attempt(sample) == nil)
    }
    disk.crash()
    SpoolLife.run(disk) { spool, loop in
      guard let sample = letter.value, let stored = await spool.attemptRead(sample.id) else {
        Issue.record("the message is there")
        return
      }
      #expect(stored.envelope == sample.envelope)
      #expect(stored.nextAttempt == sample.envelope.holdUntil)
      #expect(stored.outcomes == [nil, nil] && stored.attempts == 0 && stored.state == .queued)
      #expect(await spool.bytes(of: stored) == Array("Subject: x\r\n\r\nHello\r\n".utf8))
      #expect(spool.report.damages.isEmpty)
    }
  }

  @Test func `fifty senders share their syncs`() {
    let disk = SimulatedDisk(seed: 2)
    SpoolLife.run(disk) { spool, loop in
      let before = disk.count(of: .sync)
      let done = Berth(loop)
      var left = 50
      for _ in 0..<50 {
        loop.spawn {
          #expect(await spool.attempt(.sample(spool.nextID())) == nil)
          left -= 1
          done.wake()
        }
      }
      while left > 0 { _ = await done.wait() }
      #expect(disk.count(of: .sync) - before <= 4)
      #expect(spool.usage.queued == 50)
    }
  }

  @Test func `a settlement rides in the next batch, or is written by itself within the delay`() {
    let disk = SimulatedDisk(seed: 3)
    SpoolLife.run(disk) { spool, loop in
      let (first, second) = (spool.nextID(), spool.nextID())
      #expect(await spool.attempt(.sample(first)) == nil)
      #expect(await spool.attempt(.sample(second)) == nil)
      _ = await loop.sleep(.milliseconds(10))
      let before = disk.count(of: .sync)
      #expect(spool.settle(first, [(0, .sample(.delivered))], nextAttempt: loop.wallTime) == .gone)
      #expect(await spool.attempt(.sample(spool.nextID())) == nil)
      #expect(disk.count(of: .sync) == before + 1)
      #expect(!crashed(disk).contains(first.number))
      #expect(spool.settle(second, [(0, .sample(.delivered))], nextAttempt: loop.wallTime) == .gone)
      #expect(disk.count(of: .sync) == before + 1)
      _ = await loop.sleep(.milliseconds(60))
      #expect(disk.count(of: .sync) == before + 2)
      #expect(!crashed(disk).contains(second.number))
    }
  }

  @Test func `a settlement that falls due while senders are waited for waits with them`() {
    var limits = SpoolLimits.small
    limits.settlementDelay = .microseconds(60)
    SpoolLife.run(SimulatedDisk(seed: 9), limits) { spool, loop in
      var left = 3
      let done = Berth(loop)
      for _ in 0..<3 {
        loop.spawn {
          for step in 0..<40 {
            let id = spool.nextID()
            #expect(await spool.attempt(.sample(id)) == nil)
            _ = await loop.sleep(.microseconds(step * 3))
            spool.settle(id, [(0, .sample(.delivered))], nextAttempt: loop.wallTime)
          }
          left -= 1
          done.wake()
        }
      }
      while left > 0 { _ = await done.wait() }
      #expect(await spool.close() && spool.usage.queued == 0)
    }
  }

  @Test func `three recipients end in three ways and only the failed one is tried again on order`() {
    let disk = SimulatedDisk(seed: 4)
    SpoolLife.run(disk) { spool, loop in
      let id = spool.nextID()
      #expect(await spool.attempt(.sample(id, to: ["a@x.net", "b@x.net", "c@x.net"])) == nil)
      let later = loop.wallTime + .seconds(300)
      let first = spool.settle(
        id, [(0, .sample(.delivered)), (1, .sample(.failed, "no such user")), (2, .sample(.deferred))], nextAttempt: later)
      #expect(first == .waiting(recipients: 1))
      #expect(spool.entry(id)?.nextAttempt == later && spool.entry(id)?.attempts == 1)
      #expect(await spool.attemptRead(id)?.openRecipients == [2])
      #expect(spool.settle(id, [(2, .sample(.delivered))], nextAttempt: later) == .failed)
      #expect(spool.usage.failed == 1 && spool.usage.queued == 0)
      let kept = await spool.attemptRead(id)
      #expect(kept?.outcomes[1]?.reason.text == "no such user" && kept?.openRecipients == [])
      #expect(await attempt(spool, [id], .release(later)) == 0)
      #expect(await attempt(spool, [id], .retry(later)) == 1)
      let retried = await spool.attemptRead(id)
      #expect(retried?.state == .queued && retried?.openRecipients == [1])
      #expect(retried?.outcomes[1]?.reason.text == "no such user")
      #expect(spool.settle(id, [(1, .sample(.delivered))], nextAttempt: later) == .gone)
      #expect(spool.entry(id) == nil && spool.settle(id, [], nextAttempt: later) == .unknown)
    }
  }

  @Test func `orders survive a crash once they are confirmed`() {
    let disk = SimulatedDisk(seed: 5)
    let ids = Slot<[MessageID]>()
    SpoolLife.run(disk) { spool, loop in
      let all = (0..<4).map { _ in spool.nextID() }
      ids.value = all
      for id in all { #expect(await spool.attempt(.sample(id)) == nil) }
      #expect(await attempt(spool, [all[0], all[1]], .hold) == 2)
      #expect(await attempt(spool, [all[1]], .release(loop.wallTime + .seconds(9))) == 1)
      #expect(await attempt(spool, [all[2]], .remove) == 1)
      #expect(await attempt(spool, [all[3]], .fail(keep: loop.wallTime + .seconds(60), .sample(.failed, "given up"))) == 1)
      #expect(await attempt(spool, [MessageID(number: 1)], .remove) == 0)
    }
    disk.crash()
    SpoolLife.run(disk) { spool, loop in
      let all = ids.value ?? []
      #expect(all.map { spool.entry($0)?.state } == [.held, .queued, nil, .failed])
      #expect(await spool.describe([all[3]]).first?.outcomes == [.sample(.failed, "given up")])
      #expect(spool.forgetExpired() == 0)
      _ = await loop.sleep(.seconds(61))
      #expect(spool.forgetExpired() == 1)
      #expect(spool.entry(all[3]) == nil)
    }
  }

  @Test func `an order for thousands of messages is confirmed when all of it is safe`() {
    let disk = SimulatedDisk(seed: 10)
    SpoolLife.run(disk) { spool, loop in
      var ids: [MessageID] = []
      let done = Berth(loop)
      var left = 40
      for _ in 0..<40 {
        loop.spawn {
          for _ in 0..<50 {
            let id = spool.nextID()
            #expect(await spool.attempt(.sample(id)) == nil)
            ids.append(id)
          }
          left -= 1
          done.wake()
        }
      }
      while left > 0 { _ = await done.wait() }
      #expect(await attempt(spool, ids, .remove) == 2000)
      #expect(crashed(disk).isEmpty && spool.usage.queued == 0)
    }
  }

  @Test func `numbers grow over a restart although the clock was set back`() {
    let disk = SimulatedDisk(seed: 6)
    let last = Slot<MessageID>()
    SpoolLife.run(disk) { spool, loop in
      let id = spool.nextID()
      last.value = id
      #expect(await spool.attempt(.sample(id)) == nil)
      #expect(spool.settle(id, [(0, .sample(.delivered))], nextAttempt: loop.wallTime) == .gone)
      #expect(await spool.close())
    }
    disk.crash()
    SpoolLife.run(disk, clock: VirtualClock(start: WallTime(microseconds: 1_000))) { spool, loop in
      if let last = last.value { #expect(spool.nextID() > last) }
      #expect(spool.usage.queued == 0)
    }
  }

  @Test func `closing writes what waits and takes no more`() {
    let disk = SimulatedDisk(seed: 7)
    SpoolLife.run(disk) { spool, loop in
      let id = spool.nextID()
      #expect(await spool.attempt(.sample(id)) == nil)
      #expect(spool.settle(id, [(0, .sample(.delivered))], nextAttempt: loop.wallTime) == .gone)
      #expect(await spool.close(until: loop.moment + .seconds(1)))
      #expect(await spool.attempt(.sample(spool.nextID())) == .closed)
      #expect(crashed(disk).isEmpty)
    }
  }

  @Test func `a second daemon is kept out by name`() {
    let disk = SimulatedDisk(seed: 8)
    SpoolLife.run(disk) { spool, loop in
      let workers = SimulatedWorkers(loop)
      do throws(SpoolFailure) {
        _ = try await Spool.open(disk, limits: .small, journal: workers, workers: workers, loop: loop)
        Issue.record("the second one does not open")
      } catch {
        guard case .inUse(by: let process?) = error else {
          Issue.record("\(error)")
          return
        }
        #expect("\(error)".contains("process \(process)"))
      }
    }
  }

  @Test func `the journal stays small when old mail is stuck at its beginning`() {
    let disk = SimulatedDisk(seed: 9)
    let stuck = Slot<MessageID>()
    SpoolLife.run(disk) { spool, loop in
      let id = spool.nextID()
      stuck.value = id
      #expect(await spool.attempt(.sample(id, to: ["a@x.net", "b@x.net"])) == nil)
      spool.settle(id, [(0, .sample(.delivered, "gone out"))], nextAttempt: loop.wallTime + .seconds(3600))
      for _ in 0..<3000 {
        let passing = spool.nextID()
        #expect(await spool.attempt(.sample(passing, body: [UInt8](repeating: 65, count: 900))) == nil)
        spool.settle(passing, [(0, .sample(.delivered))], nextAttempt: loop.wallTime)
      }
      #expect(spool.journal.book.moved > 3)
      #expect(spool.usage.journalBytes <= 10 * 65_536)
      #expect(await spool.close())
      #expect(disk.names(of: "journal").count <= 10)
    }
    disk.crash()
    SpoolLife.run(disk) { spool, loop in
      #expect(spool.usage.queued == 1)
      if let id = stuck.value, let stored = await spool.attemptRead(id) {
        #expect(stored.outcomes == [.sample(.delivered, "gone out"), nil] && stored.openRecipients == [1])
      } else {
        Issue.record("the stuck message is there")
      }
    }
  }

  @Test func `cleaning takes a quarter of the disk's time at most, and the journal shrinks back`() {
    let disk = SimulatedDisk(seed: 8)
    SpoolLife.run(disk) { spool, loop in
      var ids: [MessageID] = []
      for _ in 0..<1200 {
        ids.append(spool.nextID())
        #expect(await spool.attempt(.sample(ids[ids.count - 1], body: [UInt8](repeating: 65, count: 1500))) == nil)
      }
      let before = spool.usage.journalBytes
      #expect(before >= 28 * 65_536)
      for (place, id) in ids.enumerated() where place % 10 != 0 {
        spool.settle(id, [(0, .sample(.delivered))], nextAttempt: loop.wallTime)
      }
      let begun = loop.moment
      var (moved, ended) = (0, begun)
      for _ in 0..<3000 {
        _ = await loop.sleep(.milliseconds(1))
        if spool.journal.book.moved > moved { (moved, ended) = (spool.journal.book.moved, loop.moment) }
      }
      // A slice is three of these messages: 200 µs for reading it, 80 µs for writing.
      #expect(moved >= 60 && ended - begun >= .microseconds(Int64(moved / 3) * 4 * 280), "\(moved) in \(ended - begun)")
      #expect(spool.usage.journalBytes <= before / 2 && disk.names(of: "journal").count <= 15)
      for id in ids { spool.settle(id, [(0, .sample(.delivered))], nextAttempt: loop.wallTime) }
      _ = await loop.sleep(.seconds(2))
      #expect(disk.names(of: "journal").count <= 4 && spool.usage.liveBytes == 0)
    }
  }

  /// The messages that a spool would show after a power failure now.
  private func crashed(_ disk: SimulatedDisk) -> [UInt64] {
    let found = try? Recovery.run(disk.crashedCopy(seed: 99), .small, RecoveryProgress())
    var numbers: [UInt64] = []
    found?.queue.index.forEach { entry in
      numbers.append(entry.number)
      return true
    }
    return numbers
  }

  @Loop private func attempt(_ spool: Spool, _ ids: [MessageID], _ order: QueueOrder) async -> Int? {
    do throws(SpoolFailure) { return try await spool.change(ids, order) } catch { return nil }
  }
}

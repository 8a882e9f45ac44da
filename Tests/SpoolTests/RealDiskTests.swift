// SPDX-License-Identifier: Apache-2.0
import EventLoop
import Glibc
import LinuxSystem
import Mail
import Octets
import Testing
import Timekeeping

@testable import Spool

@Suite struct RealDiskTests {
  @Test func `on a real disk with real threads everything accepted is there again, and everything settled is gone`() throws {
    let directory = try #require(TemporaryDirectory())
    let ids = Slot<[MessageID]>()
    try life(directory.path) { spool, loop in
      let done = Berth(loop)
      var (left, all): (Int, [MessageID]) = (20, [])
      for client in 0..<20 {
        loop.spawn {
          for step in 0..<25 {
            let id = spool.nextID()
            var letter = Letter.sample(id, body: [UInt8](repeating: UInt8(client + 40), count: step * 100))
            if step == 20, let body = try? await spool.takeIn([UInt8](repeating: 65, count: 700_000), as: id, pieces: 65_000) {
              letter.body = body
            }
            #expect(await spool.attempt(letter) == nil)
            all.append(id)
          }
          left -= 1
          done.wake()
        }
      }
      while left > 0 { _ = await done.wait() }
      ids.value = all.sorted()
      for id in all where id.number.isMultiple(of: 2) { spool.settle(id, [(0, .sample(.delivered))], nextAttempt: loop.wallTime) }
      #expect(await spool.close(until: loop.moment + .seconds(20)))
    }
    let all = try #require(ids.value)
    try life(directory.path) { spool, loop in
      var seen: [MessageID] = []
      spool.forEachEntry { entry in
        seen.append(entry.id)
        return true
      }
      #expect(seen == all.filter { !$0.number.isMultiple(of: 2) })
      for id in seen {
        let stored = await spool.attemptRead(id)
        if let stored { #expect(await spool.bytes(of: stored)?.count == stored.size) } else { Issue.record("\(id) can be read") }
      }
      #expect(spool.report.damages.isEmpty && spool.report.orphansRemoved == 0)
      #expect(await spool.close(until: loop.moment + .seconds(20)))
    }
    let findings = try OfflineSpool(LinuxDisk(at: directory.path), .thorough).findings
    #expect(findings.damages.isEmpty && findings.messages == all.count { !$0.number.isMultiple(of: 2) })
  }

  @Test func `an alarm that falls due while the loop is busy is heeded once`() throws {
    let directory = try #require(TemporaryDirectory())
    try life(directory.path) { spool, loop in
      let id = spool.nextID()
      #expect(await spool.attempt(.sample(id)) == nil)
      let clock = SystemClock()
      let due = clock.moment + .milliseconds(60)
      spool.settle(id, [(0, .sample(.delivered))], nextAttempt: loop.wallTime)
      while clock.moment < due {}
      #expect(await spool.attempt(.sample(spool.nextID())) == nil)
      #expect(await spool.close(until: loop.moment + .seconds(20)))
    }
  }

  @Test func `a second opener is told which process has the spool`() throws {
    let directory = try #require(TemporaryDirectory())
    try life(directory.path) { spool, loop in
      let failure = Slot<SpoolFailure>()
      do throws(SpoolFailure) {
        let disk = try SpoolFailure.system { () throws(SystemFailure) in try LinuxDisk(at: directory.path) }
        let workers = ThreadWorkers(loop, name: "second", threads: 1)
        _ = try await Spool.open(disk, limits: .small, journal: workers, workers: workers, loop: loop)
      } catch { failure.value = error }
      #expect(failure.value == .inUse(by: Int(getpid())))
      #expect(await spool.close(until: loop.moment + .seconds(20)))
    }
  }

  private func life(_ path: String, _ body: @escaping @Sendable @Loop (Spool, EventLoop) async -> Void) throws {
    let disk = try LinuxDisk(at: path)
    let failure = Slot<SpoolFailure>()
    EventLoop.run(try EpollDriver()) { loop in
      var limits = SpoolLimits()
      limits.reserve = ByteCount(bytes: 0)
      limits.segmentSize = .mebibytes(4)
      do throws(SpoolFailure) {
        let spool = try await Spool.open(
          disk, limits: limits, journal: ThreadWorkers(loop, name: "journal", threads: 1),
          workers: ThreadWorkers(loop, name: "worker", threads: 2), loop: loop)
        await body(spool, loop)
      } catch { failure.value = error }
    }
    #expect(failure.value == nil)
  }
}

// SPDX-License-Identifier: Apache-2.0
import EventLoop
import LinuxSystem
import Mail
import Octets
import Simulation
import Testing
import Timekeeping

@testable import Spool

@Suite struct OfflineSpoolTests {
  @Test(arguments: [OfflineSpool.Care.quick, .thorough])
  func `a spool can be looked into without a daemon and without a change`(_ care: OfflineSpool.Care) throws {
    let disk = SimulatedDisk(seed: 41)
    let ids = Slot<[MessageID]>()
    SpoolLife.run(disk) { spool, loop in
      let all = (0..<90).map { _ in spool.nextID() }
      ids.value = all
      for id in all.dropLast() { #expect(await spool.attempt(.sample(id, body: [UInt8](repeating: 65, count: 1500))) == nil) }
      var large = Letter.sample(all[89])
      large.body = (try? await spool.takeIn([UInt8](repeating: 66, count: 9000), as: large.id, pieces: 999)) ?? .memory([])
      #expect(await spool.attempt(large) == nil)
      spool.settle(all[0], [(0, .sample(.delivered))], nextAttempt: loop.wallTime)
      spool.settle(all[1], [(0, .sample(.deferred, "later"))], nextAttempt: loop.wallTime)
      _ = await spool.close()
    }
    disk.crash()
    let writes = disk.count(of: .write)
    let spool = try OfflineSpool(disk, care)
    #expect(spool.findings.messages == 89 && spool.findings.damages.isEmpty && !spool.findings.endsTorn && spool.findings.segments > 1)
    let all = try #require(ids.value)
    #expect(throws: SpoolFailure.notFound) { try spool.letter(all[0]) }
    #expect(try spool.letter(all[1]).outcomes == [.sample(.deferred, "later")])
    #expect(try spool.letter(all[5]).body.size == 1500)
    guard case .file(let file) = try spool.letter(all[89]).body else {
      Issue.record("the large body is in a file")
      return
    }
    var bytes: [UInt8] = []
    try spool.read(body: file, of: all[89]) { bytes += $0 }
    #expect(bytes == [UInt8](repeating: 66, count: 9000))
    #expect(disk.count(of: .write) == writes)

    disk.corrupt("bodies/\(all[89])", at: 77) { $0 ^ 1 }
    disk.corrupt(disk.segmentWithMail, at: SpoolFormat.recordsOffset + 900) { $0 ^ 1 }
    let damaged = try OfflineSpool(disk, care)
    switch care {
    case .quick: #expect(damaged.findings.damages.isEmpty)
    case .thorough:
      #expect(damaged.findings.damages.count == 2)
      #expect(damaged.findings.damages[0].contains("of \"journal/") && damaged.findings.damages[1].contains("the body of message"))
    }
    #expect(throws: (any Error).self) { try damaged.read(body: file, of: all[89]) { _ in } }
  }
}

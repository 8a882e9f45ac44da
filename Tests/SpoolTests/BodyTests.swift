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

@Suite struct BodyTests {
  @Test func `a large body goes to a file while it comes, and comes back whole`() {
    let disk = SimulatedDisk(seed: 31)
    let id = Slot<MessageID>()
    let body = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    SpoolLife.run(disk) { spool, loop in
      var letter = Letter.sample(spool.nextID())
      id.value = letter.id
      do throws(SpoolRefusal) {
        letter.body = try await spool.takeIn(body, as: letter.id, pieces: 1400)
        try await spool.accept(letter)
      } catch { Issue.record("\(error)") }
      #expect(letter.body.size == body.count && spool.intakeBytes == 0)
      #expect(spool.usage.bodyBytes == 300_000)
    }
    disk.crash()
    SpoolLife.run(disk) { spool, loop in
      guard let id = id.value, let stored = await spool.attemptRead(id) else {
        Issue.record("the message is there")
        return
      }
      #expect(stored.size == body.count)
      #expect(await spool.bytes(of: stored) == body)
      #expect(spool.usage.bodyBytes == 300_000)
      #expect(disk.names(of: "bodies") == ["\(id)"])
      spool.settle(id, [(0, .sample(.delivered))], nextAttempt: loop.wallTime)
      #expect(disk.names(of: "bodies") == ["\(id)"])
      _ = await loop.sleep(.seconds(1))
      #expect(disk.names(of: "bodies").isEmpty && spool.usage.bodyBytes == 0)
    }
  }

  @Test func `a small body stays in memory`() {
    let disk = SimulatedDisk(seed: 32)
    SpoolLife.run(disk) { spool, loop in
      let body = try? await spool.takeIn([UInt8](repeating: 65, count: 2048), as: spool.nextID(), pieces: 100)
      guard case .memory(let bytes) = body else {
        Issue.record("it stays in memory")
        return
      }
      #expect(bytes.count == 2048 && disk.names(of: "bodies").isEmpty && spool.intakeBytes == 0)
    }
  }

  @Test func `a body given up leaves nothing, and what a crash leaves is removed`() {
    let disk = SimulatedDisk(seed: 33)
    SpoolLife.run(disk) { spool, loop in
      let (first, second) = (spool.beginBody(of: spool.nextID()), spool.beginBody(of: spool.nextID()))
      for intake in [first, second] {
        intake.append([UInt8](repeating: 66, count: 5000).span)
        #expect(intake.needsDrain)
        #expect(await drain(intake) == nil)
      }
      #expect(disk.names(of: "bodies").count == 2)
      first.discard()
      _ = await loop.sleep(.seconds(1))
      #expect(disk.names(of: "bodies").count == 1)
      second.append([UInt8](repeating: 66, count: 10).span)
    }
    disk.kill()
    SpoolLife.run(disk) { spool, loop in
      #expect(spool.report.orphansRemoved == 1 && disk.names(of: "bodies").isEmpty)
    }
  }

  @Test func `many bodies at once go to their files early`() {
    var limits = SpoolLimits.small
    limits.inlineBody = .kibibytes(256)
    limits.intakeMemory = .kibibytes(64)
    SpoolLife.run(SimulatedDisk(seed: 34), limits) { spool, loop in
      let intakes = (0..<8).map { _ in spool.beginBody(of: spool.nextID()) }
      for intake in intakes {
        intake.append([UInt8](repeating: 66, count: 20_000).span)
        if intake.needsDrain { #expect(await drain(intake) == nil) }
      }
      #expect(spool.intakeBytes <= 64 * 1024)
      for intake in intakes { intake.discard() }
      #expect(spool.intakeBytes == 0)
    }
  }

  @Test func `a body that cannot be written is refused with words and leaves nothing`() {
    let disk = SimulatedDisk(seed: 35)
    SpoolLife.run(disk) { spool, loop in
      _ = await loop.sleep(.seconds(1))
      for call in [SimulatedDisk.Call.open, .write, .sync, .syncDirectory] {
        disk.fail(call, times: 1, with: ENOSPC)
        do throws(SpoolRefusal) {
          _ = try await spool.takeIn([UInt8](repeating: 65, count: 9000), as: spool.nextID(), pieces: 1000)
          Issue.record("\(call) fails")
        } catch { #expect(error.words.contains("bodies") && error.words.contains("free space")) }
        _ = await loop.sleep(.seconds(1))
        #expect(disk.names(of: "bodies").isEmpty && spool.intakeBytes == 0)
        #expect(spool.refusal() == nil && spool.problem?.contains("large message could not be stored") == true)
      }
      let isStored = (try? await spool.takeIn([UInt8](repeating: 65, count: 9000), as: spool.nextID(), pieces: 1000)) != nil
      #expect(isStored && spool.problem == nil)
    }
  }

  @Test func `a body whose file rots or is cut off is never read to its end`() {
    let disk = SimulatedDisk(seed: 36)
    SpoolLife.run(disk) { spool, loop in
      var letter = Letter.sample(spool.nextID())
      do throws(SpoolRefusal) {
        letter.body = try await spool.takeIn([UInt8](repeating: 65, count: 400_000), as: letter.id, pieces: 4000)
        try await spool.accept(letter)
      } catch { Issue.record("\(error)") }
      guard let stored = await spool.attemptRead(letter.id) else { return }
      disk.corrupt("bodies/\(letter.id)", at: 399_999) { $0 ^ 1 }
      #expect(await spool.bytes(of: stored) == nil)
      disk.corrupt("bodies/\(letter.id)", at: 399_999) { $0 ^ 1 }
      #expect(await spool.bytes(of: stored) != nil)
      disk.cutOff("bodies/\(letter.id)", at: 200_000)
      #expect(await spool.bytes(of: stored) == nil)
    }
  }

  @Loop private func drain(_ intake: BodyIntake) async -> SpoolRefusal? {
    do throws(SpoolRefusal) {
      try await intake.drain()
      return nil
    } catch { return error }
  }
}

// SPDX-License-Identifier: Apache-2.0
import EventLoop
import Glibc
import LinuxSystem
import Simulation
import Testing
import Timekeeping

/// What an upstream got in a day is remembered over crashes, faults of the disk and stops, but for the last minute before a crash.
@Suite struct SpendingTests {
  @Test func `a write that fails is made again, though nothing more is sent`() {
    run("failed write") { world in
      let house = try await House(world, "[Upstream]\nMaxPerDay=20\n")
      house.disk.fail(.remove, with: EIO)
      try await house.submit()
      #expect(await house.drain(within: .seconds(5)))
      #expect(spent(house.disk) == nil)
      _ = await house.loop.sleep(.seconds(61))
      #expect(spent(house.disk) == 1)
      await house.stop()
    }
  }

  @Test(arguments: 1...20) func `what was sent more than a minute before a power cut counts behind it`(seed: UInt64) {
    run("power cut, seed \(seed)") { world in
      let settings = "[Upstream]\nMaxPerDay=20\n"
      let house = try await House(world, settings)
      for number in 0..<15 { try await house.submit(to: ["to\(number)@b.example"]) }
      #expect(await house.drain(within: .seconds(5)))
      _ = await house.loop.sleep(.seconds(61))
      let disk = house.disk.crashedCopy(seed: seed)
      await house.stop()
      #expect(spent(disk) == 15)
      let next = try await House(world, settings, disk: disk)
      for number in 0..<15 { try await next.submit(to: ["next\(number)@b.example"]) }
      _ = await next.loop.sleep(.seconds(3600))
      #expect(next.takings.messages.count == 5)
      await next.stop()
    }
  }

  @Test(arguments: [0, 1, 2]) func `a stop during a write writes down what was sent since, and tries again after a fault`(faults: Int) {
    run("stop during a write, \(faults) faults") { world in
      let house = try await House(world, "[Upstream]\nMaxPerDay=20\n", work: .milliseconds(200))
      try await house.submit()
      #expect(await house.drain(within: .milliseconds(100)))
      for number in 0..<3 { try await house.submit(to: ["to\(number)@b.example"]) }
      #expect(await house.drain(within: .milliseconds(100)))
      #expect(spent(house.disk) == 1)
      if faults > 0 { house.disk.fail(.remove, times: faults, with: EIO) }
      await house.stop()
      #expect(spent(house.disk) == 4)
    }
  }

  @Test func `a disk that takes nothing more does not keep a stop`() {
    run("stop with a bad disk") { world in
      let house = try await House(world, "[Upstream]\nMaxPerDay=20\n", work: .milliseconds(200))
      try await house.submit()
      #expect(await house.drain(within: .seconds(5)))
      _ = await house.loop.sleep(.seconds(1))
      try await house.submit()
      #expect(await house.drain(within: .seconds(5)))
      house.disk.fail(.remove, times: .max, with: EIO)
      let begun = house.loop.moment
      await house.stop()
      #expect(house.loop.moment - begun < .seconds(2), "it took \(house.loop.moment - begun)")
      #expect(spent(house.disk) == 1)
    }
  }

  /// How many messages the file beside the journal counts; nil when there is none.
  private func spent(_ disk: SimulatedDisk) -> Int? {
    guard let file = try? disk.open("spent", .read), let size = try? file.size(), let bytes = try? file.read(Int(size), at: 0) else {
      return nil
    }
    return String(decoding: bytes, as: UTF8.self).split { " \n".contains($0) }.dropFirst().reduce(0) { sum, slice in
      sum + (slice.split(separator: ":").last.flatMap { Int($0) } ?? 0)
    }
  }
}

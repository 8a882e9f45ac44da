// SPDX-License-Identifier: Apache-2.0
import EventLoop
import LinuxSystem
import Octets
import Simulation
import Testing
import Timekeeping

@Suite struct SimulatedLoopTests {
  @Test func `a simulated week of sleeping takes no time`() {
    let clock = VirtualClock()
    EventLoop.run(SimulatedDriver(clock)) { loop in
      #expect(await loop.sleep(.seconds(7 * 86_400)) == .timedOut)
    }
    #expect(clock.moment == Moment(nanoseconds: 7 * 86_400 * 1_000_000_000))
  }

  @Test func `alarms ring in the order of their moments and not when taken back`() {
    final class Rung { var order: [Int] = [] }
    let rung = Rung()
    EventLoop.run(SimulatedDriver()) { [rung = SendableBox(rung)] loop in
      var generator = SeededGenerator(seed: 7)
      var expected: [(Duration, Int)] = []
      for number in 0..<500 {
        let wait = Duration.milliseconds(Int.random(in: 1...10_000, using: &generator) * 1000 + number)
        let alarm = loop.schedule(at: loop.moment + wait) { rung.value.order.append(number) }
        if number.isMultiple(of: 3) { alarm.cancel() } else { expected.append((wait, number)) }
      }
      _ = await loop.sleep(.seconds(86_400))
      #expect(rung.value.order == expected.sorted { $0.0 < $1.0 }.map(\.1))
    }
  }

  @Test func `an alarm finds its moment come, and one set while it rings waits for the next turn`() {
    final class Rung { var turns: [UInt64] = [] }
    let rung = Rung()
    EventLoop.run(SimulatedDriver()) { [rung = SendableBox(rung)] loop in
      let due = loop.moment + .milliseconds(5)
      loop.schedule(at: due) {
        #expect(loop.moment >= due)
        rung.value.turns.append(loop.turns)
        loop.schedule(at: loop.moment) { rung.value.turns.append(loop.turns) }
      }
      _ = await loop.sleep(.seconds(1))
      #expect(rung.value.turns.count == 2 && rung.value.turns[0] < rung.value.turns[1])
    }
  }

  @Test func `a wire carries lines across a simulated connection`() {
    EventLoop.run(SimulatedDriver()) { loop in
      let network = SimulatedNetwork(loop)
      guard let listener = try? network.listen(on: .v4([127, 0, 0, 1], port: 0)) else {
        Issue.record("the simulated network listens")
        return
      }
      loop.spawn {
        guard let stream = try? await listener.accept() else { return }
        var wire = Wire(stream)
        while let length = try? await wire.nextLine(limit: 100, until: .distantFuture) {
          let line = wire.input.bytes.extracting(first: length).array
          wire.output.append(line)
          wire.input.consume(length)
        }
        stream.close()
        listener.close()
      }
      do throws(WireFailure) {
        var wire = Wire(try await network.connect(to: listener.address, from: nil, until: .distantFuture))
        wire.output.append("one\ntwo\n")
        let first = try await wire.nextLine(limit: 100, until: loop.moment + .seconds(1))
        let one = wire.input.bytes.extracting(first: first).utf8Text
        #expect(one == "one\n")
        wire.input.consume(first)
        let second = try await wire.nextLine(limit: 100, until: loop.moment + .seconds(1))
        let two = wire.input.bytes.extracting(first: second).utf8Text
        #expect(two == "two\n")
        wire.input.consume(second)
        do throws(WireFailure) {
          _ = try await wire.nextLine(limit: 100, until: loop.moment + .seconds(60))
          Issue.record("nobody sends a third line")
        } catch {
          #expect(error == .timedOut)
        }
        wire.stream.close()
      } catch {
        Issue.record("\(error)")
      }
    }
  }
}

/// Carries a reference into a closure of one thread's loop.
///
/// Unchecked, because test and loop share one thread.
final class SendableBox<Value>: @unchecked Sendable {
  let value: Value
  init(_ value: Value) { self.value = value }
}

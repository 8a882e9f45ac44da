// SPDX-License-Identifier: Apache-2.0
import EventLoop
import Glibc
import LinuxSystem
import Octets
import Testing
import Timekeeping

@Suite struct EpollLoopTests {
  @Test func `a real connection carries bytes both ways and tells of its end`() throws {
    let driver = try EpollDriver()
    EventLoop.run(driver) { loop in
      let network = LinuxNetwork(loop, driver)
      do {
        let listener = try network.listen(on: .v4([127, 0, 0, 1], port: 0))
        loop.spawn { await echo(listener) }
        var wire = Wire(try await network.connect(to: listener.address, from: nil, until: loop.moment + .seconds(5)))
        for round in 0..<200 {
          wire.output.append(String(repeating: "x", count: round * 50) + "\n")
          let length = try await wire.nextLine(limit: 20_000, until: loop.moment + .seconds(5))
          #expect(length == round * 50 + 1)
          wire.input.consume(length)
        }
        wire.stream.finishWriting()
        do throws(WireFailure) {
          try await wire.fill(until: loop.moment + .seconds(5))
          Issue.record("the echo has ended")
        } catch {
          #expect(error == .ended)
        }
        wire.stream.close()
        listener.close()
      } catch {
        Issue.record("\(error)")
      }
    }
  }

  @Test func `a silent peer ends a wait at its deadline`() throws {
    let driver = try EpollDriver()
    EventLoop.run(driver) { loop in
      let network = LinuxNetwork(loop, driver)
      do {
        let listener = try network.listen(on: .v6(Array(repeating: 0, count: 15) + [1], port: 0, scope: 0))
        var wire = Wire(try await network.connect(to: listener.address, from: nil, until: loop.moment + .seconds(5)))
        do throws(WireFailure) {
          try await wire.fill(until: loop.moment + .milliseconds(20))
          Issue.record("nobody speaks")
        } catch {
          #expect(error == .timedOut)
        }
        wire.stream.close()
        listener.close()
      } catch {
        Issue.record("\(error)")
      }
    }
  }

  @Test func `a refused connection says so`() throws {
    let driver = try EpollDriver()
    EventLoop.run(driver) { loop in
      let network = LinuxNetwork(loop, driver)
      do {
        let listener = try network.listen(on: .v4([127, 0, 0, 1], port: 0))
        listener.close()
        let address = listener.address
        do throws(WireFailure) {
          _ = try await network.connect(to: address, from: nil, until: loop.moment + .seconds(5))
          Issue.record("nobody listens there")
        } catch {
          #expect(error == .system(SystemFailure(call: "connect to", subject: "\(address)", number: ECONNREFUSED)))
        }
      } catch {
        Issue.record("\(error)")
      }
    }
  }

  @Test func `workers answer on the loop, one thread in order`() throws {
    let driver = try EpollDriver()
    EventLoop.run(driver) { loop in
      let journal = ThreadWorkers(loop, name: "test-journal", threads: 1)
      let berth = Berth(loop)
      var answers: [Int] = []
      for number in 0..<1000 {
        journal.run({ number * 2 }) { answer in
          answers.append(answer)
          berth.wake()
        }
      }
      #expect(journal.pending == 1000 && journal.busySince != nil)
      while answers.count < 1000 { _ = await berth.wait() }
      #expect(answers == (0..<1000).map { $0 * 2 })
      #expect(journal.pending == 0 && journal.busySince == nil)
      #expect(await journal.perform(loop) { 42 } == 42)
    }
  }

  @Test func `a cancelled listener and a cancelled stream end their waits`() throws {
    let driver = try EpollDriver()
    EventLoop.run(driver) { loop in
      let network = LinuxNetwork(loop, driver)
      do {
        let listener = try network.listen(on: .v4([127, 0, 0, 1], port: 0))
        let stream = try await network.connect(to: listener.address, from: nil, until: loop.moment + .seconds(5))
        loop.schedule(at: loop.moment + .milliseconds(5)) { stream.cancel() }
        var wire = Wire(stream)
        do throws(WireFailure) {
          try await wire.fill(until: .distantFuture)
          Issue.record("nobody speaks")
        } catch {
          #expect(error == .cancelled)
        }
        stream.close()
        let accepted = try await listener.accept()
        accepted.close()
        loop.schedule(at: loop.moment + .milliseconds(5)) { listener.cancel() }
        do throws(AcceptFailure) {
          _ = try await listener.accept()
          Issue.record("nobody connects")
        } catch {
          #expect(error == .cancelled)
        }
        listener.close()
      } catch {
        Issue.record("\(error)")
      }
    }
  }
}

@Loop private func echo(_ listener: any Listener) async {
  guard let stream = try? await listener.accept() else { return }
  var wire = Wire(stream)
  while let length = try? await wire.nextLine(limit: 20_000, until: .distantFuture) {
    let line = wire.input.bytes.extracting(first: length).array
    wire.output.append(line)
    wire.input.consume(length)
  }
  stream.close()
}

// SPDX-License-Identifier: Apache-2.0
import EventLoop
import Glibc
import LinuxSystem
import Testing
import Timekeeping

@testable import Delivery

/// Races on the real network: an address that drops what comes, one that refuses, one that answers.
@Suite struct AddressRaceTests {
  /// Runs something on a loop that the kernel turns.
  private func run<Answer: Sendable>(_ body: @escaping @Loop (EventLoop, LinuxNetwork) async throws -> Answer) throws -> Answer {
    let driver = try EpollDriver()
    let answer = EventLoop.run(driver) { loop -> Result<Answer, any Error> in
      do {
        return .success(try await body(loop, LinuxNetwork(loop, driver)))
      } catch {
        return .failure(error)
      }
    }
    return try answer.get()
  }

  @Test func `the address that answers wins, and nothing is left of the others`() throws {
    let hole = try BlackHole()
    let good = try Socket.listening(on: .v4([127, 0, 0, 1], port: 0))
    let goodAddress = try good.localAddress()
    let closed = try Socket.listening(on: .v4([127, 0, 0, 1], port: 0)).localAddress()
    let before = try hole.attempts()
    let (winner, losers, during, took) = try run { loop, network in
      let begun = loop.moment
      let race = AddressRace(loop, network, Lifeline(), until: loop.moment + .seconds(20))
      let lanes = [hole.address, closed, hole.address, goodAddress].map { AddressRace.Lane(address: $0, source: nil) }
      var during = 0
      loop.schedule(at: loop.moment + .milliseconds(200)) { during = (try? hole.attempts()) ?? -1 }
      let result = await race.run(lanes)
      result.winner?.stream.close()
      return (result.winner?.address, result.losers.map { "\($0.failure.map { "\($0)" } ?? "overtaken")" }, during, loop.moment - begun)
    }
    #expect(winner == goodAddress && losers.count == 3 && losers[0] == "overtaken" && losers[2] == "overtaken", "\(losers)")
    #expect(losers[1].contains("connection refused"))
    #expect(took >= .milliseconds(500) && took < .seconds(10), "\(took)")
    #expect(during == before + 1)
    #expect(try hole.attempts() == before)
  }

  @Test func `a race that is cut ends at once`() throws {
    let hole = try BlackHole()
    let before = try hole.attempts()
    let took = try run { loop, network in
      let lifeline = Lifeline()
      let begun = loop.moment
      loop.schedule(at: loop.moment + .milliseconds(300)) { lifeline.cut() }
      let race = AddressRace(loop, network, lifeline, until: loop.moment + .seconds(60))
      let result = await race.run([hole.address, hole.address, hole.address].map { AddressRace.Lane(address: $0, source: nil) })
      #expect(result.winner == nil)
      return loop.moment - begun
    }
    #expect(took >= .milliseconds(300) && took < .seconds(10), "\(took)")
    #expect(try hole.attempts() == before)
  }
}

/// An address whose queue of connections is full, so that the kernel drops whatever else comes.
private final class BlackHole: Sendable {
  let address: SocketAddress
  private let numbers: [Int32]

  init() throws {
    let listener = try Socket.listening(on: .v4([127, 0, 0, 1], port: 0), backlog: 0)
    address = try listener.localAddress()
    var numbers = [dup(listener.number)]
    for _ in 0..<3 {
      let filler = try Socket.connecting(to: address)
      numbers.append(dup(filler.number))
    }
    self.numbers = numbers
  }

  deinit { for number in numbers { close(number) } }

  /// How many connections to it are under way: sockets in the state SYN_SENT.
  func attempts() throws -> Int {
    let port = String(address.port ?? 0, radix: 16, uppercase: true)
    let wanted = ":" + String(repeating: "0", count: 4 - port.utf8.count) + port
    guard let file = unsafe fopen("/proc/self/net/tcp", "re") else { throw SystemFailure.last("open", "/proc/self/net/tcp") }
    defer { unsafe fclose(file) }
    var line = [CChar](repeating: 0, count: 512)
    var count = 0
    while unsafe fgets(&line, 512, file) != nil {
      let words = String(decoding: line.prefix { $0 != 0 }.map(UInt8.init), as: UTF8.self).split(separator: " ")
      if words.count > 3, words[2].hasSuffix(wanted), words[3] == "02" { count += 1 }
    }
    return count
  }
}

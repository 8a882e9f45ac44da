// SPDX-License-Identifier: Apache-2.0
import EventLoop
import LinuxSystem
import Octets
import Simulation
import Timekeeping

/// A client of the control socket that sends bytes as they come and cuts what it hears at the NULs.
@Loop final class ControlClient {
  private let loop: EventLoop
  private let network: SimulatedNetwork
  private let stream: any ByteStream
  private var input = ByteQueue()

  init(_ loop: EventLoop, _ network: SimulatedNetwork) async throws {
    self.loop = loop
    self.network = network
    stream = try await network.connect(to: .unix("/sim/control"), from: nil, until: loop.moment + .seconds(5))
  }

  /// One more client of the same server.
  func another() async throws -> ControlClient { try await ControlClient(loop, network) }

  /// Sends one call.
  func send(_ call: String) async throws { try await sendRaw(call + "\0") }

  /// Sends these bytes.
  func sendRaw(_ text: String) async throws {
    if await !offer(text) { throw WireFailure.ended }
  }

  /// Sends these bytes if they are taken within a virtual second.
  func offer(_ text: String) async -> Bool {
    var output = ByteQueue()
    output.append(text)
    while !output.isEmpty {
      switch stream.write(from: &output) {
      case .bytes: continue
      case .notNow: if await stream.writable.wait(until: loop.moment + .seconds(1)) != .ready { return false }
      case .ended, .failed: return false
      }
    }
    return true
  }

  /// The next message, without its NUL.
  func next() async throws -> String {
    while true {
      if let end = input.firstIndex(of: 0) {
        defer { input.consume(end + 1) }
        return String(decoding: input.bytes.extracting(first: end).array, as: UTF8.self)
      }
      switch stream.read(into: &input, room: 65_536) {
      case .bytes: continue
      case .notNow: try WireFailure.check(await stream.readable.wait(until: loop.moment + .seconds(60)))
      case .ended: throw WireFailure.ended
      case .failed(let failure): throw failure
      }
    }
  }

  /// Whether anything has come that was not read.
  var hasHeard: Bool {
    _ = stream.read(into: &input, room: 65_536)
    return !input.isEmpty
  }

  /// Whether the server has ended the talk, without another word.
  func isCutOff() async -> Bool {
    do {
      _ = try await next()
      return false
    } catch {
      return error as? WireFailure != .timedOut
    }
  }

  /// Lets time pass.
  func pause(_ time: Duration) async { _ = await loop.sleep(time) }

  /// Says that nothing more will come.
  func finish() { stream.finishWriting() }

  /// Goes without a word.
  func leave() { stream.close() }
}

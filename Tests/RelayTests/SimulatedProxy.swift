// SPDX-License-Identifier: Apache-2.0
import EventLoop
import LinuxSystem
import Octets
import Simulation
import Timekeeping

/// A proxy on the simulated network that hears and says what a test wants, and then leads to the upstream or not.
@Loop final class SimulatedProxy {
  /// What it hears and then says, in turns.
  struct Turn {
    let hears: [UInt8]
    let says: [UInt8]
  }

  /// What it does behind its last turn.
  enum Ending {
    case leadsOn
    case hangsUp
    case fallsSilent
  }

  /// What came that was not expected.
  private(set) var surprises: [String] = []
  private(set) var connections = 0
  private let loop: EventLoop
  private let network: SimulatedNetwork
  private let listener: any Listener

  static nonisolated let address = SocketAddress.v4([198, 51, 100, 80], port: 1080)

  /// A proxy that plays these turns with everybody who comes.
  init(_ house: House, _ turns: [Turn], _ ending: Ending) throws {
    loop = house.loop
    network = house.network
    listener = try network.listen(on: SimulatedProxy.address)
    loop.spawn { [self] in
      while let stream = try? await listener.accept() {
        connections += 1
        loop.spawn { [self] in
          // Whatever ends a conversation, the relay must cope with it.
          try? await talk(stream, turns, ending)
          stream.close()
        }
      }
    }
  }

  func stop() { listener.close() }

  private func talk(_ stream: any ByteStream, _ turns: [Turn], _ ending: Ending) async throws {
    var wire = Wire(stream)
    for turn in turns {
      while wire.input.count < turn.hears.count { try await wire.fill(until: loop.moment + .seconds(100)) }
      let heard = wire.input.bytes.extracting(first: turn.hears.count).array
      wire.input.consume(turn.hears.count)
      if heard != turn.hears { surprises.append(String(decoding: heard, as: UTF8.self)) }
      wire.output.append(turn.says)
      try await wire.flush(until: .distantFuture)
    }
    switch ending {
    case .hangsUp: return
    case .fallsSilent: while true { try await wire.fill(until: .distantFuture) }
    case .leadsOn: break
    }
    let onward = try await network.connect(to: House.upstreamAddress, from: nil, until: loop.moment + .seconds(10))
    loop.spawn { await self.copy(from: onward, to: stream) }
    await copy(from: stream, to: onward)
  }

  private func copy(from source: any ByteStream, to sink: any ByteStream) async {
    var wire = Wire(source)
    var out = Wire(sink)
    do {
      while true {
        try await wire.fill(until: .distantFuture)
        out.output.append(wire.input.bytes)
        wire.input.removeAll()
        try await out.flush(until: .distantFuture)
      }
    } catch {
      sink.close()
      source.close()
    }
  }
}

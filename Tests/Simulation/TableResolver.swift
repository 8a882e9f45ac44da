// SPDX-License-Identifier: Apache-2.0
package import EventLoop
package import LinuxSystem
package import Resolver
package import Timekeeping

/// Looks names up in a table, after a virtual while.
@Loop package final class TableResolver: NameResolver {
  private let loop: EventLoop
  private let latency: Duration
  private var entries: [String: Result<Resolution, ResolutionFailure>] = [:]
  private var waiting: [Berth] = []
  /// Every name that was asked for, in order.
  package private(set) var asked: [String] = []

  /// An empty table, in which every name is unknown.
  package init(_ loop: EventLoop, latency: Duration = .milliseconds(5)) {
    self.loop = loop
    self.latency = latency
  }

  /// Gives a name its addresses; the ports are put in when somebody asks.
  package func set(_ name: String, to addresses: [SocketAddress], lifetime: Duration = .seconds(300)) {
    entries[name] = .success(Resolution(addresses: addresses, lifetime: lifetime))
  }

  /// Lets a name fail.
  package func set(_ name: String, to failure: ResolutionFailure) { entries[name] = .failure(failure) }

  package func resolve(_ name: String, port: UInt16, until deadline: Moment) async throws(ResolutionFailure) -> Resolution {
    asked.append(name)
    if let address = SocketAddress(numeric: name, port: port) { return Resolution(addresses: [address], lifetime: nil) }
    let berth = Berth(loop)
    waiting.append(berth)
    defer { waiting.removeAll { $0 === berth } }
    if await berth.wait(until: min(deadline, loop.moment + latency)) == .cancelled { throw .cancelled }
    if loop.moment >= deadline { throw .noAnswer(name, servers: "the table") }
    switch entries[name] {
    case .success(let resolution):
      return Resolution(addresses: resolution.addresses.map { $0.with(port: port) }, lifetime: resolution.lifetime)
    case .failure(let failure): throw failure
    case nil: throw .noSuchName(name)
    }
  }

  package func cancelAll() {
    for berth in waiting { berth.wake(.cancelled) }
  }
}

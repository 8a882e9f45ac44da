// SPDX-License-Identifier: Apache-2.0
package import EventLoop
internal import LinuxSystem
package import Timekeeping

/// Looks names up as this machine is told to: addresses and `localhost` at once, then `/etc/hosts`, then DNS by c-ares.
///
/// Every look-up has a c-ares channel of its own, so that it follows changes of `/etc/resolv.conf`, asks from fresh random ports, and costs
/// nothing when it is over. IPv4 and IPv6 are asked for side by side; the one that answers waits only a moment for the other
/// (RFC 8305 §3).
@Loop package final class CaresResolver: NameResolver {
  private let loop: EventLoop
  private let driver: EpollDriver
  private let manner: Manner
  private var running: [ObjectIdentifier: CaresLookup] = [:]

  /// A resolver on a loop that the kernel turns.
  package init(_ loop: EventLoop, _ driver: EpollDriver, _ manner: Manner = Manner()) {
    self.loop = loop
    self.driver = driver
    self.manner = manner
  }

  package func resolve(_ name: String, port: UInt16, until deadline: Moment) async throws(ResolutionFailure) -> Resolution {
    switch try HostName(name, port: port) {
    case .address(let address):
      return Resolution(addresses: [address], lifetime: nil)
    case .thisMachine:
      let loopback = [UInt8](repeating: 0, count: 15) + [1]
      return Resolution(addresses: [.v4([127, 0, 0, 1], port: port), .v6(loopback, port: port, scope: 0)], lifetime: nil)
    case .name(let name, let isComplete):
      let byHand = HostsFile(path: manner.hostsFile).addresses(of: name, port: port)
      if !byHand.isEmpty { return Resolution(addresses: byHand, lifetime: nil) }
      let lookup = CaresLookup(name, loop, driver, manner)
      running[ObjectIdentifier(lookup)] = lookup
      defer { running[ObjectIdentifier(lookup)] = nil }
      return try await lookup.run(isComplete: isComplete, port: port, until: deadline)
    }
  }

  package func cancelAll() {
    for lookup in running.values { lookup.cancel() }
  }

  /// How name servers are asked.
  package struct Manner: Sendable {
    /// The servers as `192.0.2.1:53,[2001:db8::1]:53`; nil for those of `/etc/resolv.conf`.
    package var servers: String?
    /// How long the first try of each server may take; later tries get longer.
    package var patience: Duration = .seconds(2)
    /// How often each server is tried.
    package var tries = 3
    /// How long an answer of one family waits for the other family's.
    package var grace: Duration = .milliseconds(250)
    /// Where names are given by hand.
    package var hostsFile = "/etc/hosts"

    /// What suits a relay.
    package init() {}
  }
}

// SPDX-License-Identifier: Apache-2.0
import EventLoop
import Glibc
import LinuxSystem
import Octets
import Relay
import Secrets
import ServiceManager
import Settings
import Simulation
import Synchronization
import Telemetry
import Timekeeping
import Varlink

/// The whole relay in a world without outside: one life of it, from start to stop.
///
/// Disk, clock and takings are handed from life to life; network and upstream are made anew.
@Loop final class House {
  let loop: EventLoop
  let network: SimulatedNetwork
  let disk: SimulatedDisk
  let resolver: TableResolver
  let upstream: SimulatedUpstream
  let takings: Takings
  let log: LogBook
  let events: EventLog
  private(set) var relay: Relay
  private let text: String
  private var others: [SimulatedUpstream] = []

  /// Opens the house over a disk; `settings` follow the usual ones, a worker's job takes as long as `work`, `prepare` teaches the upstream
  /// before anything is sent.
  init(
    _ world: World, _ settings: String = "", disk: SimulatedDisk = SimulatedDisk(seed: 1), takings: Takings = Takings(), seed: UInt64 = 1,
    upstreamAt address: SocketAddress = House.upstreamAddress, latency: Duration = .microseconds(50),
    work: Duration = .microseconds(100),
    prepare: (SimulatedUpstream, SimulatedNetwork) -> Void = { _, _ in }
  ) async throws {
    let checked = try House.settings(settings)
    loop = world.loop
    self.disk = disk
    self.takings = takings
    text = settings
    network = SimulatedNetwork(loop, latency: latency)
    resolver = TableResolver(loop)
    resolver.set("mx.example.com", to: [address])
    upstream = SimulatedUpstream(loop, network, at: address, into: takings)
    try upstream.start()
    prepare(upstream, network)
    log = LogBook()
    events = EventLog(loop, LogSink { [log] in log.add($0, $1) }, .debug)
    let means = RelayMeans(
      clock: world.clock, network: network, disk: disk, resolver: resolver, journal: SimulatedWorkers(loop),
      workers: SimulatedWorkers(loop, latency: work), secrets: SecretReader(environment: [:]), generator: SeededGenerator(seed: seed),
      notifier: ServiceNotifier(), log: events)
    relay = try await Relay(
      loop, checked, means,
      inherited: InheritedListeners(control: try network.listen(on: House.controlAddress)), version: "simulated")
  }

  /// Another upstream, `NAME.example.com`, at an address of its own and with takings of its own.
  func addUpstream(_ name: String, _ number: UInt8) throws -> (upstream: SimulatedUpstream, takings: Takings) {
    let address = SocketAddress.v4([192, 0, 2, number], port: 25)
    resolver.set("\(name).example.com", to: [address])
    let takings = Takings()
    let upstream = SimulatedUpstream(loop, network, at: address, into: takings)
    try upstream.start()
    others.append(upstream)
    return (upstream, takings)
  }

  /// Stops the relay, and then the upstreams.
  func stop() async {
    await relay.stop("the test is over")
    for upstream in [upstream] + others {
      upstream.stop()
      upstream.hangUp()
    }
  }

  /// Waits until nothing is queued, at most so long; false when the time was not enough.
  func drain(within limit: Duration) async -> Bool {
    await wait(within: limit) {
      let spool = relay.status().spool
      return spool.messages == spool.failed
    }
  }

  /// Waits until something is so, at most so long, looking more and more seldom; false when the time was not enough.
  func wait(within limit: Duration, until isSo: () -> Bool) async -> Bool {
    let deadline = loop.moment + limit
    var pause = Duration.milliseconds(10)
    while !isSo() {
      if loop.moment >= deadline { return false }
      _ = await loop.sleep(pause)
      pause = min(pause * 1.1, .seconds(60))
    }
    return true
  }

  /// Hands one message in over a connection of its own; answers the reply to the end of it.
  @discardableResult func submit(
    to recipients: [String] = ["you@b.example"], from sender: String = "me@a.example", _ body: String = "Subject: hi\r\n\r\nhello\r\n"
  ) async throws -> String {
    var client = try await MailClient.connect(loop, network, House.mailAddress)
    let reply = try await client.send(from: sender, to: recipients, body)
    await client.quit()
    return reply
  }

  /// Settings as the daemon reads them.
  static func settings(_ more: String) throws -> RelaySettings {
    let usual = """
      [Relay]
      Hostname=relay.example.com
      [Listen]
      Address=127.0.0.1:2525
      [Upstream]
      Host=mx.example.com
      Port=25
      TLS=none
      [Spool]
      Directory=/sim
      SegmentSize=1M
      Reserve=0
      [Control]
      Socket=/sim/control

      """
    return try RelaySettings(
      files: [SettingsFile(name: "posthouse.conf", text: usual), SettingsFile(name: "more.conf", text: more)], environment: [:],
      systemHostname: "relay.example.com")
  }

  static nonisolated let mailAddress = SocketAddress.v4([127, 0, 0, 1], port: 2525)
  static nonisolated let controlAddress = SocketAddress.unix("/sim/control")
  static nonisolated let upstreamAddress = SocketAddress.v4([192, 0, 2, 1], port: 25)
}

/// Everything that was written down.
final class LogBook: Sendable {
  private let lines = Mutex<[String]>([])

  func add(_ priority: Int32, _ text: String) { lines.withLock { $0.append("<\(priority)> \(text)") } }

  /// The lines that hold some words.
  func lines(with words: String) -> [String] { lines.withLock { $0.filter { $0.contains(words) } } }

  /// All of it.
  var text: String { lines.withLock { $0.joined(separator: "\n") } }
}

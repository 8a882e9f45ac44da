// SPDX-License-Identifier: Apache-2.0
import EventLoop
import LinuxSystem
import Mail
import Octets
import Settings
import Simulation
import Spool
import TLS
import Telemetry
import Timekeeping

@testable import Submission

/// The apps' side alone, over a disk in memory: in virtual time on a simulated network, or on the machine's own sockets.
@Loop final class Bench {
  let loop: EventLoop
  let network: any Network
  let disk: SimulatedDisk
  let server: SubmissionServer
  let spool: Spool
  private(set) var events: [RelayEvent] = []
  private(set) var letters: [StoredLetter] = []
  private var listeners: [any Listener] = []

  /// What a bench is made of.
  struct Plan: Sendable {
    /// Lines of configuration.
    var settings = ""
    /// Changes that no setting can make.
    var change: @Sendable (inout SubmissionRules) -> Void = { _ in }
    /// The limits of the spool.
    var spool: @Sendable (inout SpoolLimits) -> Void = { $0.segmentSize = .mebibytes(2) }
    /// The client's certificate side; with it there is a server's certificate.
    var tls: TLSContext?
    /// How the door is protected.
    var protection = MailDoor.Protection.clear

    init(_ settings: String = "") { self.settings = settings }
  }

  /// Runs a test in virtual time.
  nonisolated static func simulated(_ plan: Plan = Plan(), _ test: @escaping @Sendable @Loop (Bench) async throws -> Void) throws {
    try EventLoop.run(SimulatedDriver()) { loop in await attempt(loop, SimulatedNetwork(loop), plan, test) }.get()
  }

  /// Runs a test over real sockets.
  nonisolated static func live(_ plan: Plan = Plan(), _ test: @escaping @Sendable @Loop (Bench) async throws -> Void) throws {
    let driver = try EpollDriver()
    try EventLoop.run(driver) { loop in await attempt(loop, LinuxNetwork(loop, driver), plan, test) }.get()
  }

  private static func attempt(
    _ loop: EventLoop, _ network: any Network, _ plan: Plan, _ test: @Loop (Bench) async throws -> Void
  ) async -> Result<Void, any Error> {
    do {
      let bench = try await Bench(loop, network, plan)
      do {
        try await bench.open(.v4([127, 0, 0, 1], port: 0), plan.protection)
        try await test(bench)
      } catch {
        await bench.end()
        throw error
      }
      await bench.end()
      return .success(())
    } catch {
      return .failure(error)
    }
  }

  private init(_ loop: EventLoop, _ network: any Network, _ plan: Plan) async throws {
    let disk = SimulatedDisk(seed: 1)
    var limits = SpoolLimits()
    limits.reserve = ByteCount(bytes: 0)
    plan.spool(&limits)
    let spool = try await Spool.open(
      disk, limits: limits, journal: SimulatedWorkers(loop), workers: SimulatedWorkers(loop), loop: loop)
    var rules = SubmissionRules(try Bench.settings(plan.settings), plan.tls)
    plan.change(&rules)
    let record = Record()
    self.loop = loop
    self.network = network
    self.disk = disk
    self.spool = spool
    server = SubmissionServer(loop, spool, rules, peers: PeerLookup()) {
      record.bench?.events.append($0)
    } deliver: {
      record.bench?.letters.append($0)
    }
    record.bench = self
  }

  /// Checked settings, as the daemon reads them.
  nonisolated static func settings(_ text: String) throws -> RelaySettings {
    let usual = SettingsFile(name: "usual", text: "[Relay]\nHostname=relay.example.com\n[Upstream]\nHost=capture:/mail\n")
    return try RelaySettings(
      files: [usual, SettingsFile(name: "more", text: text)], environment: [:], systemHostname: "relay.example.com")
  }

  /// Takes mail in at one more address.
  func open(_ address: SocketAddress, _ protection: MailDoor.Protection = .clear) async throws {
    let listener = try network.listen(on: address)
    listeners.append(listener)
    server.serve(MailDoor(listener, protection))
  }

  /// Where the first door is.
  var address: SocketAddress { listeners[0].address }

  /// A client that has just connected.
  func visitor(from source: SocketAddress? = nil, at address: SocketAddress? = nil) async throws -> Speaker {
    Speaker(try await network.connect(to: address ?? self.address, from: source, until: loop.moment + .seconds(20)), loop)
  }

  /// What a client hears first that connects from some address.
  func greeting(from source: SocketAddress? = nil) async throws -> String { try await visitor(from: source).reply() }

  /// A client that is greeted and has said EHLO.
  func client() async throws -> Speaker {
    let speaker = try await visitor()
    guard try await speaker.reply().hasPrefix("220"), try await speaker.say("EHLO app").hasPrefix("250") else {
      throw Speaker.Unexpected(description: "there was no greeting")
    }
    return speaker
  }

  /// What was written down about refusals.
  var refusals: [RelayEvent] { events.filter { ["refused", "connection-refused"].contains($0.name) } }

  /// The whole bytes of a letter that was taken in, with the trace.
  func bytes(of letter: StoredLetter) async throws -> [UInt8] {
    switch letter.body {
    case .memory(let bytes): return bytes
    case .file(let file):
      let reader = spool.read(body: file, of: letter.id)
      var bytes: [UInt8] = []
      while let piece = try await reader.next() { bytes += piece }
      return bytes
    }
  }

  private func end() async {
    await server.drain(until: loop.moment + .seconds(5))
    _ = await spool.close(until: loop.moment + .seconds(5))
  }

  @Loop private final class Record {
    weak var bench: Bench?
  }
}

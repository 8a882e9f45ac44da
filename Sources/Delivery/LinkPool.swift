// SPDX-License-Identifier: Apache-2.0
import EventLoop
import Mail
import Resolver
import SMTP
import Settings
import TLS
import Telemetry
import Timekeeping

/// The connections to the upstream: opens them for messages, keeps idle ones for the next, and ends them all in good order.
@Loop final class LinkPool {
  weak var dispatcher: Dispatcher?
  /// How many connections are open or being opened.
  private(set) var count = 0
  private let loop: EventLoop
  private let means: DeliveryMeans
  private let report: (RelayEvent) -> Void
  private let memory = LinkMemory()
  private var settings: UpstreamSettings
  private var clientName: ClientName
  private var desks: [Int: LinkDesk] = [:]
  private var lines: [Int: Lifeline] = [:]
  private var opened = 0
  private var drained: Berth?
  private var isCut = false

  init(_ loop: EventLoop, _ settings: RelaySettings, _ means: DeliveryMeans, report: @escaping (RelayEvent) -> Void) {
    self.loop = loop
    self.means = means
    self.report = report
    self.settings = settings.upstream
    clientName = LinkPool.name(settings)
  }

  /// What is known of the upstream's certificate.
  var certificate: CertificateWatch { memory.certificate }

  /// What the upstream is called in log and status.
  var name: String { settings.host.map(\.description) ?? "none" }

  /// Connections that are open follow the old settings; they end after their message.
  func reload(_ settings: RelaySettings) {
    self.settings = settings.upstream
    clientName = LinkPool.name(settings)
    memory.removeAll()
    for desk in desks.values { desk.close() }
  }

  /// Wakes a connection that waits for work; false when none does.
  func wakeIdle() -> Bool { desks.values.contains { $0.wake() } }

  /// Opens a connection for a message that was taken.
  func open(for assignment: Dispatcher.Assignment) {
    guard let dispatcher else { return }
    count += 1
    opened += 1
    let number = opened
    let desk = LinkDesk(dispatcher, loop, first: assignment, patience: min(settings.idleTimeout, settings.connection.maxAge))
    desks[number] = desk
    loop.spawn { [self] in
      await run(number, desk, assignment)
      lines[number] = nil
      desks[number] = nil
      count -= 1
      dispatcher.linkClosed()
      if count == 0 { drained?.wake() }
    }
  }

  /// Wakes the idle, waits for the busy, and cuts what is left at the deadline.
  func drain(until deadline: Moment) async {
    for desk in desks.values { desk.close() }
    let berth = Berth(loop)
    drained = berth
    while count > 0 {
      if await berth.wait(until: deadline) == .timedOut { break }
    }
    isCut = true
    means.resolver.cancelAll()
    for line in lines.values { line.cut() }
    while count > 0 { _ = await berth.wait() }
  }

  private func run(_ number: Int, _ desk: LinkDesk, _ assignment: Dispatcher.Assignment) async {
    if case .capture(let directory) = settings.host {
      dispatcher?.linkOpened()
      return await Maildir(at: directory, loop, means.workers).serve(desk)
    }
    let lifeline = Lifeline()
    lines[number] = lifeline
    if isCut { lifeline.cut() }
    let connector = UpstreamConnector(
      loop: loop, means: means, memory: memory, settings: settings, name: clientName, lifeline: lifeline)
    do throws(Setback) {
      let session = try await connector.open()
      // What is found by settings that are gone says nothing about those that have come.
      if !desk.isClosed {
        announce(session.security, session.dialogue.wire.stream)
        dispatcher?.linkOpened()
      }
      await session.serve(desk)
    } catch {
      if desk.withdraw() { dispatcher?.linkFailed(assignment, error) }
    }
  }

  private func announce(_ security: UpstreamSecurity, _ stream: any ByteStream) {
    report(.upstream(.connected(upstream: name, address: "\(stream.peer)")))
    guard let peer = security.peer else {
      if security.channel != .loopback { report(.upstream(.plaintext(upstream: name))) }
      return
    }
    if let end = peer.certificateEnd,
      let days = memory.certificate.note(end, warning: settings.connection.certificateWarning, at: loop.wallTime)
    {
      report(.upstream(.certificateExpiring(upstream: name, days: days, end: end)))
    }
    if peer.isVerified {
      report(.upstream(.tlsEstablished(upstream: name, version: peer.version, cipher: peer.cipher, isResumed: peer.isResumed)))
    } else {
      report(.upstream(.tlsUnverified(upstream: name, why: peer.fault.map { "\($0)" } ?? "no certificate was shown")))
    }
  }

  private static func name(_ settings: RelaySettings) -> ClientName {
    guard let name = ClientName(settings.hostname) ?? ClientName("localhost") else { preconditionFailure("\"localhost\" is a name") }
    return name
  }
}

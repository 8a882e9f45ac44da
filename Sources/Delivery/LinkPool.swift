// SPDX-License-Identifier: Apache-2.0
import EventLoop
import Mail
import Resolver
import SMTP
import Secrets
import Settings
import TLS
import Telemetry
import Timekeeping

/// The connections to the upstream: opens them for messages, keeps idle ones for the next, and ends them all in good order.
@Loop final class LinkPool {
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

  init(
    _ loop: EventLoop, _ settings: UpstreamSettings, of house: RelaySettings, _ means: DeliveryMeans,
    report: @escaping (RelayEvent) -> Void
  ) {
    self.loop = loop
    self.means = means
    self.report = report
    self.settings = settings
    clientName = LinkPool.name(house)
  }

  /// What is known of the upstream's certificate.
  var certificate: CertificateWatch { memory.certificate }

  /// The files that connections are made with, as they were when the last one began; nil before the first.
  var files: FileSignature? { memory.files }

  /// Connections that are open follow the old settings; they end after their message.
  func reload(_ settings: UpstreamSettings, of house: RelaySettings) {
    self.settings = settings
    clientName = LinkPool.name(house)
    memory.removeAll()
    close()
  }

  /// Connections end after their message.
  func close() {
    for desk in desks.values { desk.close() }
  }

  /// Whether a connection waits for work, or was woken for some and has not taken it yet.
  var hasIdle: Bool {
    for desk in desks.values where desk.isIdle || desk.isWoken { return true }
    return false
  }

  /// Wakes a connection that waits for work; false when none does.
  func wakeIdle() -> Bool {
    for desk in desks.values where desk.wake() { return true }
    return false
  }

  /// Opens a connection that serves a desk.
  func open(for desk: LinkDesk) {
    count += 1
    opened += 1
    let number = opened
    desks[number] = desk
    loop.spawn { [self] in
      await run(number, desk)
      lines[number] = nil
      desks[number] = nil
      count -= 1
      desk.ended()
      if count == 0 { drained?.wake() }
    }
  }

  /// Wakes the idle, waits for the busy, and cuts what is left at the deadline.
  func drain(until deadline: Moment) async {
    close()
    let berth = Berth(loop)
    drained = berth
    while count > 0 {
      if await berth.wait(until: deadline) == .timedOut { break }
    }
    if count == 0 { return }
    isCut = true
    means.resolver.cancelAll()
    for line in lines.values { line.cut() }
    while count > 0 { _ = await berth.wait() }
  }

  private func run(_ number: Int, _ desk: LinkDesk) async {
    if case .capture(let directory) = settings.host {
      desk.opened()
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
        desk.opened()
      }
      await session.serve(desk)
    } catch {
      desk.failed(error)
    }
  }

  private func announce(_ security: UpstreamSecurity, _ stream: any ByteStream) {
    report(.upstream(.connected(upstream: settings.label, address: "\(stream.peer)")))
    guard let peer = security.peer else {
      if security.channel != .loopback { report(.upstream(.plaintext(upstream: settings.label))) }
      return
    }
    if let end = peer.certificateEnd,
      let days = memory.certificate.note(end, warning: settings.connection.certificateWarning, at: loop.wallTime)
    {
      report(.upstream(.certificateExpiring(upstream: settings.label, days: days, end: end)))
    }
    if peer.isVerified {
      report(
        .upstream(
          .tlsEstablished(upstream: settings.label, version: peer.version, cipher: peer.cipher, isResumed: peer.isResumed)))
    } else {
      report(.upstream(.tlsUnverified(upstream: settings.label, why: peer.fault.map { "\($0)" } ?? "no certificate was shown")))
    }
  }

  private static func name(_ settings: RelaySettings) -> ClientName {
    guard let name = ClientName(settings.hostname) ?? ClientName("localhost") else { preconditionFailure("\"localhost\" is a name") }
    return name
  }
}

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
  private let contexts = TLSContexts()
  private var settings: UpstreamSettings
  private var clientName: ClientName
  private var generation = 0
  private var idle: [Berth] = []
  private var lines: [Int: any ByteStream] = [:]
  private var opened = 0
  private var drained: Berth?
  private var isEnding = false
  private var isCut = false

  init(_ loop: EventLoop, _ settings: RelaySettings, _ means: DeliveryMeans, report: @escaping (RelayEvent) -> Void) {
    self.loop = loop
    self.means = means
    self.report = report
    self.settings = settings.upstream
    clientName = LinkPool.name(settings)
  }

  /// What the upstream is called in log and status.
  var name: String { settings.host.map(\.description) ?? "none" }

  /// Connections that are open follow the old settings; they end after their message.
  func reload(_ settings: RelaySettings) {
    self.settings = settings.upstream
    clientName = LinkPool.name(settings)
    contexts.forgetAll()
    generation += 1
    for berth in idle { berth.wake() }
  }

  /// Wakes a connection that waits for work; false when none does.
  func wakeIdle() -> Bool {
    guard let berth = idle.popLast() else { return false }
    berth.wake()
    return true
  }

  /// Opens a connection for a message that was taken.
  func open(for id: MessageID, attempts: Int) {
    count += 1
    opened += 1
    let number = opened
    loop.spawn { [self] in
      await run(number, id, attempts)
      lines[number] = nil
      count -= 1
      dispatcher?.linkClosed()
      if count == 0 { drained?.wake() }
    }
  }

  /// Wakes the idle, waits for the busy, and cuts what is left at the deadline.
  func drain(until deadline: Moment) async {
    isEnding = true
    for berth in idle { berth.wake() }
    let berth = Berth(loop)
    drained = berth
    while count > 0 {
      if await berth.wait(until: deadline) == .timedOut { break }
    }
    isCut = true
    means.resolver.cancelAll()
    for line in lines.values { line.cancel() }
    while count > 0 { _ = await berth.wait() }
  }

  private func run(_ number: Int, _ id: MessageID, _ attempts: Int) async {
    if case .capture(let directory) = settings.host {
      dispatcher?.linkOpened()
      return await serve(Maildir(at: directory, loop, means.workers), id, attempts)
    }
    let connector = UpstreamConnector(
      loop: loop, means: means, contexts: contexts, settings: settings, name: clientName
    ) { [self] stream in
      lines[number] = stream
      if isCut { stream.cancel() }
    }
    do throws(Setback) {
      let session = try await connector.open()
      announce(session.security, session.stream)
      dispatcher?.linkOpened()
      await serve(session, id, attempts)
    } catch {
      dispatcher?.linkFailed(id, error)
    }
  }

  /// Delivers the first message and all that follow, until the carrier or the settings end it.
  private func serve<Taker: Carrier & ~Copyable>(_ carrier: consuming Taker, _ id: MessageID, _ attempts: Int) async {
    let born = generation
    var task: (id: MessageID, attempts: Int)? = (id, attempts)
    while let (id, attempts) = task {
      if let consignment = await dispatcher?.consign(id, attempts: attempts) {
        let report = await carrier.deliver(consignment)
        dispatcher?.finish(consignment, report)
        if report.connectionEnded { return noteLoss(report) }
      }
      guard generation == born, carrier.hasRoom else { break }
      task = await nextTask()
      if carrier.hasEndedWhileIdle() {
        if let task { dispatcher?.giveBack(task.id) }
        break
      }
    }
    await carrier.quit()
  }

  /// The next message that is due; waits for one as long as an idle connection is kept.
  private func nextTask() async -> (id: MessageID, attempts: Int)? {
    let deadline = loop.moment + settings.idleTimeout
    let born = generation
    let berth = Berth(loop)
    while !isEnding, generation == born {
      if let task = dispatcher?.next() { return task }
      idle.append(berth)
      let wake = await berth.wait(until: deadline)
      idle.removeAll { $0 === berth }
      guard wake == .ready else { return nil }
    }
    return nil
  }

  private func announce(_ security: UpstreamSecurity, _ stream: any ByteStream) {
    report(.upstream(.connected(upstream: name, address: "\(stream.peer)")))
    guard let peer = security.peer else {
      if security.channel != .loopback { report(.upstream(.plaintext(upstream: name))) }
      return
    }
    if peer.isVerified {
      report(.upstream(.tlsEstablished(upstream: name, version: peer.version, cipher: peer.cipher)))
    } else {
      report(.upstream(.tlsUnverified(upstream: name, why: peer.fault.map { "\($0)" } ?? "no certificate was shown")))
    }
  }

  private func noteLoss(_ report: TransactionReport) {
    guard let setback = report.setback else { return }
    self.report(.upstream(.connectionLost(upstream: name, stage: setback.stage.name, why: "\(setback)")))
  }

  private static func name(_ settings: RelaySettings) -> ClientName {
    guard let name = ClientName(settings.hostname) ?? ClientName("localhost") else { preconditionFailure("\"localhost\" is a name") }
    return name
  }
}

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
    wakeAllIdle()
  }

  /// Wakes a connection that waits for work; false when none does.
  func wakeIdle() -> Bool {
    guard let berth = idle.popLast() else { return false }
    berth.wake()
    return true
  }

  private func wakeAllIdle() {
    let berths = idle
    // Who is told to go is not there any more for a message that is due.
    idle = []
    for berth in berths { berth.wake() }
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
    wakeAllIdle()
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
    let born = generation
    if case .capture(let directory) = settings.host {
      dispatcher?.linkOpened()
      return await serve(Maildir(at: directory, loop, means.workers), id, attempts, born)
    }
    let connector = UpstreamConnector(
      loop: loop, means: means, contexts: contexts, settings: settings, name: clientName
    ) { [self] stream in
      lines[number] = stream
      if isCut { stream.cancel() }
    }
    do throws(Setback) {
      let session = try await connector.open()
      if generation == born {
        announce(session.security, session.stream)
        dispatcher?.linkOpened()
      }
      await serve(session, id, attempts, born)
    } catch {
      // What is wrong by settings that are gone says nothing about those that have come.
      if generation == born { dispatcher?.linkFailed(id, error) } else { dispatcher?.giveBack(id) }
    }
  }

  /// Delivers the first message and all that follow, until the carrier or the settings end it; settings that changed since `born` do.
  private func serve<Taker: Carrier & ~Copyable>(_ carrier: consuming Taker, _ id: MessageID, _ attempts: Int, _ born: Int) async {
    var task: (id: MessageID, attempts: Int)? = (id, attempts)
    var isFirst = true
    while let (id, attempts) = task {
      guard generation == born else {
        dispatcher?.giveBack(id)
        break
      }
      if let consignment = await dispatcher?.consign(id, attempts: attempts) {
        // A reply that nobody asked for would be taken for the next one's.
        guard !carrier.hasEndedWhileIdle() else {
          if isFirst { dispatcher?.linkFailed(id, Setback(.idle, LinkPool.spokeOutOfTurn)) } else { dispatcher?.giveBack(id) }
          break
        }
        let report = await carrier.deliver(consignment)
        if report.foundNobody, !isFirst { return dispatcher?.giveBack(id) ?? () }
        dispatcher?.finish(consignment, report)
        if report.connectionEnded { return noteLoss(report) }
        isFirst = false
      }
      guard generation == born, carrier.hasRoom else { break }
      task = await nextTask(born)
    }
    await carrier.quit()
  }

  /// The next message that is due; waits for one as long as an idle connection is kept.
  private func nextTask(_ born: Int) async -> (id: MessageID, attempts: Int)? {
    let deadline = loop.moment + settings.idleTimeout
    let berth = Berth(loop)
    while !isEnding, generation == born {
      if let task = dispatcher?.next() { return task }
      guard loop.moment < deadline else { return nil }
      idle.append(berth)
      let wake = await berth.wait(until: deadline)
      idle.removeAll { $0 === berth }
      if wake == .cancelled { return nil }
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

  private static let spokeOutOfTurn = UpstreamFailure.connectionLost("the upstream hung up, or spoke out of turn, before any mail")

  private static func name(_ settings: RelaySettings) -> ClientName {
    guard let name = ClientName(settings.hostname) ?? ClientName("localhost") else { preconditionFailure("\"localhost\" is a name") }
    return name
  }
}

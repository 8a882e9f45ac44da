// SPDX-License-Identifier: Apache-2.0
package import EventLoop
import SMTP
import Scheduling
package import Settings
import Telemetry
import Timekeeping

/// One upstream: how it is reached, what is known of its condition, how much it may get, and the connections to it.
@Loop package final class Upstream {
  /// How it is reached.
  package private(set) var settings: UpstreamSettings
  /// What is known of its condition.
  package private(set) var health: UpstreamHealth
  let links: LinkPool
  private let loop: EventLoop
  private let report: (RelayEvent) -> Void
  private let corrections: CorrectionWatch
  weak var dispatcher: Dispatcher?
  private var gate: RateGate
  private var window: ConcurrencyWindow
  /// Whether messages pass without anybody counting them.
  private var isUnlimited: Bool

  /// An upstream to which there is no connection yet; `spent` is what it got in the last day.
  init(
    _ loop: EventLoop, _ settings: UpstreamSettings, of house: RelaySettings, _ means: DeliveryMeans, spent: DailySpending,
    report: @escaping (RelayEvent) -> Void
  ) {
    self.loop = loop
    self.report = report
    self.settings = settings
    health = UpstreamHealth(BackoffPolicy(probing: house.retry))
    links = LinkPool(loop, settings, of: house, means, report: report)
    corrections = CorrectionWatch(loop, means.workers)
    let limits = RateLimits(settings)
    gate = RateGate(limits, spent: spent)
    isUnlimited = limits == RateLimits()
    window = ConcurrencyWindow(most: settings.connections)
  }

  /// What it is called in log and status.
  package var name: String { settings.label }

  /// Where it is, as reports name it.
  var host: String { settings.host.map(\.description) ?? name }

  /// What is known of its certificate.
  package var certificate: CertificateWatch { links.certificate }

  /// How many connections are open or being opened.
  package var connections: Int { links.count }

  /// What it got in the last day, to be remembered.
  var spent: DailySpending { gate.spent }

  /// Takes over new settings; connections that follow the old ones end after their message, and what went wrong with them is forgotten.
  func reload(_ settings: UpstreamSettings, of house: RelaySettings) {
    self.settings = settings
    health = UpstreamHealth(BackoffPolicy(probing: house.retry))
    gate.change(to: RateLimits(settings))
    isUnlimited = gate.limits == RateLimits()
    window.change(most: settings.connections)
    links.reload(settings, of: house)
  }

  /// Whether it can take another message.
  enum Standing: Hashable {
    /// It can.
    case ready
    /// It has had as much as it gets for a moment; its mail waits.
    case pausing(until: Moment)
    /// It is in trouble, or has had what it gets in a day: its mail may go elsewhere. Nil ends with a connection that is being tried.
    case away(until: Moment?)
  }

  /// Whether it can take another message now: over a connection it has, or over any.
  func standing(over line: Line) -> Standing {
    let now = loop.moment
    if !health.mayTry(at: now) { return .away(until: health.retryAt) }
    if line == .any, health.isProbing, links.count > 0, !links.hasIdle { return .away(until: nil) }
    if isUnlimited { return .ready }
    return switch gate.ask(at: now, loop.wallTime) {
    case .open: .ready
    case .closed(let until, .day): .away(until: until)
    case .closed(let until, .second), .closed(let until, .minute): .pausing(until: until)
    }
  }

  /// Over which connection a message would go.
  enum Line { case own, any }

  /// Whether a connection is idle, or another one may be opened.
  var hasRoom: Bool { mayOpen || links.hasIdle }

  /// Whether only one connection at a time goes ahead, to see whether the trouble is over.
  var isProbing: Bool { health.isProbing }

  /// Whether another connection may be opened.
  var mayOpen: Bool { links.count < (health.isProbing ? 1 : min(window.size, settings.connections)) }

  /// A message was taken for it, of which the recipients are not known yet; one is counted.
  func charge() {
    if !isUnlimited { gate.spend(1, at: loop.moment, loop.wallTime) }
  }

  /// The message that was taken for it goes to so many recipients.
  func charge(recipients: Int) {
    let more = cost(recipients: recipients) - 1
    if !isUnlimited, more > 0 { gate.spend(more, at: loop.moment, loop.wallTime) }
  }

  /// A message that was counted was not handed to it; nil where its recipients were not known yet.
  func refund(recipients: Int?) {
    if !isUnlimited { gate.refund(recipients.map { cost(recipients: $0) } ?? 1) }
  }

  private func cost(recipients: Int) -> Int {
    switch settings.limitCounts {
    case .messages: 1
    case .recipients: max(1, recipients)
    }
  }

  /// A connection is ready for mail; answers whether trouble is over with that.
  func opened() -> Bool { recovered(from: health.connected(at: loop.wallTime)) }

  /// It has judged a message by itself; answers whether trouble is over with that.
  func served() -> Bool {
    window.succeeded(inUse: links.count, at: loop.moment)
    return recovered(from: health.served(at: loop.moment, loop.wallTime))
  }

  /// Something went wrong that concerns all mail for it.
  func suffered(_ setback: Setback, using generator: inout some RandomNumberGenerator) {
    if setback.isRefusedLogin {
      report(.upstream(.authenticationFailed(upstream: name, user: settings.user ?? "", why: setback.description)))
    }
    let isNews = health.suffered(setback, at: loop.moment, loop.wallTime, using: &generator)
    guard let trouble = health.trouble else { return }
    if trouble.kind == .limited { window.throttled(at: loop.moment) }
    guard isNews else { return }
    switch trouble.kind {
    case .fault:
      report(.upstream(.held(upstream: name, fault: setback.stage.name, why: trouble.why, remedy: trouble.remedy)))
      corrections.begin(self)
    case .outage: report(.upstream(.connectionFailed(upstream: name, why: trouble.why)))
    case .limited:
      let wait = health.retryAt.map { $0 - loop.moment } ?? .zero
      report(.upstream(.throttled(upstream: name, wait: wait, why: trouble.why)))
    }
  }

  /// Whether mail waits for a person to put something right.
  var isHeld: Bool { health.trouble?.kind == .fault }

  /// Somebody changed one of the files that connections are made with: that is worth a try, over a connection that begins with them.
  func corrected() {
    report(.upstream(.corrected(upstream: name)))
    links.close()
    health.retryOnce()
    dispatcher?.stir()
  }

  /// Lets the next attempt be made at once.
  func retryNow() { health.retryNow() }

  private func recovered(from trouble: UpstreamHealth.Trouble?) -> Bool {
    guard let trouble else { return false }
    report(.upstream(.recovered(upstream: name, after: loop.wallTime - trouble.since)))
    return true
  }
}

extension RateLimits {
  fileprivate init(_ settings: UpstreamSettings) {
    self.init(perSecond: settings.maxPerSecond, perMinute: settings.maxPerMinute, perDay: settings.maxPerDay)
  }
}

extension BackoffPolicy {
  /// When a troubled upstream is tried again: sooner than a message, since nobody is to blame but the wire.
  init(probing settings: RetrySettings) {
    let first = min(settings.first, .seconds(10))
    self.init(
      firstDelay: first, growth: 2, ceiling: max(first, min(settings.max, .seconds(300))),
      jitter: Double(settings.jitter.hundredths) / 100)
  }
}

// SPDX-License-Identifier: Apache-2.0
import SMTP
import Scheduling
package import Timekeeping

/// What is known of the upstream's condition, and when it may be tried again.
///
///     untried ──► well ◄──────────────── what failed went well: a connection came about, or a message went through
///        └──────► troubled ◄──────────── connection, login or provider refused
///                    │ until `retryAt` nothing is tried; then one connection goes ahead as a probe
///
/// Waits between probes grow; a flush forgets them. Trouble that shows only when mail is handed over is not over because a connection came
/// about, nor because of what was already under way when it came.
package struct UpstreamHealth: Sendable {
  /// What is wrong now; nil while all is well or nothing was tried.
  package private(set) var trouble: Trouble? { didSet { isProbing = trouble != nil && trouble?.kind != .limited } }
  /// Whether only one connection at a time goes ahead, to see whether the trouble is over.
  private(set) var isProbing = false
  /// When a message was last delivered, or a connection was last ready.
  package private(set) var lastSuccess: WallTime?
  /// Not to be tried before this moment.
  package private(set) var retryAt: Moment?
  private var failures = 0
  private let backoff: BackoffPolicy

  /// Nothing is known yet.
  init(_ backoff: BackoffPolicy) { self.backoff = backoff }

  /// Something that keeps mail from going out.
  package struct Trouble: Hashable, Sendable {
    /// Whether a person must act, or time may help.
    package let kind: Kind
    /// What happened.
    package let why: String
    /// What to do about it.
    package let remedy: String
    /// Since when.
    package let since: WallTime
    /// Whether it shows only when mail is handed over.
    let isBehindLogin: Bool

    /// The kinds of trouble.
    package enum Kind: Hashable, Sendable {
      /// The operator's to mend: mail is held, nothing is bounced.
      case fault
      /// The upstream is not to be reached or not able now.
      case outage
      /// The upstream wants less, or nothing for a while.
      case limited
    }

    /// The whole of it in one sentence.
    package var sentence: String { remedy.isEmpty ? why : "\(why); \(remedy)" }
  }

  /// Whether an attempt may be made.
  func mayTry(at now: Moment) -> Bool { retryAt.map { $0 <= now } ?? true }

  /// A connection is ready for mail; answers the trouble that is over with it, if there was one.
  mutating func connected(at time: WallTime) -> Trouble? {
    lastSuccess = time
    return trouble?.isBehindLogin == true ? nil : recover()
  }

  /// The upstream has judged a message by itself; answers the trouble that is over with it, if there was one.
  mutating func served(at now: Moment, _ time: WallTime) -> Trouble? {
    lastSuccess = time
    return trouble?.isBehindLogin == true && !mayTry(at: now) ? nil : recover()
  }

  private mutating func recover() -> Trouble? {
    defer { trouble = nil }
    retryAt = nil
    failures = 0
    return trouble
  }

  /// Something went wrong that concerns the whole upstream; answers whether this is news.
  mutating func suffered(
    _ setback: Setback, at now: Moment, _ time: WallTime, using generator: inout some RandomNumberGenerator
  ) -> Bool {
    failures += 1
    var wait = backoff.delay(afterAttempt: failures, using: &generator)
    let kind: Trouble.Kind
    var remedy = ""
    switch setback.judgement {
    case .operatorFault(let fault):
      kind = .fault
      remedy = fault.remedy
    case .quota(let window):
      kind = .limited
      wait = window
      remedy = "the provider's quota is used up; mail waits and goes on by itself"
    case .throttle(.rate(let pause)):
      kind = .limited
      wait = max(wait, pause)
    case .throttle(.connections), .throttle(.logins): kind = .limited
    case .proceed, .delivered, .retry, .split, .recipient, .permanent: kind = .outage
    }
    if remedy.isEmpty {
      switch kind {
      case .fault: break
      case .outage: remedy = "mail waits and is tried again by itself; if it lasts, check Host, Port and the network, or ask the provider"
      case .limited: remedy = "the upstream wants less; mail waits and goes on by itself"
      }
    }
    let isNews = trouble?.kind != kind || trouble?.why != setback.description
    trouble = Trouble(
      kind: kind, why: setback.description, remedy: remedy, since: isNews ? time : trouble?.since ?? time,
      isBehindLogin: setback.stage.isBehindLogin)
    retryAt = now + wait
    return isNews
  }

  /// Lets one attempt be made at once; should it fail, waits go on growing.
  mutating func retryOnce() { retryAt = nil }

  /// Lets the next attempt be made at once, and waits begin anew.
  mutating func retryNow() {
    retryAt = nil
    failures = 0
  }
}

extension UpstreamStage {
  /// Whether it is about handing over mail, and no longer about whether we may.
  fileprivate var isBehindLogin: Bool {
    switch self {
    case .connect, .tls, .greeting, .hello, .startTLS, .authentication: false
    case .mail, .recipient, .data, .endOfData, .idle: true
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
package import Timekeeping

/// A fact about an upstream; `upstream` is its name in the settings.
package enum UpstreamEvent: Hashable, Sendable {
  /// A connection to one of its addresses came about.
  case connected(upstream: String, address: String)
  /// No connection came about.
  case connectionFailed(upstream: String, why: String)
  /// A connection ended otherwise than by our QUIT, at a stage of the conversation.
  case connectionLost(upstream: String, stage: String, why: String)
  /// The connection is encrypted and its other end proved.
  case tlsEstablished(upstream: String, version: String, cipher: String, isResumed: Bool)
  /// The connection is encrypted, but its other end was not proved, because the settings say so.
  case tlsUnverified(upstream: String, why: String)
  /// The connection is not encrypted, because the settings allow it.
  case plaintext(upstream: String)
  /// Our credentials were refused; told each time, where ``held`` is told once.
  case authenticationFailed(upstream: String, user: String, why: String)
  /// Deliveries stop until a person has put something right.
  case held(upstream: String, fault: String, why: String, remedy: String)
  /// A file was changed that connections are made with, while deliveries stopped: the next attempt comes at once.
  case corrected(upstream: String)
  /// Deliveries go on after a hold.
  case recovered(upstream: String, after: Duration)
  /// Deliveries are slowed down on the upstream's demand.
  case throttled(upstream: String, wait: Duration, why: String)
  /// The upstream's certificate ends soon.
  case certificateExpiring(upstream: String, days: Int, end: WallTime)

  var label: EventLabel {
    switch self {
    case .connected: EventLabel("upstream-connected", .debug)
    case .connectionFailed: EventLabel("upstream-unreachable", .warning)
    case .connectionLost: EventLabel("upstream-lost", .info)
    case .tlsEstablished: EventLabel("upstream-tls", .debug)
    case .tlsUnverified: EventLabel("upstream-unverified", .warning)
    case .plaintext: EventLabel("upstream-plaintext", .warning)
    case .authenticationFailed: EventLabel("upstream-login-failed", .info)
    case .held: EventLabel("upstream-held", .error)
    case .corrected: EventLabel("upstream-corrected", .notice)
    case .recovered: EventLabel("upstream-recovered", .notice)
    case .throttled: EventLabel("upstream-throttled", .notice)
    case .certificateExpiring: EventLabel("upstream-certificate-expiring", .warning)
    }
  }

  func describe(to sink: inout some EventSink) {
    sink.add("upstream", upstream)
    switch self {
    case .connected(_, let address): sink.add("address", address)
    case .connectionFailed(_, let why), .tlsUnverified(_, let why): sink.add("why", why)
    case .connectionLost(_, let stage, let why):
      sink.add("stage", stage)
      sink.add("why", why)
    case .tlsEstablished(_, let version, let cipher, let isResumed):
      sink.add("version", version)
      sink.add("cipher", cipher)
      sink.add("session", isResumed ? "resumed" : "new")
    case .plaintext, .corrected: break
    case .authenticationFailed(_, let user, let why):
      sink.add("user", user)
      sink.add("why", why)
    case .held(_, let fault, let why, let remedy):
      sink.add("fault", fault)
      sink.add("why", why)
      sink.add("remedy", remedy)
    case .recovered(_, let time): sink.add("after", time)
    case .throttled(_, let wait, let why):
      sink.add("wait", wait)
      sink.add("why", why)
    case .certificateExpiring(_, let days, let end):
      sink.add("days", days)
      sink.add("end", CivilTime(end).iso8601)
    }
  }

  private var upstream: String {
    switch self {
    case .connected(let upstream, _), .connectionFailed(let upstream, _), .connectionLost(let upstream, _, _),
      .tlsEstablished(let upstream, _, _, _), .tlsUnverified(let upstream, _), .plaintext(let upstream),
      .authenticationFailed(let upstream, _, _), .held(let upstream, _, _, _), .corrected(let upstream),
      .recovered(let upstream, _),
      .throttled(let upstream, _, _), .certificateExpiring(let upstream, _, _):
      upstream
    }
  }
}

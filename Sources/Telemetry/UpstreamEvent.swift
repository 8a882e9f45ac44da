// SPDX-License-Identifier: Apache-2.0
/// A fact about an upstream; `upstream` is its name in the settings.
package enum UpstreamEvent: Hashable, Sendable {
  /// A connection to one of its addresses came about.
  case connected(upstream: String, address: String)
  /// No connection came about.
  case connectionFailed(upstream: String, why: String)
  /// A connection ended otherwise than by our QUIT, at a stage of the conversation.
  case connectionLost(upstream: String, stage: String, why: String)
  /// The connection is encrypted and its other end proved.
  case tlsEstablished(upstream: String, version: String, cipher: String)
  /// The connection is encrypted, but its other end was not proved, because the settings say so.
  case tlsUnverified(upstream: String, why: String)
  /// The connection is not encrypted, because the settings allow it.
  case plaintext(upstream: String)
  /// Our credentials were refused.
  case authenticationFailed(upstream: String, user: String, why: String)
  /// Deliveries stop until a person has put something right.
  case held(upstream: String, fault: String, why: String, remedy: String)
  /// Deliveries go on after a hold.
  case recovered(upstream: String, after: Duration)
  /// Deliveries are slowed down on the upstream's demand.
  case throttled(upstream: String, wait: Duration, why: String)
  /// The upstream's certificate ends soon.
  case certificateExpiring(upstream: String, days: Int)

  var facts: EventFacts {
    switch self {
    case .connected(let upstream, let address):
      EventFacts("upstream-connected", .debug, [EventField("upstream", upstream), EventField("address", address)])
    case .connectionFailed(let upstream, let why):
      EventFacts("upstream-unreachable", .warning, [EventField("upstream", upstream), EventField("why", why)])
    case .connectionLost(let upstream, let stage, let why):
      EventFacts(
        "upstream-lost", .info, [EventField("upstream", upstream), EventField("stage", stage), EventField("why", why)])
    case .tlsEstablished(let upstream, let version, let cipher):
      EventFacts(
        "upstream-tls", .debug, [EventField("upstream", upstream), EventField("version", version), EventField("cipher", cipher)])
    case .tlsUnverified(let upstream, let why):
      EventFacts("upstream-unverified", .warning, [EventField("upstream", upstream), EventField("why", why)])
    case .plaintext(let upstream): EventFacts("upstream-plaintext", .warning, [EventField("upstream", upstream)])
    case .authenticationFailed(let upstream, let user, let why):
      EventFacts(
        "upstream-login-failed", .error, [EventField("upstream", upstream), EventField("user", user), EventField("why", why)])
    case .held(let upstream, let fault, let why, let remedy):
      EventFacts(
        "upstream-held", .error,
        [EventField("upstream", upstream), EventField("fault", fault), EventField("why", why), EventField("remedy", remedy)])
    case .recovered(let upstream, let time):
      EventFacts("upstream-recovered", .notice, [EventField("upstream", upstream), EventField("after", time)])
    case .throttled(let upstream, let wait, let why):
      EventFacts("upstream-throttled", .notice, [EventField("upstream", upstream), EventField("wait", wait), EventField("why", why)])
    case .certificateExpiring(let upstream, let days):
      EventFacts("upstream-certificate-expiring", .warning, [EventField("upstream", upstream), EventField("days", days)])
    }
  }
}

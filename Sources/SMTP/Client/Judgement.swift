// SPDX-License-Identifier: Apache-2.0
package import Mail

/// What a reply of an upstream means for the message, its recipients and the upstream itself.
///
/// First the rows given by the configuration are tried, then the known habits of providers (``JudgementRule/known``), then the general
/// rules of RFC 5321 §4.2.1 with one change of heart: what smells of an operator's mistake is never counted against a message. Before
/// MAIL no reply can say anything about a message, so 5xx there is always an operator's fault.
package enum Judgement: Hashable, Sendable {
  /// As expected; the conversation goes on.
  case proceed
  /// The upstream has taken responsibility for every recipient it accepted.
  case delivered
  /// Later, on a new connection.
  case retry
  /// Later, and more slowly.
  case throttle(Throttle)
  /// Not before the provider's window is over; how long that is at most.
  case quota(Duration)
  /// Again at once, in smaller transactions; with a single recipient it means retry.
  case split(Split)
  /// This recipient only.
  case recipient(Persistence)
  /// Never, for the whole message.
  case permanent
  /// Held until a person has put it right.
  case operatorFault(OperatorFault)

  /// What is to be slowed down.
  package enum Throttle: Hashable, Sendable {
    /// Fewer connections at the same time.
    case connections
    /// Fewer messages; wait so long before the next.
    case rate(Duration)
    /// Fewer logins; never a loop.
    case logins
  }

  /// How a transaction is to be divided.
  package enum Split: Hashable, Sendable {
    /// Fewer recipients in each.
    case byCount
    /// Recipients of one domain in each.
    case byDomain
  }

  /// Whether trying again can help.
  package enum Persistence: Hashable, Sendable {
    case transient
    case permanent
  }

  /// Judges a reply; `rules` come before `habits`, the table that is built in. Tables are about refusals only: a success is what the stage
  /// expects, or a confusion.
  package static func of(
    _ reply: UpstreamReply, at stage: UpstreamStage, rules: [JudgementRule] = [], habits: [JudgementRule] = JudgementRule.known
  ) -> Judgement {
    if reply.code < 400 { return expected(reply.code, at: stage) }
    let text = reply.lines.joined(separator: " ").lowercased()
    for rule in rules where rule.matches(reply, text: text, at: stage) { return rule.judgement(for: text) }
    for rule in habits where rule.matches(reply, text: text, at: stage) { return rule.judgement(for: text) }
    return general(reply, at: stage)
  }

  /// What it means for a recipient that was still undecided; nil while the conversation goes on.
  package var verdict: Outcome.Verdict? {
    switch self {
    case .proceed: nil
    case .delivered: .delivered
    case .retry, .throttle, .quota, .split, .recipient(.transient), .operatorFault: .deferred
    case .recipient(.permanent), .permanent: .failed
    }
  }

  private static func general(_ reply: UpstreamReply, at stage: UpstreamStage) -> Judgement {
    switch reply.code {
    case 421: .retry
    case 400...499: transient(at: stage)
    default: permanent(reply.code, at: stage)
    }
  }

  /// A success that was not asked for shows that commands and replies no longer match.
  private static func expected(_ code: UInt16, at stage: UpstreamStage) -> Judgement {
    switch stage {
    case .connect, .tls: .retry
    case .greeting, .startTLS: code == 220 ? .proceed : .retry
    case .hello, .mail: code == 250 ? .proceed : .retry
    case .authentication: code == 235 || code == 334 ? .proceed : .retry
    case .recipient: (250...252).contains(code) ? .proceed : .retry
    case .data: code == 354 ? .proceed : .retry
    case .endOfData: (250...252).contains(code) ? .delivered : .retry
    case .idle: code < 300 ? .proceed : .retry
    }
  }

  private static func transient(at stage: UpstreamStage) -> Judgement {
    switch stage {
    case .authentication: .throttle(.logins)
    case .recipient: .recipient(.transient)
    case .connect, .tls, .greeting, .hello, .startTLS, .mail, .data, .endOfData, .idle: .retry
    }
  }

  private static func permanent(_ code: UInt16, at stage: UpstreamStage) -> Judgement {
    switch stage {
    case .connect, .tls, .greeting: .operatorFault(.serviceRefused)
    case .hello: .operatorFault(.nameRefused)
    case .startTLS: .operatorFault(.startTLSRefused)
    case .authentication: .operatorFault((500...504).contains(code) ? .mechanismUnavailable : .credentialsRefused)
    case .recipient: .recipient(.permanent)
    case .mail, .data, .endOfData: .permanent
    case .idle: .retry
    }
  }
}

extension Judgement {
  /// Judges a failure that came without a reply.
  package static func of(_ failure: UpstreamFailure) -> Judgement { failure.judgement }
}

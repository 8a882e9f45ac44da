// SPDX-License-Identifier: Apache-2.0
package import Mail
package import SMTP

/// Why a conversation with an upstream did not go on: where it stood, and what was said or happened.
package struct Setback: Error, Hashable, Sendable {
  /// Where the conversation stood.
  package let stage: UpstreamStage
  /// What was said or happened.
  package let cause: Cause
  /// What follows for the message and the upstream.
  package let judgement: Judgement

  /// What stops a conversation.
  package enum Cause: Hashable, Sendable {
    case reply(UpstreamReply)
    case failure(UpstreamFailure)
  }

  /// A reply that stops the conversation; the operator's rules about replies go before all others.
  init(
    _ stage: UpstreamStage, _ reply: UpstreamReply, rules: [JudgementRule] = [], habits: [JudgementRule] = JudgementRule.known
  ) {
    self.stage = stage
    cause = .reply(reply)
    judgement = Judgement.of(reply, at: stage, rules: rules, habits: habits)
  }

  /// Something that happened without a reply.
  init(_ stage: UpstreamStage, _ failure: UpstreamFailure) {
    self.stage = stage
    cause = .failure(failure)
    judgement = Judgement.of(failure)
  }

  /// The words for the people concerned.
  package var reason: Outcome.Reason {
    switch cause {
    case .reply(let reply): reply.reason
    case .failure(let failure): failure.reason(at: stage)
    }
  }

  /// What becomes of a recipient that was undecided when it happened.
  var outcome: Outcome { Outcome(judgement.verdict ?? .deferred, reason) }

  /// What a person must put right, if it is that.
  var fault: OperatorFault? { if case .operatorFault(let fault) = judgement { fault } else { nil } }

  /// Whether the upstream refused our login, as opposed to us having none that we could or would use.
  var isRefusedLogin: Bool {
    guard stage == .authentication, fault != nil else { return false }
    return switch cause {
    case .reply, .failure(.tokenRefused): true
    case .failure: false
    }
  }

  /// Whether it says something about the upstream, and not about the message that happened to be under way.
  var concernsUpstream: Bool {
    switch judgement {
    case .operatorFault(let fault): fault.scope == .upstream
    case .throttle, .quota: true
    case .proceed, .delivered, .retry, .split, .recipient, .permanent: false
    }
  }

  /// Whether it ended the connection in the middle of mail without a word about the message: perhaps the upstream's trouble, perhaps
  /// the message's.
  var isOutage: Bool { endsConnection && judgement == .retry }

  /// Whether the connection was gone before anything of a message was answered.
  var isLossAtMail: Bool { if case .failure(.connectionLost) = cause { stage == .mail } else { false } }

  /// The same, for who knows how the login went: a token that is refused is no wrong password, and the upstream may have said why.
  func explained(by login: SASLExchange) -> Setback {
    guard case .reply(let reply) = cause, login.mechanism.takesToken, judgement == .operatorFault(.credentialsRefused) else { return self }
    return Setback(stage, .tokenRefused(reply, complaint: login.complaint))
  }

  /// Whether nothing more can be said on this connection.
  var endsConnection: Bool {
    switch cause {
    case .reply(let reply): reply.code == 421 || reply.code < 400
    case .failure: true
    }
  }
}

extension Setback: CustomStringConvertible {
  package var description: String {
    switch cause {
    case .reply(let reply): "\(stage.name): \(reply)"
    case .failure(let failure): failure.words(at: stage)
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
/// Why a login was given up by us while it was under way.
package enum SASLFault: Error, Hashable, Sendable {
  /// The upstream asked for more than the mechanism has.
  case unexpectedChallenge
  /// The upstream's challenge was not one line of base 64, or not what the mechanism says; what was wrong.
  case malformedChallenge(String)
  /// The upstream's nonce does not begin with ours: somebody plays back an old conversation.
  case nonceReplaced
  /// The upstream wants the password stretched less often than is safe, or more often than is sane.
  case iterationsOutOfRange(Int)
  /// The upstream's own proof is wrong: it does not know the password.
  case upstreamUnproved
  /// The upstream said that we are logged in before it had proved anything.
  case successTooEarly
}

extension SASLFault: CustomStringConvertible {
  package var description: String {
    switch self {
    case .unexpectedChallenge: "the upstream asked for more than the AUTH mechanism has to say"
    case .malformedChallenge(let why): "the upstream sent an AUTH challenge that \(why)"
    case .nonceReplaced: "the upstream answered with another nonce than ours"
    case .iterationsOutOfRange(let count):
      "the upstream wants the password stretched \(count) times; between \(SCRAMServerFirst.iterations.lowerBound) and "
        + "\(SCRAMServerFirst.iterations.upperBound) are accepted"
    case .upstreamUnproved: "the upstream could not prove that it knows the password"
    case .successTooEarly: "the upstream accepted the login without proving that it knows the password"
    }
  }

  /// What follows. An upstream that cannot prove itself may be an impostor, and repeating the login would not make it honest.
  var judgement: Judgement {
    switch self {
    case .unexpectedChallenge, .malformedChallenge, .nonceReplaced: .retry
    case .iterationsOutOfRange: .operatorFault(.mechanismUnavailable)
    case .upstreamUnproved, .successTooEarly: .operatorFault(.upstreamUnproved)
    }
  }
}

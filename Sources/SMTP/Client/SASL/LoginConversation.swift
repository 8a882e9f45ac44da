// SPDX-License-Identifier: Apache-2.0
internal import Octets

/// LOGIN, as every server has it and no standard describes it: the user behind one challenge, the password behind the next.
///
/// What the challenges say is ignored, because servers translate it and some forget the base 64.
///
///     userAwaited ──► passwordAwaited ──► over
struct LoginConversation: SASLConversation {
  let user: String
  let password: Secret
  private var stage: Stage = .userAwaited

  init(user: String, password: Secret) {
    self.user = user
    self.password = password
  }

  var readsChallenges: Bool { false }

  func begin() -> Secret? { nil }

  mutating func answer(_ challenge: [UInt8], key: SCRAMKey?) throws(SASLFault) -> SASLAnswer {
    switch stage {
    case .userAwaited:
      stage = .passwordAwaited
      return .message(Secret(user))
    case .passwordAwaited:
      stage = .over
      return .message(password)
    case .over: throw .unexpectedChallenge
    }
  }

  private enum Stage {
    case userAwaited
    case passwordAwaited
    case over
  }
}

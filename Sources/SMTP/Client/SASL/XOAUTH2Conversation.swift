// SPDX-License-Identifier: Apache-2.0
internal import Octets

/// XOAUTH2, Google's and Microsoft's: user and access token in one message, its fields ended by 0x01.
///
/// A token that is refused is answered with a challenge that says why, in JSON. It wants an empty message, and the refusal proper follows.
///
///     verdictAwaited ──why it is refused──► refused
struct XOAUTH2Conversation: SASLConversation {
  let user: String
  let token: Secret
  private(set) var complaint: String?
  private var stage: Stage = .verdictAwaited

  init(user: String, token: Secret) {
    self.user = user
    self.token = token
  }

  var mayEnd: Bool { stage == .verdictAwaited }

  func begin() -> Secret? {
    let message = Array("user=\(user)\u{1}auth=Bearer ".utf8) + token.bytes.array + [1, 1]
    return Secret(message.span)
  }

  mutating func answer(_ challenge: [UInt8], key: SCRAMKey?) throws(SASLFault) -> SASLAnswer {
    switch stage {
    case .verdictAwaited:
      stage = .refused
      complaint = TokenComplaint.words(challenge, hiding: token)
      return .message(Secret(""))
    case .refused: throw .unexpectedChallenge
    }
  }

  private enum Stage {
    case verdictAwaited
    case refused
  }
}

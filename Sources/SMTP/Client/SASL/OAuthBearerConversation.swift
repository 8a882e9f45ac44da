// SPDX-License-Identifier: Apache-2.0
internal import Octets

/// OAUTHBEARER (RFC 7628): an access token behind the header that SCRAM has too, its fields ended by 0x01.
///
/// A token that is refused is answered with a challenge that says why, in JSON. It wants 0x01 alone (§3.2.3), and the refusal proper
/// follows.
///
///     verdictAwaited ──why it is refused──► refused
struct OAuthBearerConversation: SASLConversation {
  let user: String
  let token: Secret
  let host: String
  let port: UInt16
  private(set) var complaint: String?
  private var stage: Stage = .verdictAwaited

  init(user: String, token: Secret, host: String, port: UInt16) {
    self.user = user
    self.token = token
    self.host = host
    self.port = port
  }

  var mayEnd: Bool { stage == .verdictAwaited }

  func begin() -> Secret? {
    let head = "n,a=\(SCRAMConversation.escaped(user)),\u{1}host=\(host)\u{1}port=\(port)\u{1}auth=Bearer "
    let message = Array(head.utf8) + token.bytes.array + [1, 1]
    return Secret(message.span)
  }

  mutating func answer(_ challenge: [UInt8], key: SCRAMKey?) throws(SASLFault) -> SASLAnswer {
    switch stage {
    case .verdictAwaited:
      stage = .refused
      complaint = TokenComplaint.words(challenge, hiding: token)
      return .message(Secret("\u{1}"))
    case .refused: throw .unexpectedChallenge
    }
  }

  private enum Stage {
    case verdictAwaited
    case refused
  }
}

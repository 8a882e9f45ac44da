// SPDX-License-Identifier: Apache-2.0
internal import Octets

/// A login with an access token: one message whose fields end with 0x01. The two mechanisms differ in what stands before the token, and in
/// how the news of its refusal is acknowledged.
///
/// A token that is refused is answered with a challenge that says why, in JSON; the refusal proper follows the acknowledgement.
///
///     verdictAwaited ──why it is refused──► refused
struct TokenConversation: SASLConversation {
  private(set) var complaint: String?
  private let head: String
  private let token: Secret
  private let acknowledgement: String
  private var stage: Stage = .verdictAwaited

  private init(_ head: String, _ token: Secret, acknowledgement: String) {
    self.head = head
    self.token = token
    self.acknowledgement = acknowledgement
  }

  /// XOAUTH2, Google's and Microsoft's: user and token; a refusal wants an empty message.
  static func xoauth2(user: String, token: Secret) -> TokenConversation {
    TokenConversation("user=\(user)\u{1}auth=Bearer ", token, acknowledgement: "")
  }

  /// OAUTHBEARER (RFC 7628): the token behind the header that SCRAM has too; a refusal wants 0x01 alone (§3.2.3).
  static func oauthBearer(user: String, token: Secret, host: String, port: UInt16) -> TokenConversation {
    let head = "n,a=\(SCRAMConversation.escaped(user)),\u{1}host=\(host)\u{1}port=\(port)\u{1}auth=Bearer "
    return TokenConversation(head, token, acknowledgement: "\u{1}")
  }

  var mayEnd: Bool { stage == .verdictAwaited }

  func begin() -> Secret? {
    let message = Array(head.utf8) + token.bytes.array + [1, 1]
    return Secret(message.span)
  }

  mutating func answer(_ challenge: [UInt8], key: SCRAMKey?) throws(SASLFault) -> SASLAnswer {
    switch stage {
    case .verdictAwaited:
      stage = .refused
      complaint = TokenComplaint.words(challenge, hiding: token)
      return .message(Secret(acknowledgement))
    case .refused: throw .unexpectedChallenge
    }
  }

  private enum Stage {
    case verdictAwaited
    case refused
  }
}

// SPDX-License-Identifier: Apache-2.0
internal import Octets

/// CRAM-MD5 (RFC 2195): the upstream's challenge comes back under the password as HMAC-MD5, in hexadecimal digits behind the user.
///
///     challengeAwaited ──► over
struct CRAMConversation: SASLConversation {
  let user: String
  let password: Secret
  private var stage: Stage = .challengeAwaited

  init(user: String, password: Secret) {
    self.user = user
    self.password = password
  }

  func begin() -> Secret? { nil }

  mutating func answer(_ challenge: [UInt8], key: SCRAMKey?) throws(SASLFault) -> SASLAnswer {
    switch stage {
    case .challengeAwaited:
      guard !challenge.isEmpty else { throw .malformedChallenge("is empty") }
      stage = .over
      let code = MessageDigest.md5.code(of: challenge.span, key: password.bytes)
      return .message(Secret(user + " " + CRAMConversation.hexadecimal(code)))
    case .over: throw .unexpectedChallenge
    }
  }

  private static func hexadecimal(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }

  private enum Stage {
    case challengeAwaited
    case over
  }
}

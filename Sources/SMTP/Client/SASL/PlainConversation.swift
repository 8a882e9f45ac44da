// SPDX-License-Identifier: Apache-2.0
internal import Octets

/// PLAIN (RFC 4616): one message with an empty identity to act as, the user and the password, divided by NULs.
struct PlainConversation: SASLConversation {
  let user: String
  let password: Secret

  func begin() -> Secret? {
    var message: [UInt8] = [0]
    message += user.utf8
    message.append(0)
    message += password.bytes.array
    return Secret(message.span)
  }

  mutating func answer(_ challenge: [UInt8], key: SCRAMKey?) throws(SASLFault) -> SASLAnswer { throw .unexpectedChallenge }
}

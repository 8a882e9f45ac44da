// SPDX-License-Identifier: Apache-2.0
internal import Octets

/// EXTERNAL (RFC 4422, appendix A): TLS has already shown our certificate; all that is said is whom to act as, or nothing.
struct ExternalConversation: SASLConversation {
  let user: String

  func begin() -> Secret? { Secret(user) }

  mutating func answer(_ challenge: [UInt8], key: SCRAMKey?) throws(SASLFault) -> SASLAnswer { throw .unexpectedChallenge }
}

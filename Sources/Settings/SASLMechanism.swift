// SPDX-License-Identifier: Apache-2.0

/// A way of proving to an upstream who we are (RFC 4422), the strongest first.
package enum SASLMechanism: String, Hashable, Sendable, CaseIterable {
  /// A proof by SHA-256 that is worth nothing on another connection (RFC 7677).
  case scramSHA256Plus = "SCRAM-SHA-256-PLUS"
  /// A proof by SHA-1 that is worth nothing on another connection (RFC 5802).
  case scramSHA1Plus = "SCRAM-SHA-1-PLUS"
  /// A proof by SHA-256 that shows the password to nobody, and proves the upstream to us (RFC 7677).
  case scramSHA256 = "SCRAM-SHA-256"
  /// The same by SHA-1 (RFC 5802).
  case scramSHA1 = "SCRAM-SHA-1"
  /// Nothing more than the certificate that TLS has shown (RFC 4422, appendix A).
  case external = "EXTERNAL"
  /// An access token (RFC 7628).
  case oauthBearer = "OAUTHBEARER"
  /// An access token in the form that Google and Microsoft used before there was a standard.
  case xoauth2 = "XOAUTH2"
  /// A proof by MD5 (RFC 2195).
  case cramMD5 = "CRAM-MD5"
  /// User and password in one message (RFC 4616).
  case plain = "PLAIN"
  /// User and password in two messages, never standardised; the only one some servers have.
  case login = "LOGIN"
}

extension SASLMechanism: ChoiceSettingValue {
  static var noun: String { "a mechanism this program knows" }
  static var kind: String { "mechanism" }
}

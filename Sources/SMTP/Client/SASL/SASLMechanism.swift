// SPDX-License-Identifier: Apache-2.0
internal import Octets

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

  /// Whether the proof is tied to the connection.
  package var bindsChannel: Bool {
    switch self {
    case .scramSHA256Plus, .scramSHA1Plus: true
    case .scramSHA256, .scramSHA1, .external, .oauthBearer, .xoauth2, .cramMD5, .plain, .login: false
    }
  }

  /// Whether an access token is what it shows.
  package var takesToken: Bool {
    switch self {
    case .oauthBearer, .xoauth2: true
    case .scramSHA256Plus, .scramSHA1Plus, .scramSHA256, .scramSHA1, .external, .cramMD5, .plain, .login: false
    }
  }

  /// The digest inside it, where it is one of SCRAM's.
  var scramDigest: MessageDigest? {
    switch self {
    case .scramSHA256Plus, .scramSHA256: .sha256
    case .scramSHA1Plus, .scramSHA1: .sha1
    case .external, .oauthBearer, .xoauth2, .cramMD5, .plain, .login: nil
    }
  }
}

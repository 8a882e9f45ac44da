// SPDX-License-Identifier: Apache-2.0
/// How well a connection to an upstream is protected, as far as credentials are concerned.
package enum UpstreamChannel: Hashable, Sendable {
  /// Nothing protects it.
  case plaintext
  /// It is encrypted, but who is at the other end was not proved.
  case unverifiedTLS
  /// It is encrypted, and certificate chain and host name were verified.
  case verifiedTLS
  /// It does not leave this machine.
  case loopback

  /// Whether credentials may be sent on it.
  package var carriesCredentials: Bool {
    switch self {
    case .verifiedTLS, .loopback: true
    case .plaintext, .unverifiedTLS: false
    }
  }
}

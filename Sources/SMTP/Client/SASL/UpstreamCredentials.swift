// SPDX-License-Identifier: Apache-2.0
package import Octets
internal import Settings

/// Who we are to an upstream, and what we prove it with.
///
/// A value exists only when some mechanism can send it: nothing is empty, nothing has a NUL, and the longest message made of it fits
/// the 12,288 octets of RFC 4954 §4.
package struct UpstreamCredentials: Sendable, Equatable {
  /// The name of the account; may be shown. Empty only where a certificate says it all.
  package let user: String
  /// What we prove it with.
  package let proof: Proof

  /// The kinds of proof.
  package enum Proof: Sendable, Equatable {
    /// A password that the upstream knows too.
    case password(Secret)
    /// An access token of OAuth 2, good for a while.
    case bearerToken(Secret)
    /// The certificate that was shown in the TLS handshake.
    case clientCertificate
  }

  /// A password's credentials; nil when no mechanism could send them: empty, with a NUL, or longer than a message can be.
  package init?(user: String, password: Secret) {
    guard UpstreamCredentials.isSendable(user), !user.isEmpty else { return nil }
    guard !password.isEmpty, password.count <= 4096, password.bytes.firstIndex(of: 0) == nil else { return nil }
    self.user = user
    proof = .password(password)
  }

  /// A token's credentials; nil when it is none: empty, too long, or with other characters than RFC 6750 §2.1 lets it have.
  package init?(user: String, token: Secret) {
    guard UpstreamCredentials.isSendable(user), !user.isEmpty, !token.isEmpty, token.count <= 6144 else { return nil }
    // The fields of a message end with 0x01, so that no control character may stand in one.
    guard user.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f }) else { return nil }
    for index in 0..<token.count where !(0x21...0x7e).contains(token.bytes[index]) { return nil }
    self.user = user
    proof = .bearerToken(token)
  }

  /// A certificate's credentials: the account to act as, or an empty text for the one that the certificate names.
  package init?(certificateActingAs user: String) {
    guard UpstreamCredentials.isSendable(user) else { return nil }
    self.user = user
    proof = .clientCertificate
  }

  /// Why a mechanism cannot send them; nil when it can.
  func misfit(_ mechanism: SASLMechanism) -> Misfit? {
    switch (mechanism, proof) {
    case (.external, .clientCertificate), (.oauthBearer, .bearerToken), (.xoauth2, .bearerToken): nil
    case (.plain, .password), (.login, .password), (.cramMD5, .password): nil
    case (.scramSHA256Plus, .password(let password)), (.scramSHA1Plus, .password(let password)), (.scramSHA256, .password(let password)),
      (.scramSHA1, .password(let password)):
      SASLPreparation.accepts(user) && SASLPreparation.accepts(password) ? nil : .needsPreparation
    case (.external, _), (.oauthBearer, _), (.xoauth2, _), (.plain, _), (.login, _), (.cramMD5, _), (.scramSHA256Plus, _),
      (.scramSHA1Plus, _), (.scramSHA256, _), (.scramSHA1, _):
      .anotherKind
    }
  }

  /// Why credentials and mechanism do not go together.
  package enum Misfit: Hashable, Sendable {
    /// It takes a password where these are a token, or the like.
    case anotherKind
    /// User or password are not plain ASCII, and would have to be prepared first.
    case needsPreparation
    /// It wants to be tied to a TLS connection, and there is nothing to tie it to.
    case nothingToBind
  }

  private static func isSendable(_ user: String) -> Bool { user.utf8.count <= 2048 && !user.utf8.contains(0) }
}

/// What SCRAM does to a user name and a password before it uses them (SASLprep, RFC 4013), as far as it is done here.
///
/// Printable ASCII is what it was; for everything else both sides would have to agree on tables of Unicode 3.2. A wrong guess looks
/// like a wrong password, so a mechanism that needs none is used instead, or the login is refused in words.
enum SASLPreparation {
  static func accepts(_ text: String) -> Bool { text.utf8.span.isPlain }

  static func accepts(_ secret: Secret) -> Bool { secret.bytes.isPlain }
}

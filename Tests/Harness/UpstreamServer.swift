// SPDX-License-Identifier: Apache-2.0

/// A real mail server that a test has started as the upstream.
///
/// All of them let ``MailAccount/app`` log in, want a login before they relay, show a certificate for `localhost`, refuse
/// `refused@example.org` with `550 5.1.1` if they can, and put mail for anybody else into one inbox.
package protocol UpstreamServer: Sendable {
  /// Its port on 127.0.0.1 for STARTTLS.
  var port: UInt16 { get }
  /// Its port for TLS from the first byte.
  var tlsPort: UInt16 { get }
  /// Who issued its certificate.
  var authority: CertificateAuthority { get }
  /// Everything that was delivered.
  var inbox: Maildir { get }
  /// What the server itself wrote down about the commands that came.
  var transcript: String { get }
}

/// Who may log in to a server of the tests.
package struct MailAccount: Sendable {
  /// The name.
  package let user: String
  /// The password.
  package let password: String

  /// The one account that there is.
  package static let app = MailAccount(user: "app", password: "correct horse")
}

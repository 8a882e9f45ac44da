// SPDX-License-Identifier: Apache-2.0

/// A real mail server that a test has started as the upstream.
///
/// All of them let ``MailAccount/app`` log in, want a login before they relay, show a certificate for `localhost`, refuse
/// `refused@example.org` with `550 5.1.1` if they can, and put mail for anybody else into one inbox.
package protocol UpstreamServer: Sendable {
  /// Where it is to be found.
  var place: UpstreamPlace { get }
  /// What the server itself wrote down about the commands that came.
  var transcript: String { get }
}

extension UpstreamServer {
  /// Its port on 127.0.0.1 for STARTTLS; it stays the same over restarts.
  package var port: UInt16 { place.port }
  /// Its port for TLS from the first byte.
  package var tlsPort: UInt16 { place.tlsPort }
  /// Who issued its certificate.
  package var authority: CertificateAuthority { place.authority }
  /// Everything that was delivered.
  package var inbox: Maildir { place.inbox }

  /// Waits until it listens, which `process` is to do.
  func waitUntilListening(_ process: ChildProcess) throws {
    try Deadline.usual.wait(until: "\(process.name) listened on \(port)") {
      guard process.isRunning else { throw HarnessFailure("\(process.name) ended: \(process.errors)\(transcript)") }
      return (try? Connection(port: port)) != nil
    }
  }
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

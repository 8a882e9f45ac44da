// SPDX-License-Identifier: Apache-2.0

/// A private OpenSMTPD (Debian package `opensmtpd`): PLAIN and LOGIN, DSN; neither PIPELINING nor CHUNKING nor SMTPUTF8.
package final class OpenSMTPDUpstream: UpstreamServer {
  package let port: UInt16
  package let tlsPort: UInt16
  package let authority: CertificateAuthority
  package let inbox: Maildir
  private let process: ChildProcess

  /// Unpacks it if need be, starts it, and waits until it listens.
  package init(_ rig: Rig) throws {
    let root = try ServerRoot("opensmtpd", rig)
    let (port, tlsPort) = (try LoopbackListener.freePort(), try LoopbackListener.freePort())
    (self.port, self.tlsPort) = (port, tlsPort)
    authority = try CertificateAuthority(rig)
    inbox = Maildir(root.path + "/t/inbox")
    let identity = try authority.issue("localhost", rig)
    try root.copy(identity.certificatePath, to: "/t/certificate.pem")
    try root.copy(identity.keyPath, to: "/t/key.pem", mode: 0o600)
    try root.copy(authority.certificatePath, to: "/etc/ssl/certs/ca-certificates.crt")
    for directory in ["/var/lib", "/var/lib/opensmtpd", "/var/lib/opensmtpd/empty", "/var/spool"] { try root.makeDirectory(directory) }
    try root.makeDirectory("/var/spool/smtpd", mode: 0o711)
    let password = try rig.output(of: "openssl", ["passwd", "-6", MailAccount.app.password]).split(separator: "\n").first ?? ""
    try root.write(
      """
      pki upstream.test cert "/t/certificate.pem"
      pki upstream.test key "/t/key.pem"
      smtp max-message-size 104857600
      table users { "\(MailAccount.app.user)" = "\(password)" }
      table everyone { "@" = "keeper" }
      table refused { "refused@example.org" }
      listen on 127.0.0.1 port \(port) tls pki upstream.test auth-optional <users> hostname upstream.test
      listen on 127.0.0.1 port \(tlsPort) smtps pki upstream.test auth-optional <users> hostname upstream.test
      action "keep" maildir "/t/inbox" virtual <everyone>
      match auth from any for rcpt-to <refused> reject
      match auth from any for any action "keep"

      """, to: "/t/smtpd.conf")
    let process = try root.start("/usr/sbin/smtpd", ["-d", "-T", "smtp", "-f", "/t/smtpd.conf"], rig)
    self.process = process
    try Deadline.usual.wait(until: "OpenSMTPD listened on \(port)") {
      guard process.isRunning else { throw HarnessFailure("OpenSMTPD ended: \(process.errors)") }
      return (try? Connection(port: port)) != nil
    }
  }

  package var transcript: String { process.errors + process.output }
}

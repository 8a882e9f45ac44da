// SPDX-License-Identifier: Apache-2.0

/// A private OpenSMTPD (Debian package `opensmtpd`): PLAIN and LOGIN, DSN; neither PIPELINING nor CHUNKING nor SMTPUTF8.
package final class OpenSMTPDUpstream: UpstreamServer {
  package let place: UpstreamPlace
  private let process: ChildProcess

  /// Unpacks it if need be, starts it, and waits until it listens.
  package init(_ rig: Rig) throws {
    let root = try ServerRoot("opensmtpd", rig)
    place = try UpstreamPlace(rig, inbox: root.path + "/t/inbox")
    try root.copy(place.identity.certificatePath, to: "/t/certificate.pem")
    try root.copy(place.identity.keyPath, to: "/t/key.pem", mode: 0o600)
    try root.copy(place.authority.certificatePath, to: "/etc/ssl/certs/ca-certificates.crt")
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
      listen on 127.0.0.1 port \(place.port) tls pki upstream.test auth-optional <users> hostname upstream.test
      listen on 127.0.0.1 port \(place.tlsPort) smtps pki upstream.test auth-optional <users> hostname upstream.test
      action "keep" maildir "/t/inbox" virtual <everyone>
      match auth from any for rcpt-to <refused> reject
      match auth from any for any action "keep"

      """, to: "/t/smtpd.conf")
    let process = try root.start("/usr/sbin/smtpd", ["-d", "-T", "smtp", "-f", "/t/smtpd.conf"], rig)
    self.process = process
    try waitUntilListening(process)
  }

  package var transcript: String { process.errors + process.output }
}

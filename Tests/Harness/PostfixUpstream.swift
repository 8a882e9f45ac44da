// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import Synchronization

/// A private Postfix (Debian package) as the upstream: STARTTLS, login checked by Dovecot, mail for any domain into a Maildir.
///
/// The instance has its own configuration, queue and port, so that many can run beside each other and beside the machine's own. Its master
/// is started directly and in the foreground: `postfix start` would sleep a second and detach. It needs root, as Postfix does.
package final class PostfixUpstream: UpstreamServer {
  /// Who may log in.
  package static let user = MailAccount.app.user
  /// With what.
  package static let password = MailAccount.app.password
  /// The recipient who is always refused with `550 5.1.1`.
  package static let refusedRecipient = "refused@example.org"

  /// Its port on 127.0.0.1; it stays the same over restarts.
  package let port: UInt16
  package let tlsPort: UInt16
  /// Who issued its certificate, which is for `localhost`.
  package let authority: CertificateAuthority
  /// Everything that was delivered.
  package let inbox: Maildir
  private let rig: Rig
  private let stem: String
  private let master = Mutex<ChildProcess?>(nil)

  /// Whether a client must log in before `MAIL`.
  package enum Login: Sendable {
    case required, optional
  }

  /// Whether the log holds every command, with passwords in it.
  package enum Telling: Sendable {
    case commands, events
  }

  /// Sets it up, and starts it.
  package init(_ rig: Rig, login: Login = .required, telling: Telling = .events) throws {
    guard geteuid() == 0 else { throw HarnessFailure("Postfix needs root; run the tests with make test, which sees to that") }
    self.rig = rig
    stem = rig.directory.freshName("postfix")
    port = try LoopbackListener.freePort()
    tlsPort = try LoopbackListener.freePort()
    authority = try CertificateAuthority(rig)
    inbox = Maildir(stem + ".mail/inbox")
    let dovecot = try DovecotLogin(rig, users: [PostfixUpstream.user: PostfixUpstream.password])
    let identity = try authority.issue("localhost", rig)

    let name = String(stem.dropFirst(rig.directory.path.count + 1))
    try rig.directory.makeDirectory(name + ".etc")
    try rig.directory.makeDirectory(name + ".queue")
    try rig.directory.makeDirectory(name + ".data", mode: 0o700, owner: "postfix")
    try rig.directory.makeDirectory(name + ".mail", mode: 0o700, owner: "nobody")
    let told =
      switch telling {
      case .commands: "127.0.0.1"
      case .events: ""
      }
    let files = PostfixFiles(
      stem: stem, port: port, tlsPort: tlsPort, identity: identity, loginSocket: dovecot.socketPath, login: login, told: told)
    try Files.write(files.main, to: stem + ".etc/main.cf")
    try Files.write(files.master, to: stem + ".etc/master.cf")
    try rig.output(of: "/usr/sbin/postfix", ["-c", stem + ".etc", "check"])
    try start()
  }

  /// Its log.
  package var log: String { (try? Files.text(at: stem + ".log")) ?? "" }

  package var transcript: String { log }

  /// Starts it again after ``stop()``, and waits until it listens.
  package func start() throws {
    let process = try rig.start(
      "/usr/lib/postfix/sbin/master", ["-d", "-c", stem + ".etc"], name: "postfix", environment: ["MAIL_CONFIG": stem + ".etc"])
    master.withLock { $0 = process }
    try Deadline.usual.wait(until: "Postfix listened on \(port)") {
      guard process.isRunning else { throw HarnessFailure("Postfix ended: \(log)") }
      return (try? Connection(port: port)) != nil
    }
  }

  /// Ends it; connections to its port are refused from now on.
  package func stop() {
    let process = master.withLock { master in
      defer { master = nil }
      return master
    }
    process?.destroy()
  }
}

// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import Synchronization

/// A private Postfix (Debian package) as the upstream: STARTTLS, login checked by Dovecot, mail for any domain into a Maildir.
///
/// The instance has its own configuration, queue and port, so that many can run beside each other and beside the machine's own. It needs
/// root, as Postfix does.
package final class PostfixUpstream: UpstreamServer {
  /// Who may log in.
  package static let user = MailAccount.app.user
  /// With what.
  package static let password = MailAccount.app.password
  /// The recipient who is always refused with `550 5.1.1`.
  package static let refusedRecipient = "refused@example.org"

  package let place: UpstreamPlace
  private let rig: Rig
  private let instance: PostfixInstance
  private let master = Mutex<ChildProcess?>(nil)

  /// Whether a client must log in before `MAIL`.
  package enum Login: Sendable {
    case required, optional
    /// A certificate of its own authority takes the place of a login.
    case certificate
  }

  /// Whether the log holds every command, with passwords in it.
  package enum Telling: Sendable {
    case commands, events
  }

  /// Sets it up, and starts it.
  package init(_ rig: Rig, login: Login = .required, telling: Telling = .events) throws {
    guard geteuid() == 0 else { throw HarnessFailure("Postfix needs root; run the tests with make test, which sees to that") }
    self.rig = rig
    instance = try PostfixInstance(rig, suffix: "test", hostname: "upstream.test")
    place = try UpstreamPlace(rig, inbox: instance.stem + ".mail/inbox")
    let dovecot = try DovecotLogin(rig, users: [PostfixUpstream.user: PostfixUpstream.password])
    let name = String(instance.stem.dropFirst(rig.directory.path.count + 1))
    try rig.directory.makeDirectory(name + ".mail", mode: 0o700, owner: "nobody")
    let told =
      switch telling {
      case .commands: "127.0.0.1"
      case .events: ""
      }
    let files = PostfixFiles(
      stem: instance.stem, place: place, loginSocket: dovecot.socketPath, login: login, told: told)
    try instance.configure(rig, settings: files.settings, services: files.services)
    try start()
  }

  /// Its log.
  package var log: String { (try? Files.text(at: instance.logPath)) ?? "" }

  package var transcript: String { log }

  /// Starts it again after ``stop()``, and waits until it listens.
  package func start() throws {
    let command = instance.command
    let process = try rig.start(command.program, command.arguments, name: "postfix", environment: command.environment)
    master.withLock { $0 = process }
    try waitUntilListening(process)
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

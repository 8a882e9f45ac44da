// SPDX-License-Identifier: Apache-2.0
internal import Octets

/// The one table of settings: the parser, the checks, `config show`, the sample and the manual page are all read from here.
///
/// A new setting is a field in ``RelaySettings`` and a row here; nothing else.
package enum SettingsTable {
  /// The sections in the order in which people should read them.
  package static let sections: [Section] = [
    Section(name: "Relay", summary: "The house itself.", settings: relay),
    Section(name: "Listen", summary: "How mail comes in.", settings: SubmissionTable.listen),
    Section(name: "Policy", summary: "Who may send what to whom.", settings: SubmissionTable.policy),
    Section(
      name: "Upstream", form: .repeatable,
      summary: "The relay that takes the mail, and how to reach it. [Upstream \"NAME\"] adds another, with the same settings.",
      settings: upstream + ConnectionTable.rows + RoutingTable.upstream),
    Section(
      name: "Route", form: .named,
      summary: "[Route \"NAME\"]: which mail goes to which upstream. The first route whose conditions all hold decides, for each "
        + "recipient. Mail that no route fits goes to the upstreams that no route names.",
      settings: RoutingTable.route),
    Section(name: "Retry", summary: "When mail is tried again that could not be delivered.", settings: retry),
    Section(name: "Reply", summary: "What the upstream's replies mean.", settings: EndingTable.reply),
    Section(name: "Bounce", summary: "Who hears of mail that could not be delivered.", settings: EndingTable.bounce),
    Section(name: "Spool", summary: "Where accepted mail lives until it is delivered.", settings: spool),
    Section(name: "Control", summary: "The socket by which posthouse(1) asks and tells the daemon.", settings: control),
    Section(name: "Log", summary: "What is written down.", settings: log),
  ]

  /// Every setting, in the order of the sections.
  package static let settings: [Setting] = sections.flatMap(\.settings)

  /// The settings that may stand in a section without a name, and so come from the environment too.
  package static let unnamed: [Setting] = sections.filter(\.form.mayStandAlone).flatMap(\.settings)

  /// A section with its settings.
  package struct Section: Sendable {
    /// Its name, without brackets.
    package let name: String
    /// How often it may stand there.
    package let form: SectionForm
    /// What it is about.
    package let summary: String
    /// Its settings, in the order in which people should read them.
    package let settings: [Setting]

    init(name: String, form: SectionForm = .single, summary: String, settings: [Setting]) {
      self.name = name
      self.form = form
      self.summary = summary
      self.settings = settings
    }

    /// Its head as people write it: `[Upstream]`, `[Route "NAME"]`.
    package var heading: String { form.mayStandAlone ? "[\(name)]" : "[\(name) \"NAME\"]" }
  }

  private static let relay: [Setting] = [
    Setting(
      "Relay.Hostname", \.relay.hostname, .onReload, unset: "the system's host name",
      "The full name of this machine. The house greets with it on both sides and writes it into the Received: lines."),
    Setting(
      "Relay.ShutdownTimeout", \.relay.shutdownTimeout, .seconds(1) ... .seconds(3600), .onReload,
      "How long a stop waits for transactions in flight. Keep it below TimeoutStopSec= of the unit."),
    Setting(
      "Relay.FIPS", \.relay.fips, .onRestart,
      "Whether TLS uses only OpenSSL's FIPS provider. Without that provider the daemon does not start; Verify=no is refused, and CRAM-MD5 "
        + "is not used."),
  ]

  private static let upstream: [Setting] = [
    Setting(
      "Upstream.Host", \.upstream.host, .onReload, unset: "none; it must be set",
      "The relay that takes the mail: a name, an address, or capture:DIRECTORY, which delivers everything into a Maildir that "
        + "posthouse captured shows."
    ),
    Setting(
      "Upstream.Port", \.upstream.writtenPort, .onReload, hint: "use 587 for submission or 465 for implicit TLS",
      unset: "587 with TLS=starttls, 465 with TLS=implicit, otherwise 25",
      "The port of the relay."),
    Setting(
      "Upstream.TLS", \.upstream.tls, .onReload,
      "starttls: begin in clear, then STARTTLS, and send nothing without it. implicit: TLS from the first byte. opportunistic: TLS "
        + "where it is offered, clear where not. none: always in clear. The last two never carry a password off this machine."
    ),
    Setting(
      "Upstream.Verify", \.upstream.verification, .onReload,
      "Whether the certificate must be issued by a trusted authority for the name of the host. With no, anybody on the way can read "
        + "the mail and the password; status and log keep saying so."
    ),
    Setting(
      "Upstream.CAFile", \.upstream.caFile, .onReload, unset: "the system's authorities",
      "A file of PEM certificates to trust in place of the system's authorities."),
    Setting(
      "Upstream.ServerName", \.upstream.serverName, .onReload, unset: "the name in Host=",
      "The name that the certificate must have, where it is not the name in Host=."),
    Setting("Upstream.User", \.upstream.user, .onReload, unset: "no login", "Who logs in at the upstream."),
    Setting(
      "Upstream.Password", \.upstream.password, .onReload, unset: "none",
      "The password itself. Better keep it in a file of its own or in a credential; otherwise this file must not be readable for every "
        + "user. Put it between double quotes when a word of it begins with # or a quote."
    ),
    Setting(
      "Upstream.PasswordFile", \.upstream.passwordFile, .onReload, unset: "none",
      "A file that holds the password; one newline at its end is ignored. It must belong to the user of the service, or to root where "
        + "the service can read it; group and others must have no access to it."
    ),
    Setting(
      "Upstream.PasswordCredential", \.upstream.passwordCredential, .onReload,
      unset: "none",
      "The name of the systemd credential that holds the password, as in LoadCredential=upstream-password:/etc/posthouse/password."),
    Setting(
      "Upstream.PasswordCommand", \.upstream.passwordCommand, .onReload, unset: "none",
      "A program, by its absolute path, with arguments, that prints the password within 10 seconds. No shell is involved, and what it "
        + "prints is never logged."
    ),
    Setting(
      "Upstream.TokenFile", \.upstream.tokenFile, .onReload, unset: "none",
      "A file that holds an OAuth 2 access token, for XOAUTH2 and OAUTHBEARER, in place of a password. It is read for every connection."),
    Setting(
      "Upstream.TokenCommand", \.upstream.tokenCommand, .onReload, unset: "none",
      "A program, by its absolute path, with arguments, that prints an OAuth 2 access token within 10 seconds, in place of a password."),
    Setting(
      "Upstream.Auth", \.upstream.mechanisms, .onReload,
      "The ways to log in, the preferred first. The first that the upstream offers and that goes with the password or token is used."),
    Setting(
      "Upstream.Connections", \.upstream.connections, 1...100, .onReload,
      "How many connections to the upstream may be open at one time. Exchange Online allows three."),
    Setting(
      "Upstream.MessagesPerConnection", \.upstream.messagesPerConnection, 1...100_000, .onReload,
      "How many messages go over one connection before a new one is made."),
    Setting(
      "Upstream.UnansweredMessages", \.upstream.unanswered, 1...100, .onReload,
      "How many messages may be on their way over one connection before the first is answered, where the upstream offers PIPELINING and "
        + "CHUNKING. Each of them may arrive twice if the connection dies at that moment."),
    Setting(
      "Upstream.MaxRecipients", \.upstream.maxRecipients, 1...10_000, .onReload,
      "How many recipients one transaction names; a message with more goes out in several. Amazon SES and Postmark allow 50."),
    Setting(
      "Upstream.IdleTimeout", \.upstream.idleTimeout, .zero ... .seconds(3600), .onReload,
      "How long an unused connection stays open for the next message; 0 closes it at once. Keep it below the time after which the "
        + "upstream hangs up; Amazon SES waits about ten seconds."),
    Setting(
      "Upstream.ConnectTimeout", \.upstream.connectTimeout, .seconds(1) ... .seconds(600), .onReload,
      "How long it may take until there is a connection, from looking the name up to the last of its addresses; and after that the TLS "
        + "handshake."),
    Setting(
      "Upstream.CommandTimeout", \.upstream.commandTimeout, .seconds(1) ... .seconds(3600), .onReload,
      "How long the upstream may take to answer a command that has no setting of its own. RFC 5321 asks for five minutes."),
    Setting(
      "Upstream.DataTimeout", \.upstream.dataTimeout, .seconds(1) ... .seconds(3600), .onReload,
      "How long the upstream may refuse to take the next piece of a message. RFC 5321 asks for three minutes."),
    Setting(
      "Upstream.ReplyTimeout", \.upstream.replyTimeout, .seconds(1) ... .seconds(3600), .onReload,
      "How long the upstream may take to answer the end of a message. RFC 5321 asks for ten minutes: giving up earlier makes duplicates."),
  ]

  private static let retry: [Setting] = [
    Setting(
      "Retry.First", \.retry.first, .seconds(1) ... .seconds(86_400), .onReload,
      "The wait between the first attempt and the second."),
    Setting(
      "Retry.Growth", \.retry.growth, 1...10, .onReload,
      "How many times longer each further wait is than the one before."),
    Setting(
      "Retry.Max", \.retry.max, .seconds(1) ... .seconds(7 * 86_400), .onReload,
      "The longest wait between two attempts."),
    Setting(
      "Retry.Jitter", \.retry.jitter, Percentage(hundredths: 0)...Percentage(hundredths: 50), .onReload,
      "How far each wait is shifted at random, so that messages which failed together do not come back together."),
    Setting(
      "Retry.MaxAge", \.retry.maxAge, .seconds(60) ... .seconds(30 * 86_400), .onReload,
      "How long a message is tried until the next refusal counts as failure. Time in which the upstream was away or held counts too, but "
        + "nothing fails then, only at the next refusal."),
  ]

  private static let spool: [Setting] = [
    Setting(
      "Spool.Directory", \.spool.directory, .onRestart,
      "The directory in which accepted mail lives. It belongs to the service alone. Under systemd another one needs ReadWritePaths=; see "
        + "UNDER SYSTEMD in posthoused(8)."),
    Setting(
      "Spool.SegmentSize", \.spool.segmentSize, .mebibytes(1) ... .mebibytes(1024), .onRestart,
      "The size of one file of the journal. Messages up to 1.25 MiB go into it, but none that is longer than a quarter of such a file."),
    Setting(
      "Spool.Reserve", \.spool.reserve, ByteCount(bytes: 0) ... .mebibytes(1_048_576), .onReload,
      "The free space on the file system below which new mail is answered with 452. Delivery goes on."),
    Setting(
      "Spool.Quota", \.spool.quota, .onReload, unset: "as much as there is",
      "How much mail the spool may hold; beyond it new mail is answered with 452. The journal may take up to twice as much on the disk."),
    Setting(
      "Spool.Messages", \.spool.messages, .onReload, unset: "as many as fit",
      "How many messages the spool may hold; beyond it new mail is answered with 452."),
    Setting(
      "Spool.KeepFailed", \.spool.keepFailed, .zero ... .seconds(365 * 86_400), .onReload,
      "How long a message that failed for good stays in the spool, to be looked at and tried again."),
  ]

  private static let control: [Setting] = [
    Setting(
      "Control.Socket", \.control.socket, .onRestart,
      "The Unix socket on which the daemon speaks Varlink. Socket activation by systemd goes before it."),
    Setting(
      "Control.Mode", \.control.mode, .onRestart,
      "The permissions of the socket: who may write to it may see the queue, change it, and read the messages in it."),
    Setting(
      "Control.Group", \.control.group, .onRestart, unset: "the group of the service",
      "The group that owns the socket, by name. The service must be a member of it; see UNDER SYSTEMD in posthoused(8)."),
  ]

  private static let log: [Setting] = [
    Setting(
      "Log.Level", \.log.level, .onReload,
      "The least important events that are written down: error, warning, notice, info or debug.")
  ]
}

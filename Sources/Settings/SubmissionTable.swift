// SPDX-License-Identifier: Apache-2.0
internal import Octets

/// The rows of the ``SettingsTable`` about the apps' side: where mail comes in, how much of it, and from whom.
enum SubmissionTable {
  static let listen: [Setting] = doors + protection + limits + timeouts

  private static let doors: [Setting] = [
    Setting(
      "Listen.Address", \.listen.addresses, .onRestart,
      "Where mail is taken in: 127.0.0.1:25, [::1]:25 or unix:/path. Port 0 takes any free port. An address that other machines can "
        + "reach needs Networks=. Where sockets come from systemd (posthoused.socket) this is not used; ListenStream= in a drop-in of the "
        + "socket unit is."
    ),
    Setting(
      "Listen.TLSAddress", \.listen.tlsAddresses, .onRestart, unset: "nowhere",
      "Where mail is taken in with TLS from the first byte, as on port 465. Needs CertificateFile= and KeyFile=. Where sockets come from "
        + "systemd this is not used; a socket of which the unit says FileDescriptorName=smtps is one of these."
    ),
    Setting(
      "Listen.SocketMode", \.listen.socketMode, .onRestart,
      "The permissions of listening Unix sockets: who may write to one may send mail."),
    Setting(
      "Listen.SocketGroup", \.listen.socketGroup, .onRestart, unset: "the group of the service",
      "The group that owns listening Unix sockets, by name. The service must be a member of it; see UNDER SYSTEMD in posthoused(8)."),
    Setting(
      "Listen.Networks", \.listen.networks, .onReload, unset: "nobody but this machine",
      "Who may connect besides this machine, as networks such as 10.1.2.0/24 or fd00::/8. Everybody in them can send mail without a "
        + "password."
    ),
  ]

  private static let protection: [Setting] = [
    Setting(
      "Listen.CertificateFile", \.listen.certificateFile, .onReload, unset: "TLS is not offered",
      "A PEM file with the certificate of this house and the intermediate ones, for clients that want TLS. It is read again at a reload."),
    Setting(
      "Listen.KeyFile", \.listen.keyFile, .onReload, unset: "TLS is not offered",
      "A PEM file with the private key of the certificate, without a pass phrase; others must have no access to it."),
    Setting(
      "Listen.StartTLS", \.listen.startTLS, .onReload,
      "Whether clients can turn TLS on where there is a certificate. no: never. offered: whoever wants to. required: clients on other "
        + "machines must."
    ),
    Setting(
      "Listen.AcceptAnyAuth", \.listen.acceptAnyAuth, .onReload,
      "Whether programs on this machine that insist on a login get one: AUTH PLAIN and LOGIN are offered and every name and password is "
        + "taken. Nothing is checked or kept."
    ),
    Setting(
      "Listen.Extensions", \.listen.extensions, .onReload,
      "What is offered to clients in the answer to EHLO. BINARYMIME can be added; few upstreams take such messages, and those that are "
        + "not taken fail. REQUIRETLS is offered behind TLS only."
    ),
    Setting(
      "Listen.MaxHold", \.listen.maxHold, .seconds(1) ... .seconds(365 * 86_400), .onReload,
      "How far into the future a client may put the delivery of a message with HOLDFOR= or HOLDUNTIL=."),
  ]

  private static let limits: [Setting] = [
    Setting(
      "Listen.MaxConnections", \.listen.maxConnections, 1...100_000, .onReload,
      "How many clients may be connected at one time. Further ones are told to come back."),
    Setting(
      "Listen.MaxConnectionsPerClient", \.listen.maxConnectionsPerClient, 1...100_000, .onReload,
      "How many of them may belong to one user of this machine, or to one address where the user is unknown, so that one client leaves "
        + "room for others."
    ),
    Setting(
      "Listen.MaxMessageSize", \.listen.maxMessageSize, .kibibytes(64) ... .mebibytes(2048), .onReload,
      "The largest message that is taken in, attachments in their coded form included. Not above what the upstream takes."),
    Setting(
      "Listen.MaxRecipients", \.listen.maxRecipients, 1...5000, .onReload,
      "How many recipients one message may have. RFC 5321 asks for at least 100."),
    Setting(
      "Listen.MaxCommandLine", \.listen.maxCommandLine, 512...65_536, .onReload,
      "The longest command in bytes, its line end included."),
    Setting(
      "Listen.MaxTextLine", \.listen.maxTextLine, 0...1_073_741_824, .onReload,
      "The longest line of a message in bytes, its line end included. RFC 5321 allows 1000, and many programs send longer ones; 0 "
        + "takes any."
    ),
    Setting(
      "Listen.MaxHeaderSize", \.listen.maxHeaderSize, .kibibytes(8) ... .mebibytes(64), .onReload,
      "The largest header section of a message."),
    Setting(
      "Listen.MaxErrors", \.listen.maxErrors, 1...1000, .onReload,
      "The mistake of a client with which its connection is closed; that one is answered with 421. Mistakes are commands that are not "
        + "understood, out of place or beyond a limit. What [Policy] refuses does not count, nor do recipients beyond MaxRecipients=."),
    Setting(
      "Listen.MaxTransactions", \.listen.maxTransactions, 1...1_000_000, .onReload,
      "How many messages one connection may hand in before it is closed."),
    Setting(
      "Listen.MaxHops", \.listen.maxHops, 1...1000, .onReload,
      "How many Received: lines a message may have before it is refused as a loop."),
    Setting(
      "Listen.MaxMemory", \.listen.maxMemory, .mebibytes(1) ... .mebibytes(65_536), .onReload,
      "How much memory messages on their way in may take together. Large ones share half of it, and what does not fit goes to files early, "
        + "as all do past three quarters; beyond it new ones are told to come back."
    ),
  ]

  private static let timeouts: [Setting] = [
    Setting(
      "Listen.CommandTimeout", \.listen.commandTimeout, .seconds(1) ... .seconds(3600), .onReload,
      "How long a client may take to say its next command. RFC 5321 asks for five minutes."),
    Setting(
      "Listen.DataTimeout", \.listen.dataTimeout, .seconds(1) ... .seconds(3600), .onReload,
      "How long a client may fall silent inside a message."),
    Setting(
      "Listen.HandshakeTimeout", \.listen.handshakeTimeout, .seconds(1) ... .seconds(600), .onReload,
      "How long the handshake of TLS may take."),
    Setting(
      "Listen.TransactionTimeout", \.listen.transactionTimeout, .seconds(1) ... .seconds(86_400), .onReload,
      "How long a client may take to hand in one message, from MAIL to its end."),
    Setting(
      "Listen.ConnectionTimeout", \.listen.connectionTimeout, .seconds(1) ... .seconds(30 * 86_400), .onReload,
      "How long a connection may last in all. A message that is under way then may be finished."),
  ]

  static let policy: [Setting] = [
    Setting(
      "Policy.AllowSenders", \.policy.allowSenders, .onReload, unset: "every sender may send",
      "The senders that may send; any other is refused. Patterns are user@example.com, *@example.com for a domain, *@*.example.com for the "
        + "domains below it, user@* for a name anywhere, * for all, and <> for the empty sender of bounces."
    ),
    Setting(
      "Policy.DenySenders", \.policy.denySenders, .onReload, unset: "none",
      "The senders that may not send, whatever AllowSenders= says."),
    Setting(
      "Policy.AllowRecipients", \.policy.allowRecipients, .onReload, unset: "everybody may be written to",
      "The recipients that may be written to; any other is refused. On a test machine this keeps mail from real customers."),
    Setting(
      "Policy.DenyRecipients", \.policy.denyRecipients, .onReload, unset: "none",
      "The recipients that may not be written to, whatever AllowRecipients= says."),
    Setting(
      "Policy.AllowUsers", \.policy.allowUsers, .onReload, unset: "programs of every user may connect",
      "The users whose programs may hand in mail, by name or number; any other is turned away. Users that are not in /etc/passwd have "
        + "numbers only."
    ),
    Setting(
      "Policy.DenyUsers", \.policy.denyUsers, .onReload, unset: "none",
      "The users whose programs may not hand in mail, whatever AllowUsers= says."),
    Setting(
      "Policy.AllowUnits", \.policy.allowUnits, .onReload, unset: "programs of every unit may connect",
      "The systemd units whose programs may hand in mail, such as webapp.service or worker@*.service; any other is turned away. Where "
        + "AllowUsers= is set too, both must let a program in."
    ),
    Setting(
      "Policy.DenyUnits", \.policy.denyUnits, .onReload, unset: "none",
      "The systemd units whose programs may not hand in mail, whatever AllowUnits= says."),
    Setting(
      "Policy.UnknownClients", \.policy.unknownClients, .onReload,
      "What becomes of a client whose user or unit the kernel does not tell, where one of the four settings above asks for it. refuse: it "
        + "is turned away. admit: the settings that ask for what is unknown do not hold for it. Clients on other "
        + "machines are always unknown."
    ),
  ]
}

// SPDX-License-Identifier: Apache-2.0

/// A private Exim (Debian package `exim4-daemon-heavy`): PLAIN, LOGIN and CRAM-MD5, CHUNKING, DSN, SMTPUTF8.
package final class EximUpstream: UpstreamServer {
  package let place: UpstreamPlace
  private let root: ServerRoot

  /// Unpacks it if need be, starts it, and waits until it listens.
  package init(_ rig: Rig) throws {
    root = try ServerRoot("exim", rig)
    place = try UpstreamPlace(rig, inbox: root.path + "/t/inbox")
    try root.copy(place.identity.certificatePath, to: "/t/certificate.pem")
    // Exim reads the key for each connection, after it has given up root.
    try root.copy(place.identity.keyPath, to: "/t/key.pem", mode: 0o644)
    for directory in ["/t/spool", "/t/log"] { try root.makeDirectory(directory, owner: ServerRoot.keeper, group: ServerRoot.keeper) }
    try root.write(configuration, to: "/t/exim.conf")
    let process = try root.start("/usr/sbin/exim4", ["-C", "/t/exim.conf", "-bdf", "-q1m"], rig)
    try waitUntilListening(process)
  }

  package var transcript: String { (try? Files.text(at: root.path + "/t/log/mainlog")) ?? "" }

  /// Commands are logged as they came, by access lists that allow them; a body in chunks shows as `K` behind a message's arrival. Who may
  /// not become root delivers as who it is.
  private var configuration: String {
    """
    exim_user = keeper
    exim_group = keeper
    deliver_drop_privilege = true
    never_users =
    spool_directory = /t/spool
    log_file_path = /t/log/%slog
    pid_file_path = /t/exim.pid
    primary_hostname = upstream.test
    daemon_smtp_ports = \(port) : \(tlsPort)
    tls_on_connect_ports = \(tlsPort)
    local_interfaces = 127.0.0.1
    tls_advertise_hosts = *
    tls_certificate = /t/certificate.pem
    tls_privatekey = /t/key.pem
    auth_advertise_hosts = ${if def:tls_in_cipher {*}}
    chunking_advertise_hosts = *
    dsn_advertise_hosts = *
    smtputf8_advertise_hosts = *
    message_size_limit = 100M
    smtp_accept_queue_per_connection = 0
    smtp_accept_max_per_connection = 0
    host_lookup =
    rfc1413_hosts =
    keep_environment =
    acl_smtp_auth = auth
    acl_smtp_mail = mail
    acl_smtp_rcpt = recipient

    begin acl
    auth:
      accept logwrite = <<< ${extract{1}{ }{$smtp_command}} ${extract{2}{ }{$smtp_command}}
    mail:
      accept logwrite = <<< $smtp_command
    recipient:
      warn logwrite = <<< $smtp_command
      deny recipients = refused@example.org
           message = 5.1.1 no such user here
      accept authenticated = *
      deny message = relay not permitted

    begin routers
    all:
      driver = accept
      transport = keep

    begin transports
    keep:
      driver = appendfile
      user = keeper
      directory = /t/inbox
      maildir_format
      envelope_to_add
      return_path_add

    begin authenticators
    plain:
      driver = plaintext
      public_name = PLAIN
      server_prompts = :
      server_condition = ${if and{{eq{$auth2}{\(MailAccount.app.user)}}{eq{$auth3}{\(MailAccount.app.password)}}}}
    login:
      driver = plaintext
      public_name = LOGIN
      server_prompts = Username:: : Password::
      server_condition = ${if and{{eq{$auth1}{\(MailAccount.app.user)}}{eq{$auth2}{\(MailAccount.app.password)}}}}
    cram:
      driver = cram_md5
      public_name = CRAM-MD5
      server_secret = ${if eq{$auth1}{\(MailAccount.app.user)}{\(MailAccount.app.password)}fail}

    """
  }
}

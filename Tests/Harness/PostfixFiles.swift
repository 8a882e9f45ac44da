// SPDX-License-Identifier: Apache-2.0

/// The two files of a private Postfix instance.
struct PostfixFiles {
  /// What every path begins with.
  let stem: String
  /// The port on 127.0.0.1.
  let port: UInt16
  /// The port for TLS from the first byte.
  let tlsPort: UInt16
  /// Its certificate and key.
  let identity: CertificateAuthority.Identity
  /// Where Dovecot answers.
  let loginSocket: String
  /// Whether a login is needed.
  let login: PostfixUpstream.Login
  /// Whose commands are in the log.
  let told: String

  /// `main.cf`. Mail for any domain goes to virtual(8), which writes a Maildir and puts `X-Original-To:` and `Delivered-To:` before the
  /// message.
  var main: String {
    let senders =
      switch login {
      case .required: "permit_sasl_authenticated, reject"
      case .optional: "permit"
      }
    return """
      compatibility_level = 3.6
      myhostname = upstream.test
      mydestination =
      alias_maps =
      alias_database =
      local_recipient_maps =
      queue_directory = \(stem).queue
      data_directory = \(stem).data
      command_directory = /usr/sbin
      daemon_directory = /usr/lib/postfix/sbin
      mail_owner = postfix
      setgid_group = postdrop
      maillog_file = \(stem).log
      maillog_file_prefixes = /tmp
      multi_instance_name = postfix-test
      multi_instance_enable = yes
      inet_interfaces = 127.0.0.1
      inet_protocols = ipv4
      virtual_mailbox_domains = static:all
      virtual_mailbox_maps = static:inbox/
      virtual_mailbox_base = \(stem).mail
      virtual_uid_maps = static:65534
      virtual_gid_maps = static:65534
      virtual_minimum_uid = 1
      message_size_limit = 104857600
      virtual_mailbox_limit = 0
      smtputf8_enable = yes
      smtpd_tls_security_level = may
      smtpd_tls_cert_file = \(identity.certificatePath)
      smtpd_tls_key_file = \(identity.keyPath)
      smtpd_tls_auth_only = yes
      smtpd_sasl_auth_enable = yes
      smtpd_sasl_type = dovecot
      smtpd_sasl_path = \(loginSocket)
      debug_peer_level = 1
      debug_peer_list = \(told)
      smtpd_error_sleep_time = 0
      smtpd_client_connection_count_limit = 0
      smtpd_delay_reject = no
      smtpd_sender_restrictions = \(senders)
      smtpd_relay_restrictions = reject_unauth_destination
      smtpd_recipient_restrictions =
          check_recipient_access inline:{ {\(PostfixUpstream.refusedRecipient) = 550 5.1.1 no such user here} }, permit

      """
  }

  /// `master.cf`: what smtpd needs, nothing in a chroot.
  var master: String {
    """
    127.0.0.1:\(port) inet n - n - - smtpd
    127.0.0.1:\(tlsPort) inet n - n - - smtpd -o smtpd_tls_wrappermode=yes
    pickup unix n - n 60 1 pickup
    cleanup unix n - n - 0 cleanup
    qmgr unix n - n 300 1 qmgr
    tlsmgr unix - - n 1000? 1 tlsmgr
    rewrite unix - - n - - trivial-rewrite
    bounce unix - - n - 0 bounce
    defer unix - - n - 0 bounce
    trace unix - - n - 0 bounce
    verify unix - - n - 1 verify
    flush unix n - n 1000? 0 flush
    proxymap unix - - n - - proxymap
    smtp unix - - n - - smtp
    error unix - - n - - error
    retry unix - - n - - error
    virtual unix - n n - - virtual
    anvil unix - - n - 1 anvil
    scache unix - - n - 1 scache
    postlog unix-dgram n - n - 1 postlogd

    """
  }
}

// SPDX-License-Identifier: Apache-2.0

/// What makes a private instance of Postfix an upstream for tests.
struct PostfixFiles {
  /// What every path begins with.
  let stem: String
  /// Its ports, its certificate and key, and whose certificates clients may show.
  let place: UpstreamPlace
  /// Where Dovecot answers.
  let loginSocket: String
  /// Whether a login is needed.
  let login: PostfixUpstream.Login
  /// Whose commands are in the log.
  let told: String

  /// For `main.cf`. Mail for any domain goes to virtual(8), which writes a Maildir and puts `X-Original-To:` and `Delivered-To:` before the
  /// message.
  var settings: String {
    let senders =
      switch login {
      case .required: "permit_sasl_authenticated, reject"
      case .optional: "permit"
      case .certificate: "permit_tls_all_clientcerts, reject"
      }
    return """
      virtual_mailbox_domains = static:all
      virtual_mailbox_maps = static:inbox/
      virtual_mailbox_base = \(stem).mail
      virtual_uid_maps = static:65534
      virtual_gid_maps = static:65534
      virtual_minimum_uid = 1
      virtual_mailbox_limit = 0
      smtputf8_enable = yes
      smtpd_tls_security_level = may
      smtpd_tls_cert_file = \(place.identity.certificatePath)
      smtpd_tls_key_file = \(place.identity.keyPath)
      smtpd_tls_auth_only = yes
      smtpd_tls_CAfile = \(place.authority.certificatePath)
      smtpd_tls_ask_ccert = \(login == .certificate ? "yes" : "no")
      smtpd_sasl_auth_enable = yes
      smtpd_sasl_type = dovecot
      smtpd_sasl_path = \(loginSocket)
      debug_peer_level = 1
      debug_peer_list = \(told)
      smtpd_delay_reject = no
      smtpd_sender_restrictions = \(senders)
      smtpd_relay_restrictions = reject_unauth_destination
      smtpd_recipient_restrictions =
          check_recipient_access inline:{ {\(PostfixUpstream.refusedRecipient) = 550 5.1.1 no such user here} }, permit

      """
  }

  /// For `master.cf`.
  var services: String {
    """
    127.0.0.1:\(place.port) inet n - n - - smtpd
    127.0.0.1:\(place.tlsPort) inet n - n - - smtpd -o smtpd_tls_wrappermode=yes
    virtual unix - n n - - virtual

    """
  }
}

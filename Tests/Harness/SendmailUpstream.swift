// SPDX-License-Identifier: Apache-2.0

/// A private Sendmail (Debian package `sendmail-bin`) with Cyrus SASL: SCRAM, CRAM-MD5, PLAIN and LOGIN, PIPELINING, DSN.
package final class SendmailUpstream: UpstreamServer {
  package let place: UpstreamPlace
  private let root: ServerRoot

  /// Unpacks it if need be, starts it, and waits until it listens.
  package init(_ rig: Rig) throws {
    root = try ServerRoot("sendmail", rig)
    place = try UpstreamPlace(rig, inbox: root.path + "/t/inbox")
    try root.copy(authority.certificatePath, to: "/t/authority.pem")
    try root.copy(place.identity.certificatePath, to: "/t/certificate.pem")
    try root.copy(place.identity.keyPath, to: "/t/key.pem", mode: 0o600)
    for directory in ["/etc/mail", "/etc/mail/sasl"] { try root.makeDirectory(directory) }
    try root.makeDirectory("/t/queue", mode: 0o700)
    try root.write("hosts files\n", to: "/etc/mail/service.switch")
    try root.write(
      "pwcheck_method: auxprop\nauxprop_plugin: sasldb\nmech_list: \(SendmailUpstream.mechanisms)\n", to: "/etc/mail/sasl/Sendmail.conf.2")
    try root.write("#!/bin/sh\ncat >/t/inbox/tmp/$$ && mv /t/inbox/tmp/$$ /t/inbox/new/$$.$1\n", to: "/t/keep", mode: 0o755)
    let password = try rig.write(MailAccount.app.password, to: "sendmail.password", mode: 0o600)
    _ = try root.output(
      of: "/usr/sbin/saslpasswd2", ["-p", "-c", "-u", "upstream.test", "-f", "/etc/sasldb2", MailAccount.app.user], input: password, rig)
    try root.write(macros, to: "/t/sendmail.mc")
    let configuration = try root.output(
      of: "/usr/bin/m4", ["-D_CF_DIR_=/usr/share/sendmail/cf/", "/usr/share/sendmail/cf/m4/cf.m4", "/t/sendmail.mc"], rig)
    try root.write(configuration, to: "/t/sendmail.cf")
    let process = try root.start("/usr/libexec/sendmail/sendmail", ["-C", "/t/sendmail.cf", "-X", "/t/traffic", "-bD", "-q1m"], rig)
    try waitUntilListening(process)
  }

  package var transcript: String { (try? Files.text(at: root.path + "/t/traffic")) ?? "" }

  private static let mechanisms = "SCRAM-SHA-256 SCRAM-SHA-1 CRAM-MD5 PLAIN LOGIN"

  /// Mail for anybody goes to a mailer of our own; only who has logged in may relay.
  private var macros: String {
    """
    divert(-1)
    divert(0)dnl
    OSTYPE(`linux')dnl
    define(`confLOG_LEVEL', `9')dnl
    define(`confDOMAIN_NAME', `upstream.test')dnl
    define(`confPID_FILE', `/t/sendmail.pid')dnl
    define(`QUEUE_DIR', `/t/queue')dnl
    define(`confSERVICE_SWITCH_FILE', `/etc/mail/service.switch')dnl
    define(`confCACERT', `/t/authority.pem')dnl
    define(`confCACERT_PATH', `/t')dnl
    define(`confSERVER_CERT', `/t/certificate.pem')dnl
    define(`confSERVER_KEY', `/t/key.pem')dnl
    define(`confAUTH_MECHANISMS', `\(SendmailUpstream.mechanisms)')dnl
    TRUST_AUTH_MECH(`\(SendmailUpstream.mechanisms)')dnl
    define(`confAUTH_REALM', `upstream.test')dnl
    define(`confAUTH_OPTIONS', `p')dnl
    define(`confTLS_SRV_OPTIONS', `V')dnl
    define(`confDONT_PROBE_INTERFACES', `True')dnl
    define(`confDONT_BLAME_SENDMAIL', `GroupReadableSASLDBFile,GroupWritableDirPathSafe')dnl
    define(`confTO_IDENT', `0')dnl
    define(`confMAX_MESSAGE_SIZE', `104857600')dnl
    FEATURE(`no_default_msa')dnl
    FEATURE(`accept_unresolvable_domains')dnl
    DAEMON_OPTIONS(`Name=MTA, Addr=127.0.0.1, Port=\(port), Family=inet')dnl
    DAEMON_OPTIONS(`Name=TLS, Addr=127.0.0.1, Port=\(tlsPort), Family=inet, M=s')dnl
    MAILER_DEFINITIONS
    Mkeep,\t\tP=/t/keep, F=lsDFMqnu9, S=EnvFromSMTP, R=EnvToSMTP, T=DNS/RFC822/X-Unix, U=keeper:keeper, D=/t,
    \t\tA=keep $u
    LOCAL_RULE_0
    Rrefused < @ example.org . >\t$#error $@ 5.1.1 $: "550 no such user here"
    Rrefused < @ example.org >\t$#error $@ 5.1.1 $: "550 no such user here"
    R$* < @ $* > $*\t$#keep $@ $2 $: $1 < @ $2 >

    """
  }
}

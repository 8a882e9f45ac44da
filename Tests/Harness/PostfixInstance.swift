// SPDX-License-Identifier: Apache-2.0

/// A private instance of Postfix (Debian package): directories of its own below the rig's, and what every instance of ours has in its two
/// files. What it is for, its user adds.
///
/// Its master is started directly and in the foreground: `postfix start` would sleep a second and detach. It needs root, as Postfix does.
package struct PostfixInstance: Sendable {
  /// What every path begins with.
  package let stem: String
  private let settings: String

  /// The master program, which may be missing.
  package static let program = "/usr/lib/postfix/sbin/master"

  /// Makes its directories; `suffix` tells it apart from instances that others made, `hostname` is what it calls itself.
  package init(_ rig: Rig, suffix: String, hostname: String) throws {
    stem = rig.directory.freshName("postfix")
    settings = PostfixInstance.settings(stem, suffix, hostname)
    let name = String(stem.dropFirst(rig.directory.path.count + 1))
    try rig.directory.makeDirectory(name + ".etc")
    try rig.directory.makeDirectory(name + ".queue")
    try rig.directory.makeDirectory(name + ".data", mode: 0o700, owner: "postfix")
  }

  /// The directory of its configuration.
  package var configuration: String { stem + ".etc" }

  /// The file of its log.
  package var logPath: String { stem + ".log" }

  /// What starts it.
  package var command: (program: String, arguments: [String], environment: [String: String]) {
    (PostfixInstance.program, ["-d", "-c", configuration], ["MAIL_CONFIG": configuration])
  }

  /// Writes its files, with what is added to `main.cf` and `master.cf`, and has Postfix check them.
  package func configure(_ rig: Rig, settings more: String, services: String) throws {
    try Files.write(settings + more, to: configuration + "/main.cf")
    try Files.write(services + PostfixInstance.services, to: configuration + "/master.cf")
    try rig.output(of: "/usr/sbin/postfix", ["-c", configuration, "check"])
  }

  private static func settings(_ stem: String, _ suffix: String, _ hostname: String) -> String {
    """
    compatibility_level = 3.6
    myhostname = \(hostname)
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
    multi_instance_name = postfix-\(suffix)
    multi_instance_enable = yes
    inet_interfaces = 127.0.0.1
    inet_protocols = ipv4
    message_size_limit = 104857600
    smtpd_error_sleep_time = 0
    smtpd_client_connection_count_limit = 0

    """
  }

  /// Nothing in a chroot.
  private static let services = """
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
    anvil unix - - n - 1 anvil
    scache unix - - n - 1 scache
    postlog unix-dgram n - n - 1 postlogd

    """
}

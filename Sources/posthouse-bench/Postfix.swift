// SPDX-License-Identifier: Apache-2.0
import Harness

/// Postfix (Debian package), tuned for what is measured: nothing waits on purpose, nothing is looked up, as many processes as sessions,
/// connections to the upstream and their TLS are used again, and the queue is on the same disk as everybody's.
struct Postfix: Contestant {
  let name = "postfix"
  let scope = Scope.grid

  var hindrance: String? {
    Files.exists("/usr/lib/postfix/sbin/master") ? nil : "the Debian package postfix is not installed"
  }

  func start(_ rig: Rig, to destination: Destination, connections: Int) throws -> RunningRelay {
    let stem = rig.directory.freshName("postfix")
    let name = String(stem.dropFirst(rig.directory.path.count + 1))
    let port = try LoopbackListener.freePort()
    try rig.directory.makeDirectory(name + ".etc")
    try rig.directory.makeDirectory(name + ".queue")
    try rig.directory.makeDirectory(name + ".data", mode: 0o700, owner: "postfix")
    try Files.write(main(stem, to: destination, connections), to: stem + ".etc/main.cf")
    try Files.write(master(port), to: stem + ".etc/master.cf")
    try rig.output(of: "/usr/sbin/postfix", ["-c", stem + ".etc", "check"])
    let process = try rig.hold(
      "/usr/lib/postfix/sbin/master", ["-d", "-c", stem + ".etc"], name: self.name, environment: ["MAIL_CONFIG": stem + ".etc"])
    try rig.awaitGreeting(process, port: port)
    return RunningRelay(process: process, port: port)
  }

  private func main(_ stem: String, to destination: Destination, _ connections: Int) -> String {
    var text = """
      compatibility_level = 3.6
      myhostname = bench.localdomain
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
      multi_instance_name = postfix-bench
      multi_instance_enable = yes
      inet_interfaces = 127.0.0.1
      inet_protocols = ipv4
      mynetworks = 127.0.0.0/8
      relayhost = [localhost]:\(destination.port)
      disable_dns_lookups = yes
      smtp_host_lookup = native
      smtpd_peername_lookup = no
      message_size_limit = 104857600
      default_process_limit = 300
      in_flow_delay = 0
      smtpd_error_sleep_time = 0
      smtpd_client_connection_count_limit = 0
      smtpd_client_event_limit_exceptions = static:all
      smtpd_recipient_restrictions = permit_mynetworks, reject
      qmgr_message_active_limit = 50000
      qmgr_message_recipient_limit = 50000
      hash_queue_names = deferred defer
      initial_destination_concurrency = \(connections)
      smtp_destination_concurrency_limit = \(connections)
      smtp_connection_cache_destinations = static:all
      smtp_connection_cache_on_demand = yes
      smtp_connection_reuse_time_limit = 300s

      """
    if case .secure(_, let authority) = destination {
      text += """
        smtp_tls_security_level = verify
        smtp_tls_CAfile = \(authority)
        smtp_tls_connection_reuse = yes
        smtp_sasl_auth_enable = yes
        smtp_sasl_password_maps = static:\(Destination.user):\(Destination.password)
        smtp_sasl_security_options = noanonymous
        smtp_sasl_mechanism_filter = plain

        """
    }
    return text
  }

  private func master(_ port: UInt16) -> String {
    """
    127.0.0.1:\(port) inet n - n - - smtpd
    pickup unix n - n 60 1 pickup
    cleanup unix n - n - 0 cleanup
    qmgr unix n - n 300 1 qmgr
    tlsmgr unix - - n 1000? 1 tlsmgr
    tlsproxy unix - - n - 0 tlsproxy
    rewrite unix - - n - - trivial-rewrite
    bounce unix - - n - 0 bounce
    defer unix - - n - 0 bounce
    trace unix - - n - 0 bounce
    verify unix - - n - 1 verify
    flush unix n - n 1000? 0 flush
    proxymap unix - - n - - proxymap
    smtp unix - - n - - smtp
    relay unix - - n - - smtp
    error unix - - n - - error
    retry unix - - n - - error
    anvil unix - - n - 1 anvil
    scache unix - - n - 1 scache
    postlog unix-dgram n - n - 1 postlogd

    """
  }
}

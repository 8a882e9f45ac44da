// SPDX-License-Identifier: Apache-2.0
import Harness

/// Postfix (Debian package), tuned for what is measured: nothing waits on purpose, nothing is looked up, as many processes as sessions,
/// connections to the upstream and their TLS are used again, and the queue is on the same disk as everybody's.
struct Postfix: Contestant {
  let name = "postfix"
  let scope = Scope.grid

  var hindrance: String? {
    Files.exists(PostfixInstance.program) ? nil : "the Debian package postfix is not installed"
  }

  func start(_ rig: Rig, to destination: Destination, connections: Int) throws -> RunningRelay {
    let instance = try PostfixInstance(rig, suffix: "bench", hostname: "bench.localdomain")
    let port = try LoopbackListener.freePort()
    try instance.configure(rig, settings: settings(to: destination, connections), services: services(port))
    let command = instance.command
    let process = try rig.hold(command.program, command.arguments, name: name, environment: command.environment)
    try rig.awaitGreeting(process, port: port)
    return RunningRelay(process: process, port: port)
  }

  private func settings(to destination: Destination, _ connections: Int) -> String {
    var text = """
      mynetworks = 127.0.0.0/8
      relayhost = [localhost]:\(destination.port)
      disable_dns_lookups = yes
      smtp_host_lookup = native
      smtpd_peername_lookup = no
      default_process_limit = 300
      in_flow_delay = 0
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

  private func services(_ port: UInt16) -> String {
    """
    127.0.0.1:\(port) inet n - n - - smtpd
    tlsproxy unix - - n - 0 tlsproxy
    relay unix - - n - - smtp

    """
  }
}

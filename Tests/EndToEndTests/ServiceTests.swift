// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import Harness
internal import Testing
internal import Varlink

/// How the daemon starts, lives under a service manager, and ends.
@Suite struct ServiceTests {
  @Test func `SIGTERM lets a transaction finish, refuses new ones and says STOPPING=1`() throws {
    try Rig.use { rig in
      let daemon = try rig.daemon()
      let port = try daemon.port
      let client = try daemon.client()
      #expect(try client.say("MAIL FROM:<ann@example.org>").code == 250)
      #expect(try client.say("RCPT TO:<bob@example.net>").code == 250)
      #expect(try client.say("DATA").code == 354)
      let process = try daemon.process
      process.signal(SIGTERM)
      try daemon.notifications.wait(for: "STOPPING=1") { process.isRunning }
      #expect(throws: (any Error).self) { try MailClient(port: port) }
      try client.connection.send("Subject: last\r\n\r\njust in time\r\n.\r\n")
      #expect(try client.reply().code == 250)
      #expect(try process.wait() == .exited(0))
      try daemon.start()
      #expect(try daemon.captured.messages(atLeast: 1).first?.value(of: "Subject") == "last")
    }
  }

  @Test func `an idle client is told 421 when the daemon stops, and does not hold it up`() throws {
    try Rig.use { rig in
      let daemon = try rig.daemon()
      let client = try daemon.client()
      try daemon.process.signal(SIGTERM)
      #expect(try client.reply().code == 421)
      #expect(try daemon.process.wait() == .exited(0))
    }
  }

  @Test func `SIGHUP with a mistake in the file keeps the running settings and says where the mistake is`() throws {
    try Rig.use { rig in
      let daemon = try rig.daemon()
      try daemon.change {
        $0["Listen.MaxRecipients"] = "none at all"
        $0["Relay.Hostname"] = "other.test"
      }
      let process = try daemon.process
      process.signal(SIGHUP)
      try Deadline.usual.wait(until: "the log names the mistake") { daemon.log.contains("none at all") }
      #expect(daemon.log.contains(daemon.configurationPath.split(separator: "/").last ?? "?"))
      #expect(try daemon.control.status().hostname == "relay.test")
      #expect(try daemon.client().send(from: "a@example.org", to: ["b@example.org"], "x\n").code == 250)

      try daemon.change { $0["Listen.MaxRecipients"] = "100" }
      try daemon.reload()
      #expect(try daemon.control.status().hostname == "other.test")
    }
  }

  @Test func `a second daemon on the same spool is refused with a sentence, and the first goes on`() throws {
    try Rig.use { rig in
      let first = try rig.daemon()
      let second = try rig.preparedDaemon { $0["Spool.Directory"] = first.spool }
      let ending = try second.launch().wait()
      #expect(ending != .exited(0))
      #expect(second.log.contains("in use"), "\(second.log)")
      #expect(try first.client().send(from: "a@example.org", to: ["b@example.org"], "x\n").code == 250)
    }
  }

  @Test(arguments: ["0.0.0.0:0", "[::]:0"])
  func `an address that others can reach is refused unless the networks are named`(_ address: String) throws {
    try Rig.use { rig in
      let open = try rig.preparedDaemon { $0["Listen.Address"] = address }
      #expect(try open.launch().wait() == .exited(78))
      #expect(open.log.contains("Networks"), "\(open.log)")
      let named = try rig.preparedDaemon {
        $0["Listen.Address"] = "0.0.0.0:0"
        $0["Listen.Networks"] = "127.0.0.0/8"
      }
      try named.start()
      #expect(try named.client().send(from: "a@example.org", to: ["b@example.org"], "x\n").code == 250)
    }
  }

  @Test func `a configuration with a mistake ends the start with 78 and the line`() throws {
    try Rig.use { rig in
      let daemon = try rig.preparedDaemon { $0["Relay.Hostnaem"] = "x.test" }
      #expect(try daemon.launch().wait() == .exited(78))
      #expect(daemon.log.contains("Hostname"), "a suggestion is expected: \(daemon.log)")
    }
  }

  @Test(arguments: [
    (["Control.Group": "no-such-group"], Int32(78), "this machine has no group no-such-group: make it, or correct Control.Group"),
    (["Listen.Address": "unix:/no/such/place"], 71, "make the directory first, or correct Listen.Address"),
    (
      ["Listen.CertificateFile": "/no/such/certificate", "Listen.KeyFile": "/no/such/key"], 78,
      "Listen.CertificateFile: cannot read \"/no/such/certificate\": no such file or directory; correct the path"
    ),
    (["Spool.Directory": "/proc/spool"], 71, "Spool.Directory: cannot make directory \"/proc/spool\""),
  ])
  func `what cannot be had at the start is named with its setting`(_ settings: [String: String], _ code: Int32, _ words: String) throws {
    try Rig.use { rig in
      let daemon = try rig.preparedDaemon { for (name, value) in settings { $0[name] = value } }
      #expect(try daemon.launch().wait() == .exited(code))
      #expect(daemon.log.contains(words), "\(daemon.log)")
    }
  }

  @Test func `a configuration that the service may not read is named with the remedy`() throws {
    try Rig.use { rig in
      let daemon = try rig.preparedDaemon()
      try Files.write("[Relay]\n", to: daemon.configurationPath, mode: 0o600)
      let process = try rig.run(
        "setpriv", ["--reuid=65534", "--clear-groups", try Environment.program("posthoused"), "--config", daemon.configurationPath])
      #expect(process.end == .exited(78))
      #expect(process.errors.contains("permission denied; the user of the service must be able to read it"), "\(process.errors)")
    }
  }

  @Test func `the status shows the spool that is used, whatever was written since`() throws {
    try Rig.use { rig in
      let daemon = try rig.daemon()
      try daemon.change { $0["Spool.Directory"] = rig.directory["elsewhere"] }
      try daemon.reload()
      #expect(daemon.log.contains("restart-needed setting=Spool.Directory"))
      #expect(try daemon.control.status().spool.directory == daemon.spool)
    }
  }

  @Test func `a variable of the environment goes before the file`() throws {
    try Rig.use { rig in
      var options = Daemon.Options()
      options.environment = ["POSTHOUSE_RELAY_HOSTNAME": "fromenv.test"]
      let daemon = try rig.daemon(options)
      #expect(try daemon.control.status().hostname == "fromenv.test")
    }
  }

  @Test func `without a daemon the command says so and exits with 3`() throws {
    try Rig.use { rig in
      let daemon = try rig.preparedDaemon()
      for verb in ["status", "queue", "flush"] {
        let command = try daemon.command(verb)
        #expect(command.end == .exited(3))
        #expect(command.errors.contains(daemon.control.path), "\(command.errors)")
        #expect(try daemon.command(verb, "--json").end == .exited(3))
      }
    }
  }

  @Test func `status is one JSON object for machines and names the listener for people`() throws {
    try Rig.use { rig in
      let daemon = try rig.daemon()
      let machines = try daemon.command("status", "--json")
      #expect(machines.end == .exited(0))
      let object = try #require(try JSON(parsing: machines.output.utf8.span).object)
      let status = try RelayStatus((object["status"]?.object) ?? object)
      #expect(status.state == .running)
      let people = try daemon.command("status")
      #expect(people.output.contains("127.0.0.1:\(try daemon.port)"))
    }
  }

  @Test func `READY=1 comes when mail can be sent, and STATUS= says something useful`() throws {
    try Rig.use { rig in
      let daemon = try rig.daemon()
      let said = daemon.notifications.all
      #expect(said.filter { $0 == "READY=1" }.count == 1)
      #expect(said.contains { $0.hasPrefix("STATUS=") && $0.count > 12 })
    }
  }

  @Test func `STATUS= follows its numbers, and is not repeated while they stay`() throws {
    try Rig.use { rig in
      let daemon = try rig.daemon { $0["Listen.MaxHold"] = "2h" }
      try daemon.client().send(from: "me@example.org", to: ["later@example.org"], "Subject: later\n\n", parameters: " HOLDFOR=3600")
      try Deadline.usual.wait(until: "the new number was told") {
        daemon.notifications.all.contains { $0.hasPrefix("STATUS=Relaying to ") && $0.hasSuffix("; 1 queued, 0 failed") }
      }
      let lines = daemon.notifications.all.filter { $0.hasPrefix("STATUS=") }
      #expect(zip(lines, lines.dropFirst()).allSatisfy { $0 != $1 }, "\(lines)")
    }
  }

  @Test func `one thread for the loop, one for the journal, two workers at most`() throws {
    try Rig.use { rig in
      let daemon = try rig.daemon()
      let port = try daemon.port
      try Crew.run(20) { index in
        let client = try MailClient(port: port)
        for _ in 0..<5 { try client.send(from: "a@example.org", to: ["b@example.org"], "Subject: \(index)\n\nx\n") }
      }
      #expect(try ProcessFacts(daemon.pid).threads <= 4)
      _ = try daemon.captured.messages(atLeast: 100)
      #expect(try ProcessFacts(daemon.pid).threads <= 4)
    }
  }
}

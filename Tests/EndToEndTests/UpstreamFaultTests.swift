// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import Harness
internal import LinuxSystem
internal import Testing
internal import Timekeeping
internal import Varlink

/// A real Postfix as the upstream, and what an operator is told when the way to it is blocked.
@Suite struct UpstreamFaultTests {
  private static let letter = "Subject: over TLS\n\nwith a login\n"

  private func send(_ daemon: Daemon) throws {
    #expect(try daemon.client().send(from: "ann@example.org", to: ["bob@example.net"], UpstreamFaultTests.letter).code == 250)
  }

  /// Puts another file in the place of a file, as a careful operator does.
  private func replace(_ path: String, with text: String) throws {
    try Files.write(text, to: path + ".new", mode: 0o600)
    guard unsafe rename(path + ".new", path) == 0 else { throw SystemFailure.last("rename", path) }
  }

  /// Waits until the upstream has a fault, and proves that nothing was given up because of it.
  private func fault(_ daemon: Daemon) throws -> String {
    let status = try daemon.status("the upstream has a fault") { $0.upstreams.first?.fault != nil }
    #expect(status.spool.messages == 1)
    #expect(status.spool.failed == 0)
    let command = try daemon.command("status")
    #expect(command.end == .exited(1), "status must say by its exit code that somebody must look")
    let fault = try #require(status.upstreams.first?.fault)
    #expect(command.output.contains(fault.prefix(20)), "the command must show the fault: \(command.output)")
    return fault
  }

  @Test func `STARTTLS and AUTH carry a message to Postfix`() throws {
    try Rig.use { rig in
      let postfix = try PostfixUpstream(rig)
      let daemon = try rig.daemon { $0.useUpstream(postfix) }
      try send(daemon)
      let message = try #require(try postfix.inbox.messages(atLeast: 1).first)
      #expect(message.body == "with a login\n")
      #expect(message.value(of: "Return-Path") == "<ann@example.org>")
      #expect(message.value(of: "Delivered-To") == "bob@example.net")
      #expect(message.value(of: "Received")?.contains("ESMTPSA") == true)
      try daemon.drain()
      #expect(try daemon.command("status").end == .exited(0))
    }
  }

  @Test func `a recipient whom Postfix refuses fails, the others get the message`() throws {
    try Rig.use { rig in
      let postfix = try PostfixUpstream(rig)
      let daemon = try rig.daemon { $0.useUpstream(postfix) }
      try daemon.client().send(
        from: "ann@example.org", to: ["one@example.net", PostfixUpstream.refusedRecipient, "two@example.net"], UpstreamFaultTests.letter)
      let messages = try postfix.inbox.messages(atLeast: 3)
      #expect(messages.compactMap { $0.value(of: "Delivered-To") }.sorted() == ["ann@example.org", "one@example.net", "two@example.net"])
      let report = try #require(messages.first { $0.value(of: "Delivered-To") == "ann@example.org" })
      #expect(report.value(of: "Return-Path") == "<>" && report.text.contains("Action: failed\n"))
      _ = try daemon.status("one message is failed") { $0.spool.failed == 1 }
    }
  }

  @Test func `a wrong password holds the mail and names the remedy, and the right one sends it`() throws {
    try Rig.use { rig in
      let postfix = try PostfixUpstream(rig)
      let daemon = try rig.daemon {
        $0.useUpstream(postfix)
        $0["Upstream.Password"] = "not this one"
      }
      try send(daemon)
      let fault = try fault(daemon)
      #expect(fault.contains("535"), "\(fault)")
      #expect(fault.lowercased().contains("correct") && fault.contains("password"), "\(fault)")
      #expect(!daemon.log.contains("not this one"))
      #expect(postfix.inbox.count == 0)

      try daemon.change { $0["Upstream.Password"] = PostfixUpstream.password }
      try daemon.reload()
      #expect(try postfix.inbox.messages(atLeast: 1).count == 1)
      try daemon.drain()
      #expect(try daemon.command("status").end == .exited(0))
    }
  }

  @Test func `files that are corrected send the mail without a reload and before the next probe`() throws {
    try Rig.use { rig in
      let postfix = try PostfixUpstream(rig)
      let password = try rig.write("not this one\n", to: "password", mode: 0o600)
      let trust = try rig.write("", to: "trust")
      let daemon = try rig.daemon {
        $0.useUpstream(postfix)
        $0["Upstream.Password"] = nil
        $0["Upstream.PasswordFile"] = password
        $0["Upstream.CAFile"] = trust
        $0["Retry.First"] = "10s"
        $0["Retry.Max"] = "10min"
      }
      try send(daemon)
      #expect(try fault(daemon).contains("CAFile"))
      try replace(trust, with: try Files.text(at: postfix.authority.certificatePath))
      _ = try daemon.status("the password is what is wrong now") { $0.upstreams[0].fault?.contains("535") == true }
      // The next probe comes 40 s later.
      try Deadline.in(.seconds(60)).wait(everyMicroseconds: 100_000, until: "the next probe is far away") {
        try daemon.control.status().counters.first { $0.name == "upstreamLoginFailures" }?.count == 2
      }
      let corrected = SystemClock().moment
      try replace(password, with: PostfixUpstream.password + "\n")
      #expect(try postfix.inbox.messages(atLeast: 1).count == 1)
      #expect(SystemClock().moment - corrected < .seconds(30), "\(SystemClock().moment - corrected)")
      #expect(daemon.log.contains("upstream-corrected"))
      try daemon.drain()
      #expect(try daemon.command("status").end == .exited(0))
    }
  }

  @Test func `an untrusted certificate holds the mail and names the remedy, and CAFile mends it`() throws {
    try Rig.use { rig in
      let postfix = try PostfixUpstream(rig)
      let daemon = try rig.daemon {
        $0.useUpstream(postfix)
        $0["Upstream.CAFile"] = nil
      }
      try send(daemon)
      let fault = try fault(daemon)
      #expect(fault.contains("certificate"), "\(fault)")
      #expect(fault.contains("CAFile"), "\(fault)")
      #expect(!postfix.log.contains("sasl_username"), "no password may leave before the certificate is good")

      try daemon.change { $0["Upstream.CAFile"] = postfix.authority.certificatePath }
      try daemon.reload()
      #expect(try postfix.inbox.messages(atLeast: 1).count == 1)
    }
  }

  @Test func `a certificate for another name is not accepted`() throws {
    try Rig.use { rig in
      let postfix = try PostfixUpstream(rig)
      let daemon = try rig.daemon {
        $0.useUpstream(postfix)
        $0["Upstream.ServerName"] = "mail.example.org"
      }
      try send(daemon)
      let fault = try fault(daemon)
      #expect(fault.contains("mail.example.org"), "\(fault)")
      #expect(postfix.inbox.count == 0)
    }
  }

  @Test func `an upstream without STARTTLS gets nothing where TLS is asked for`() throws {
    try Rig.use { rig in
      let upstream = try ScriptedUpstream(rig)
      let daemon = try rig.daemon {
        $0.useUpstream(port: upstream.port)
        $0["Upstream.TLS"] = "starttls"
      }
      try send(daemon)
      let fault = try fault(daemon)
      #expect(fault.contains("STARTTLS"), "\(fault)")
      #expect(!upstream.commands.contains { $0.hasPrefix("MAIL") || $0.hasPrefix("AUTH") })
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
import EventLoop
import Octets
import Relay
import Simulation
import Testing
import Timekeeping
import Varlink

/// What senders are told, when, and when not.
@Suite struct ReportTests {
  /// Refuses everybody whose name begins with `bad`.
  static func refuse(_ line: String) -> SimulatedUpstream.Answer {
    line.hasPrefix("RCPT TO:<bad") ? .say("550 5.1.1 no such user") : .usual
  }

  @Test func `recipients that fail together are reported in one letter from nobody to the sender`() {
    run("together") { world in
      let house = try await House(world) { upstream, _ in upstream.answer = ReportTests.refuse }
      try await house.submit(to: ["bad1@b.example", "good@b.example", "bad2@b.example"], "Subject: three\r\nX-Mark: 7\r\n\r\nhello\r\n")
      #expect(await house.wait(within: .seconds(10)) { house.takings.messages.count == 2 })
      _ = await house.loop.sleep(.seconds(86_400))
      #expect(house.takings.messages.count == 2)
      let report = house.takings.messages[1]
      #expect(report.sender.isEmpty && report.recipients == ["me@a.example"])
      for words in [
        "Subject: Undelivered: three\r\n", "Auto-Submitted: auto-replied\r\n", "report-type=delivery-status",
        "Reporting-MTA: dns; relay.example.com\r\n", "Final-Recipient: rfc822; bad1@b.example\r\n",
        "Final-Recipient: rfc822; bad2@b.example\r\n", "Action: failed\r\n", "Status: 5.1.1\r\n", "Remote-MTA: dns; mx.example.com\r\n",
        "Diagnostic-Code: smtp; 550 5.1.1 no such user\r\n", "X-Mark: 7\r\n",
      ] { #expect(report.body.contains(words), "\(words)") }
      #expect(!report.body.contains("good@b.example"))
      #expect(house.relay.status().spool.failed == 1)
      #expect(house.log.lines(with: "reported ").count == 1)
      await house.stop()
    }
  }

  @Test func `a report that fails is kept as failed, and nobody is told of that`() {
    run("twice") { world in
      let house = try await House(world) { upstream, _ in
        upstream.answer = { $0.hasPrefix("RCPT") ? .say("550 5.1.1 nobody here") : .usual }
      }
      try await house.submit()
      #expect(await house.wait(within: .seconds(10)) { house.relay.status().spool.failed == 2 })
      _ = await house.loop.sleep(.seconds(86_400))
      #expect(house.relay.status().spool.messages == 2 && house.takings.messages.isEmpty)
      #expect(house.relay.status().spool.oldestFailedUSec != nil)
      _ = await house.loop.sleep(.seconds(14 * 86_400))
      #expect(house.relay.status().spool.messages == 0)
      #expect(house.relay.status().spool.oldestFailedUSec == nil)
      await house.stop()
    }
  }

  /// What is asked of the relay, what the upstream offers, and which actions are reported in the end.
  static let wishes: [(mail: String, recipient: String, offers: String, reported: [String])] = [
    ("MAIL FROM:<>", "RCPT TO:<bad@b.example>", "", []),
    ("MAIL FROM:<>", "RCPT TO:<good@b.example> NOTIFY=SUCCESS", "", []),
    ("MAIL FROM:<me@a.example>", "RCPT TO:<bad@b.example> NOTIFY=NEVER", "", []),
    ("MAIL FROM:<me@a.example>", "RCPT TO:<bad@b.example> NOTIFY=SUCCESS,DELAY", "", []),
    ("MAIL FROM:<me@a.example>", "RCPT TO:<bad@b.example> NOTIFY=FAILURE", "", ["failed"]),
    ("MAIL FROM:<me@a.example>", "RCPT TO:<bad@b.example>", "DSN", ["failed"]),
    ("MAIL FROM:<me@a.example>", "RCPT TO:<good@b.example>", "", []),
    ("MAIL FROM:<me@a.example>", "RCPT TO:<good@b.example> NOTIFY=SUCCESS", "", ["relayed"]),
    ("MAIL FROM:<me@a.example>", "RCPT TO:<good@b.example> NOTIFY=SUCCESS", "DSN", []),
  ]

  @Test(arguments: wishes) func `what the sender wants to hear of is reported, by whoever can`(
    mail: String, recipient: String, offers: String, reported: [String]
  ) {
    run("wishes") { world in
      let house = try await House(world) { upstream, _ in
        upstream.answer = ReportTests.refuse
        if !offers.isEmpty { upstream.offers.append(offers) }
      }
      try await ReportTests.handIn(house, mail, [recipient])
      #expect(await house.drain(within: .seconds(10)))
      _ = await house.loop.sleep(.seconds(3600))
      let reports = house.takings.messages.filter { $0.body.contains("report-type=delivery-status") }
      #expect(reports.count == reported.count)
      for (report, action) in zip(reports, reported) { #expect(report.body.contains("Action: \(action)\r\n")) }
      await house.stop()
    }
  }

  @Test func `an upstream that reports by itself is told everything the sender wished`() {
    run("passed on") { world in
      let house = try await House(world) { upstream, _ in upstream.offers.append("DSN") }
      try await ReportTests.handIn(
        house, "MAIL FROM:<me@a.example> RET=HDRS ENVID=QQ314159",
        ["RCPT TO:<one@b.example> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;first@b.example", "RCPT TO:<two@b.example> NOTIFY=NEVER"])
      #expect(await house.drain(within: .seconds(10)))
      let commands = house.upstream.commands
      #expect(commands.contains { $0.hasPrefix("MAIL FROM:<me@a.example>") && $0.contains(" RET=HDRS") && $0.contains(" ENVID=QQ314159") })
      #expect(commands.contains("RCPT TO:<one@b.example> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;first@b.example"))
      #expect(commands.contains("RCPT TO:<two@b.example> NOTIFY=NEVER"))
      await house.stop()
    }
  }

  @Test func `a report has the sender's own name for the message, and the first address of the recipient`() {
    run("names") { world in
      let house = try await House(world) { upstream, _ in upstream.answer = ReportTests.refuse }
      try await ReportTests.handIn(
        house, "MAIL FROM:<me@a.example> RET=FULL ENVID=QQ+3D1", ["RCPT TO:<bad@b.example> ORCPT=rfc822;first+2Bname@b.example"])
      #expect(await house.wait(within: .seconds(10)) { house.takings.messages.count == 1 })
      let body = house.takings.messages[0].body
      for words in [
        "Original-Envelope-Id: QQ=1\r\n", "Original-Recipient: rfc822; first+name@b.example\r\n", "message/rfc822", "hello\r\n",
      ] {
        #expect(body.contains(words), "\(words)")
      }
      await house.stop()
    }
  }

  @Test func `reports go to the address that the settings name`() {
    run("elsewhere") { world in
      let house = try await House(world, "[Bounce]\nTo=postmaster@ops.example\n") { upstream, _ in upstream.answer = ReportTests.refuse }
      try await house.submit(to: ["bad@b.example"])
      try await house.submit(to: ["bad@b.example"], from: "")
      #expect(await house.drain(within: .seconds(10)))
      #expect(house.takings.messages.map(\.recipients) == [["postmaster@ops.example"]])
      #expect(house.takings.messages.first?.sender.isEmpty == true)
      await house.stop()
    }
  }

  @Test func `beyond so many in an hour failures are kept and not reported, and status says so until it is calm`() {
    run("many") { world in
      let house = try await House(world, "[Bounce]\nMaxPerHour=3\n") { upstream, _ in upstream.answer = ReportTests.refuse }
      for number in 0..<10 { try await house.submit(to: ["bad\(number)@b.example"]) }
      #expect(await house.wait(within: .seconds(60)) { house.relay.status().spool.failed == 10 })
      #expect(await house.wait(within: .seconds(60)) { house.takings.messages.count == 3 })
      #expect(house.log.lines(with: "reports-capped").count == 1)
      #expect(house.relay.status().hasProblem)
      #expect(house.relay.status().alarms.first?.contains("7 reports about it were not made (more than Bounce.MaxPerHour, 3") == true)
      _ = await house.loop.sleep(.seconds(3700))
      #expect(!house.relay.status().hasProblem)
      try await house.submit(to: ["bad@b.example"])
      #expect(await house.wait(within: .seconds(60)) { house.takings.messages.count == 4 })
      #expect(!house.relay.status().hasProblem && house.log.lines(with: "reports-capped").count == 1)
      await house.stop()
    }
  }

  @Test func `without an allowance nothing is reported, and nothing is wrong with that`() {
    run("silent") { world in
      let house = try await House(world, "[Bounce]\nMaxPerHour=0\nWarnAfter=1h\n") { upstream, _ in upstream.answer = ReportTests.refuse }
      try await house.submit(to: ["bad@b.example"])
      #expect(await house.wait(within: .seconds(60)) { house.relay.status().spool.failed == 1 })
      _ = await house.loop.sleep(.seconds(86_400))
      #expect(house.takings.messages.isEmpty && !house.relay.status().hasProblem)
      await house.stop()
    }
  }

  @Test func `a large original is returned as its beginning only`() {
    run("large") { world in
      let house = try await House(world) { upstream, _ in upstream.answer = ReportTests.refuse }
      let body = "Subject: big\r\n\r\n" + String(repeating: "a line of a large message, which goes to a file of its own\r\n", count: 10_000)
      try await ReportTests.handIn(house, "MAIL FROM:<me@a.example> RET=FULL", ["RCPT TO:<bad@b.example>"], body)
      #expect(await house.wait(within: .seconds(60)) { house.takings.messages.count == 1 })
      let report = house.takings.messages[0].body
      #expect(report.contains("text/rfc822-headers") && report.contains("Subject: big\r\n") && !report.contains("a line of a large"))
      await house.stop()
    }
  }

  /// Hands in a message by its commands.
  @Loop static func handIn(
    _ house: House, _ mail: String, _ recipients: [String], _ body: String = "Subject: hi\r\n\r\nhello\r\n"
  ) async throws {
    var client = try await MailClient.connect(house.loop, house.network, House.mailAddress)
    for command in [mail] + recipients {
      let reply = try await client.ask(command)
      #expect(reply.hasPrefix("250"), "\(command): \(reply)")
    }
    #expect(try await client.ask("DATA").hasPrefix("354"))
    #expect(try await client.ask(body + ".").hasPrefix("250"))
    await client.quit()
  }
}

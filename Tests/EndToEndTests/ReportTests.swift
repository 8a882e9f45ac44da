// SPDX-License-Identifier: Apache-2.0
internal import Harness
internal import Octets
internal import Testing
internal import Varlink

/// Reports about failures from the real daemon, read by somebody else's parser.
@Suite struct ReportTests {
  private static let reader =
    #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
    + "/report_reader.py"

  /// Refuses `nobody` as a recipient, and every message that asks for it at its end; takes reports.
  private static let script = UpstreamScript { point in
    switch point.stage {
    case .recipient where point.line.contains("nobody@"): .reply("550-5.1.1 no such user here\n550 5.1.1 ask somebody else")
    case .sender where point.line.contains("<spammer@"): .reply("250 2.1.0 go on")
    default: nil
    }
  }

  /// What Python's parser makes of a report.
  private struct Reading {
    let json: JSONObject

    init(_ rig: Rig, _ message: DeliveredMessage) throws {
      let file = rig.directory.freshName("report")
      try Files.write(message.bytes, to: file)
      let output = try rig.output(of: "python3", [ReportTests.reader, file])
      json = try #require(JSON(parsing: output.utf8.span).object)
    }

    func text(_ name: String) -> String { if case .string(let text)? = json[name] { text } else { "" } }

    /// The fields of one group of the part for programs, or of the report's own header.
    func field(_ name: String, group: Int? = nil) -> String? {
      guard case .array(let groups)? = group == nil ? json["header"] : json["groups"] else { return nil }
      var pairs = groups
      if let group {
        guard group < groups.count, case .array(let inside) = groups[group] else { return nil }
        pairs = inside
      }
      for case .array(let pair) in pairs where pair.count == 2 {
        if pair[0] == .string(name), case .string(let value) = pair[1] { return value }
      }
      return nil
    }
  }

  @Test func `refused recipients are reported in a letter that another parser reads`() throws {
    try Rig.use { rig in
      let upstream = try ScriptedUpstream(rig, ReportTests.script)
      let daemon = try rig.daemon { $0.useUpstream(port: upstream.port) }
      let client = try daemon.client()
      for command in [
        "MAIL FROM:<ann@example.org> RET=FULL ENVID=batch+2D7", "RCPT TO:<nobody@example.net> ORCPT=rfc822;first@example.net",
        "RCPT TO:<bob@example.net>", "RCPT TO:<nobody@example.com>",
      ] { #expect(try client.say(command).code == 250) }
      #expect(try client.say("DATA").code == 354)
      try client.connection.send("Subject: accounts\r\nMessage-ID: <1@example.org>\r\n\r\nThe accounts.\r\n.\r\n")
      #expect(try client.reply().code == 250)
      let report = try #require(try upstream.taken(atLeast: 2).first { $0.sender.isEmpty || $0.sender == "<>" })
      #expect(report.recipients == ["ann@example.org"])
      let reading = try Reading(rig, report.message)
      #expect(reading.text("type") == "multipart/report" && reading.text("reportType") == "delivery-status")
      #expect(reading.field("Subject") == "Undelivered: accounts" && reading.field("Auto-Submitted") == "auto-replied")
      #expect(reading.field("In-Reply-To") == "<1@example.org>")
      #expect(reading.field("Reporting-MTA", group: 0) == "dns; relay.test")
      #expect(reading.field("Original-Envelope-Id", group: 0) == "batch-7")
      #expect(reading.field("Original-Recipient", group: 1) == "rfc822; first@example.net")
      #expect(reading.field("Final-Recipient", group: 1) == "rfc822; nobody@example.net")
      #expect(reading.field("Final-Recipient", group: 2) == "rfc822; nobody@example.com")
      for group in 1...2 {
        #expect(reading.field("Action", group: group) == "failed" && reading.field("Status", group: group) == "5.1.1")
        #expect(reading.field("Remote-MTA", group: group) == "dns; [127.0.0.1]")
        #expect(reading.field("Diagnostic-Code", group: group)?.contains("550 5.1.1 no such user here") == true)
      }
      #expect(reading.field("Final-Recipient", group: 3) == nil)
      #expect(reading.text("original").hasSuffix("Subject: accounts\r\nMessage-ID: <1@example.org>\r\n\r\nThe accounts.\r\n"))
      #expect(reading.text("words").contains("<nobody@example.net>"))
      _ = try daemon.status("the message is failed") { $0.spool.failed == 1 && $0.spool.messages == 1 }
    }
  }

  @Test func `a message refused at its end is reported with its header, also beyond ASCII`() throws {
    try Rig.use { rig in
      let upstream = try ScriptedUpstream(
        rig, UpstreamScript { $0.stage == .end && $0.earlier == 0 ? .reply("554 5.6.0 not this message") : nil })
      let daemon = try rig.daemon { $0.useUpstream(port: upstream.port) }
      let client = try daemon.client()
      #expect(try client.say("MAIL FROM:<änn@example.org> SMTPUTF8 BODY=8BITMIME").code == 250)
      #expect(try client.say("RCPT TO:<bøb@example.net>").code == 250)
      #expect(try client.say("DATA").code == 354)
      try client.connection.send("Subject: Grüße\r\n\r\nHallo, schöne Welt\r\n.\r\n")
      #expect(try client.reply().code == 250)
      let report = try #require(try upstream.taken(atLeast: 1).first)
      #expect(report.recipients == ["änn@example.org"])
      #expect(upstream.commands.contains { $0.hasPrefix("MAIL FROM:<>") && $0.contains("SMTPUTF8") })
      let reading = try Reading(rig, report.message)
      #expect(reading.json["types"] == .array(["text/plain", "message/global-delivery-status", "message/global-headers"]))
      #expect(report.message.text.contains("Final-Recipient: utf-8; bøb@example.net\n"))
      #expect(report.message.text.contains("Subject: Grüße\n") && !report.message.text.contains("schöne Welt"))
    }
  }

  @Test func `reports are on the disk before the failure is noted, whenever the daemon is killed`() throws {
    try Rig.use { rig in
      let upstream = try ScriptedUpstream(rig, ReportTests.script)
      let daemon = try rig.daemon { $0.useUpstream(port: upstream.port) }
      for round in 0..<3 {
        let client = try daemon.client()
        for number in 0..<10 {
          try client.send(from: "ann\(round)-\(number)@example.org", to: ["nobody@example.net"], "Subject: x\n\nx\n")
        }
        try daemon.kill9()
        try daemon.start()
      }
      let wanted = Set((0..<3).flatMap { round in (0..<10).map { "ann\(round)-\($0)@example.org" } })
      try Deadline.usual.wait(until: "everybody was told") { Set(upstream.taken.flatMap(\.recipients)).isSuperset(of: wanted) }
      _ = try daemon.status("all are failed") { $0.spool.failed == 30 && $0.spool.messages == 30 }
    }
  }
}

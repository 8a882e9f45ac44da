// SPDX-License-Identifier: Apache-2.0
import Foundation
import Harness
import Testing

@Suite struct SendmailTests {
  private func use(_ script: UpstreamScript = .friendly, _ test: (Sendmail, ScriptedUpstream) throws -> Void) throws {
    try Rig.use { rig throws in
      let relay = try ScriptedUpstream(rig, script)
      try test(try Sendmail(rig).handing(to: "127.0.0.1:\(relay.port)"), relay)
    }
  }

  @Test func `cron's call hands a message in`() throws {
    try use { sendmail, relay throws in
      let ending = try sendmail(
        "-i", "-FCronDaemon", "-B8BITMIME", "-oem", "root", message: "To: root\nSubject: Cron <root@app> true\n\n.\nf\u{fc}r dich\n")
      #expect(ending.code == 0 && ending.complaint.isEmpty && ending.output.isEmpty)
      let taken = try #require(relay.taken.first)
      #expect(taken.sender == "\(Sendmail.user)@app.test" && taken.recipients == ["root@app.test"])
      #expect(
        taken.message.text
          == "From: CronDaemon <\(Sendmail.user)@app.test>\nTo: root\nSubject: Cron <root@app> true\n\n.\nf\u{fc}r dich\n")
      #expect(relay.commands.contains { $0.hasPrefix("MAIL FROM:") && $0.hasSuffix(" BODY=8BITMIME") })
      #expect(relay.commands.last == "QUIT")
    }
  }

  @Test func `PHP's call takes the recipients from the header, and nobody learns of the blind ones`() throws {
    try use { sendmail, relay throws in
      let message =
        "To: \"Doe, J\" <j@x.example> (c),\n k@x.example\r\nCC: g: l@x.example;\nBcc: Secret <s@x.example>,\n t@x.example\n"
        + "From: me@x.example\nSubject: s\n\nt\n"
      #expect(try sendmail("-t", "-i", "-fbounce@x.example", message: message).code == 0)
      let taken = try #require(relay.taken.first)
      #expect(taken.sender == "bounce@x.example")
      #expect(taken.recipients == ["j@x.example", "k@x.example", "l@x.example", "s@x.example", "t@x.example"])
      #expect(taken.message.values(of: "bcc").isEmpty && taken.message.values(of: "from") == ["me@x.example"])
      #expect(!taken.message.text.contains("t@x.example\n"))
    }
  }

  @Test func `recipients are added up, each once, and a resent message goes to those it is resent to`() throws {
    try use { sendmail, relay throws in
      #expect(try sendmail("-t", "-i", "a@x.example", "b@x.example,a@x.example", message: "To: b@x.example, c@x.example\n\n").code == 0)
      #expect(try sendmail("-t", message: "To: b@x.example\nResent-To: d@x.example\nResent-Bcc: e@x.example\n\n").code == 0)
      #expect(relay.taken.map(\.recipients) == [["a@x.example", "b@x.example", "c@x.example"], ["d@x.example", "e@x.example"]])
      #expect(relay.taken[1].message.values(of: "resent-bcc").isEmpty)
    }
  }

  @Test(arguments: [
    ["-oi", "-oem", "-odb", "a@x.example"], ["-om", "-i", "-n", "-m", "-G", "-U", "-x", "-c", "a@x.example"],
    ["-o", "i", "-O", "QueueDirectory=/tmp", "-X", "/dev/null", "-L", "tag", "-h", "3", "-p", "SMTP:app", "a@x.example"],
    ["-i", "-bm", "-Ac", "-d0-99.1", "-em", "--", "a@x.example"], ["a@x.example", "-i"], ["-it", "-v", "-r", "me@x.example"],
    ["-N", "success,delay", "-R", "hdrs", "-V", "QQ1", "-i", "-t"], ["-Nnever", "-Rfull", "-ti"],
    ["-i", "-f", "<>", "-F", "", "--", "<a@x.example>"],
  ])
  func `the flags of forty years are taken`(_ arguments: [String]) throws {
    try use { sendmail, relay throws in
      let ending = try sendmail.run(arguments, Array("To: a@x.example\n\n.\nx\n".utf8))
      #expect(ending.code == 0, "\(ending.complaint)")
      #expect(relay.taken.map(\.recipients) == [["a@x.example"]])
      #expect(relay.taken.first?.message.body == ".\nx\n")
    }
  }

  @Test(arguments: [
    (["-Z", "a@x.example"], 64, "\"-Z\" is not a flag of sendmail that is known here"), (["--json", "a@x.example"], 64, "is not a flag"),
    (["-f"], 64, "-f needs a value"), ([], 64, "nobody is named"), (["-t"], 64, "the message names no recipients"),
    (["-bd"], 64, "would start a daemon"), (["-bv", "root"], 64, "-bv is not done here"), (["-bp", "x"], 64, "\"x\" has no meaning"),
    (["-qRsite"], 64, "-qRsite chooses mail"), (["-C", "/etc/sendmail.cf", "root"], 64, "POSTHOUSE_CONFIG"),
    (["-N", "often", "root"], 64, "-N \"often\""), (["-R", "some", "root"], 64, "-R \"some\""), (["-V", "\u{1}", "root"], 64, "-V \"?\""),
    (["-f", "a@b, c@d", "root"], 64, "is not one address"), (["-f", "a b@c", "root"], 64, "-f \"a b@c\" cannot be understood"),
    (["John Doe"], 67, "\"John Doe\" is no address"), (["a@b@c"], 67, "cannot be understood"), (["a..b@x.example"], 67, "twice in a row"),
    (["-i", "-oi", "a@x.example\r\nRCPT TO:<evil@x.example>"], 67, "cannot be understood"),
  ])
  func `what cannot be meant is told, with the exit status of sysexits, before anything is sent`(
    _ arguments: [String], _ code: Int32, _ complaint: String
  ) throws {
    try use { sendmail, relay throws in
      let ending = try sendmail.run(arguments, Array("Subject: x\n\n".utf8))
      #expect(ending.code == code && ending.complaint.hasPrefix("sendmail: ") && ending.complaint.contains(complaint), "\(ending)")
      #expect(relay.sessions == 0)
    }
  }

  @Test(arguments: ["To: John Doe\n\n", "To: a@x.example, <b@x.example\n\n", "Cc: a@x.example b@x.example\n\n"])
  func `a header that cannot be understood sends nothing to anybody`(_ message: String) throws {
    try use { sendmail, relay throws in
      let ending = try sendmail("-t", "z@x.example", message: message)
      #expect(ending.code == 65 && ending.complaint.contains("nothing was sent"))
      #expect(relay.sessions == 0)
    }
  }

  @Test(arguments: [
    (["a@x.example"], "S: x\n\none\n.\ntwo\n", "one\n"), (["-i", "a@x.example"], "S: x\n\none\n.\ntwo\n", "one\n.\ntwo\n"),
    (["-i", "a@x.example"], "S: x\r\n\r\n.\r\n..x\r\n", ".\n..x\n"), (["-i", "a@x.example"], "S: x\n\n1%\r2%\rend", "1%\n2%\nend\n"),
    (["-i", "a@x.example"], "no header\n", "no header\n"), (["-i", "a@x.example"], "S: x\nno gap\n", "no gap\n"),
    (["-i", "a@x.example"], "", ""),
  ])
  func `the text arrives as it was meant`(_ arguments: [String], _ message: String, _ body: String) throws {
    try use { sendmail, relay throws in
      #expect(try sendmail.run(arguments, Array(message.utf8)).code == 0)
      #expect(relay.taken.first?.message.body == body)
    }
  }

  @Test(arguments: [
    ["-i", "a@x.example\nRCPT TO:<victim@x.example>"], ["-i", "a@x.example\r\nDATA"], ["-i", "-f", "me@x.example\nDATA", "a@x.example"],
    ["-i", "-f", "\"me\r\n.\r\n\"@x.example", "a@x.example"], ["-i", "-V", "id\nRCPT TO:<victim@x.example>", "a@x.example"],
    ["-i", "-V", "id SIZE=1", "-N", "never\nDATA", "a@x.example"], ["-i", "-R", "full\nDATA", "a@x.example"],
    ["-i", "a@x.example\u{85}b"], ["-i", "\u{560a}\n@x.example"],
  ])
  func `Postfix 20260807: no line break gets into an envelope that a local program names`(_ arguments: [String]) throws {
    try use { sendmail, relay throws in
      let ending = try sendmail.run(arguments, Array("S: x\n\n".utf8))
      #expect(ending.code != 0 && relay.taken.isEmpty, "\(ending)")
      #expect(!relay.commands.contains { $0.contains("victim") && !$0.hasPrefix("RCPT TO:<a") })
      #expect(ending.complaint.split(separator: "\n").count == 1, "\(ending.complaint)")
    }
  }

  @Test func `a name cannot bring a header field of its own`() throws {
    try use { sendmail, relay throws in
      #expect(try sendmail("-i", "-F", "x\r\nBcc: evil@x.example", "a@x.example").code == 0)
      #expect(try sendmail("-i", "-F", "J\u{f6}rg", "a@x.example", message: "Subject: x\rBcc: evil@x.example\n\n").code == 0)
      let messages = relay.taken.map(\.message)
      #expect(messages[0].values(of: "from") == ["\"x Bcc: evil@x.example\" <\(Sendmail.user)@app.test>"])
      #expect(messages[1].values(of: "from") == ["=?UTF-8?B?SsO2cmc=?= <\(Sendmail.user)@app.test>"])
      #expect(messages[1].values(of: "subject") == ["x Bcc: evil@x.example"])
    }
  }

  @Test func `verbose shows the dialogue on standard error`() throws {
    try use { sendmail, _ throws in
      let ending = try sendmail("-v", "-i", "a@x.example")
      #expect(ending.complaint.contains("\n>>> RCPT TO:<a@x.example>\n250 2.0.0 fine\n") && ending.output.isEmpty)
    }
  }

  @Test func `a large message arrives whole`() throws {
    try use { sendmail, relay throws in
      let body = String(repeating: String(repeating: "x", count: 70) + "\n.\n", count: 60_000)
      #expect(try sendmail("-i", "a@x.example", message: "S: x\n\n" + body).code == 0)
      #expect(relay.taken.first?.message.body == body)
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import Harness
internal import Testing
internal import Varlink

/// What has gone wrong in other mail servers on the side of the apps, tried on the running daemon. Smuggling has a suite of its own.
@Suite struct HazardTests {
  /// Says commands and expects how their replies begin.
  private func say(_ client: MailClient, _ dialogue: [(String, String)]) throws {
    for (command, reply) in dialogue {
      let isChunk = command.hasPrefix("BDAT") && command.contains("\r\n")
      try client.connection.send(isChunk ? command : command + "\r\n")
      let answer = "\(try client.reply())"
      #expect(answer.hasPrefix(reply), "\(command): \(answer)")
    }
  }

  @Test func `CVE-2011-0411, CVE-2021-33515, CVE-2021-38542 and CVE-2024-34083: bytes behind STARTTLS end the connection`() throws {
    try Rig.use { rig in
      let identity = try CertificateAuthority(rig).issue("localhost", rig)
      let daemon = try rig.daemon {
        $0["Listen.CertificateFile"] = identity.certificatePath
        $0["Listen.KeyFile"] = identity.keyPath
      }
      for injected in ["MAIL FROM:<evil@b.example>\r\n", "EHLO evil\r\n", "x", "\r\n", "AUTH PLAIN AGEAYg==\r\n", "\u{16}\u{03}"] {
        let client = try daemon.client()
        try client.connection.send("STARTTLS\r\n" + injected)
        #expect("\(try client.reply())".hasPrefix("554 5.5.0 wait for the reply"))
        #expect(try client.connection.rest().isEmpty)
      }
    }
  }

  @Test(arguments: [
    // CVE-2026-30227, CVE-2015-9097, CVE-2017-9801, CVE-2021-38189: line ends in an address, quoted or not.
    "MAIL FROM:<\"a\rRCPT TO:<victim@b.example>\"@c.example>", "MAIL FROM:<a@b.example>\rRCPT TO:<victim@b.example>",
    "MAIL FROM:<\"a\0b\"@c.example>", "MAIL FROM:<a\u{7f}@b.example>", "MAIL FROM:<\"a\u{1b}[2J\"@b.example>",
    // GHSA-c7w3-x93f-qmm8: line ends in a parameter.
    "MAIL FROM:<a@b.example> SIZE=1\rRCPT TO:<victim@b.example>", "MAIL FROM:<a@b.example> ENVID=a\tb", "MAIL FROM:<a@b.example> AUTH=a\0",
    // And in their coded form, which is decoded here.
    "MAIL FROM:<a@b.example> ENVID=a+0D+0Ab", "MAIL FROM:<a@b.example> ENVID=a+00b", "MAIL FROM:<a@b.example> AUTH=a+0D+0A",
  ])
  func `CVE-2026-30227 and its kin: no control character in any argument, and no reply repeats what was sent`(command: String) throws {
    try Rig.use { rig in
      let daemon = try rig.daemon()
      let client = try daemon.client()
      let reply = "\(try client.say(command))"
      #expect(reply.hasPrefix("5"), "\(reply)")
      #expect(!reply.contains("victim") && !reply.contains("evil") && reply.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7f })
      try say(client, [("RCPT TO:<c@d.example>", "503 5.5.1"), ("MAIL FROM:<a@b.example>", "250")])
      for path in ["<c\r@d.example>", "<\"c\\\rx\"@d.example>", "<c@d.example> ORCPT=rfc822;a+0D+0Ab", "<c@d.example> NOTIFY=NEVER\0"] {
        #expect(try client.say("RCPT TO:\(path)").code / 100 == 5)
      }
      try client.quit()
      let errors = daemon.log.split(separator: "\n")
      #expect(errors.allSatisfy { line in line.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7f } }, "the log is printable")
    }
  }

  @Test func `CVE-2025-7962: characters that some runtime cuts down to CR and LF go on as they are`() throws {
    try Rig.use { rig in
      let upstream = try ScriptedUpstream(rig)
      let daemon = try rig.daemon { $0.useUpstream(port: upstream.port) }
      let client = try daemon.client()
      let sender = "a\u{560d}\u{560a}RCPT@b.example"
      try say(client, [("MAIL FROM:<\(sender)> SMTPUTF8", "250"), ("RCPT TO:<c@d.example>", "250"), ("DATA", "354")])
      try say(client, [("Subject: x\r\n\r\ny\r\n.", "250")])
      let taken = try #require(try upstream.taken(atLeast: 1).first)
      #expect(taken.sender == sender && taken.recipients == ["c@d.example"])
    }
  }

  @Test(arguments: [
    "<\";touch ${MARK};\"@x.example>", "<`touch${IFS}${MARK}`@x.example>", "<\"$(touch ${MARK})\"@x.example>",
    "<${run{touch${IFS}${MARK}}}@x.example>", "<\"|touch ${MARK}\"@x.example>", "</tmp/file@x.example>",
    "<\"attacker\\\" -oQ/tmp -X${MARK} some\"@x.example>", "<-X${MARK}@x.example>",
  ])
  func `CVE-2020-7247, CVE-2019-10149 and CVE-2016-10033: an address is a text and never a program`(path: String) throws {
    try Rig.use { rig in
      let upstream = try ScriptedUpstream(rig)
      let daemon = try rig.daemon { $0.useUpstream(port: upstream.port) }
      let mark = rig.directory["mark"]
      let address = String(path.replacing("${MARK}", with: mark).dropFirst().dropLast())
      let client = try daemon.client()
      var isTaken = true
      for command in ["MAIL FROM:<\(address)>", "RCPT TO:<\(address)>"] where isTaken { isTaken = try client.say(command).code == 250 }
      if isTaken {
        try say(client, [("DATA", "354"), ("Subject: x\r\n\r\ny\r\n.", "250")])
        let taken = try #require(try upstream.taken(atLeast: 1).first)
        #expect(taken.sender == address && taken.recipients == [address])
      }
      // The same by the command line, where it has misled other programs.
      let child = try rig.run(
        try Environment.program("posthouse"), ["sendmail", "-i", "-f", address, "--", address],
        environment: ["POSTHOUSE_SUBMIT": "127.0.0.1:\(try daemon.port)", "POSTHOUSE_CONFIG": "/nowhere/posthouse.conf"])
      #expect(child.end == .exited(0) || child.end == .exited(64) || child.end == .exited(67), "\(child.errors)")
      #expect(!Files.exists(mark))
    }
  }

  @Test func `CVE-2017-16943, CVE-2017-16944 and CVE-2020-28019: after any error in BDAT the transaction is gone and no byte is a command`()
    throws
  {
    try Rig.use { rig in
      let daemon = try rig.daemon()
      for (command, reply) in [
        ("BDATA 5", "500 5.5.1"), ("BDAT", "501 5.5.4"), ("BDAT -1", "501"), ("BDAT 5 LASTING", "501"), ("BDAT 5x", "501"),
      ] {
        let client = try daemon.client()
        try SmugglingTests.begin(client)
        #expect("\(try client.say(command))".hasPrefix(reply))
        guard !command.hasPrefix("BDATA") else { continue }
        #expect(try client.connection.rest().isEmpty)
      }
      let client = try daemon.client()
      // Without a recipient, the chunk is read and its content is no command.
      try say(client, [("MAIL FROM:<a@b.example>", "250"), ("BDAT 12 LAST\r\nRSET\r\nQUIT\r\n", "554 5.5.1 no valid recipients")])
      try say(client, [("RCPT TO:<c@d.example>", "503 5.5.1 say MAIL FROM first"), ("NOOP", "250")])
      // A chunk too large for any message is refused, and its transaction with it, whatever comes behind.
      try SmugglingTests.begin(client)
      try say(
        client, [("BDAT 4\r\nab\r\n", "250"), ("BDAT 3\r\na\nb", "550 5.6.11"), ("BDAT 1 LAST\r\nx", "503 5.5.1 say MAIL FROM first")])
      try say(client, [("DATA", "503 5.5.1"), ("RCPT TO:<c@d.example>", "503 5.5.1")])
      // An unfinished message is not taken when the connection ends.
      try SmugglingTests.begin(client)
      try say(client, [("BDAT 4\r\nab\r\n", "250"), ("QUIT", "221")])
      #expect(daemon.captured.count == 0)
      #expect(try daemon.control.status().spool.messages == 0)
    }
  }

  @Test func `Postfix 20260805: a message in tiny chunks takes no more memory than one in large ones, and chunks are counted`() throws {
    try Rig.use { rig in
      let daemon = try rig.daemon { $0["Log.Level"] = "notice" }
      let client = try daemon.client()
      try SmugglingTests.begin(client)
      let before = try ProcessFacts(try daemon.pid).residentKibibytes
      for _ in 0..<100 {
        try client.connection.send(String(repeating: "BDAT 1\r\nx", count: 100))
        for _ in 0..<100 { #expect(try client.reply().code == 250) }
      }
      #expect(try ProcessFacts(try daemon.pid).residentKibibytes - before < 2048)
      try say(client, [("BDAT 1 LAST\r\nx", "552 5.3.4 too many chunks"), ("BDAT 1 LAST\r\nx", "503 5.5.1"), ("QUIT", "221")])
      #expect(daemon.captured.count == 0)
    }
  }

  @Test func `Postfix 20260803 and 20260812: whatever ends a transaction forgets all of it`() throws {
    try Rig.use { rig in
      let daemon = try rig.daemon {
        $0["Listen.MaxHops"] = "1"
        $0["Listen.MaxErrors"] = "1000"
        $0["Policy.DenyRecipients"] = "denied@d.example"
      }
      let client = try daemon.client()
      let loop = "Received: by a\r\nReceived: by b\r\n\r\nx\r\n."
      let ends: [[(String, String)]] = [
        [("DATA", "354"), (loop, "554 5.4.6")], [("DATA", "354"), ("Subject: x\r\n\r\ny\r\n.", "250 2.0.0")], [("RSET", "250")],
        [("EHLO again", "250")], [("HELO again", "250"), ("EHLO again", "250")], [("BDAT 1 LAST\r\n\n", "550 5.6.11")],
      ]
      for end in ends {
        try SmugglingTests.begin(client)
        // None of these changes anything.
        try say(
          client, [("VRFY \u{fc}@d.example", "252"), ("NOOP", "250"), ("MAIL FROM:<second@b.example>", "503 5.5.1 a transaction is open")])
        try say(client, [("RCPT TO:<denied@d.example>", "550 5.7.1")] + end)
        try say(
          client, [("RCPT TO:<c@d.example>", "503 5.5.1 say MAIL FROM first"), ("DATA", "503 5.5.1"), ("BDAT 1 LAST\r\nx", "503 5.5.1")])
        // A recipient of the transaction before is no recipient of this one.
        try say(client, [("MAIL FROM:<a@b.example>", "250"), ("DATA", "554 5.5.1 no valid recipients"), ("RSET", "250")])
      }
      try client.quit()
      let messages = try daemon.captured.messages(atLeast: 1)
      #expect(messages.count == 1 && messages[0].values(of: "Delivered-To") == ["c@d.example"])
    }
  }

  @Test func `an early talker, who has spoken before the greeting, is closed`() throws {
    try Rig.use { rig in
      let daemon = try rig.daemon()
      let port = try daemon.port
      let pid = try daemon.pid
      for (words, reply) in [
        ("EHLO app\r\nMAIL FROM:<a@b.example>\r\n", "554 5.5.0 wait for the greeting"), ("GET / HTTP/1.1\r\n\r\n", "554 5.5.1"),
      ] {
        // The kernel completes connections, and takes what they bring, while the daemon stands still.
        #expect(kill(pid, SIGSTOP) == 0)
        let connection = try Connection(port: port)
        try connection.send(words)
        #expect(kill(pid, SIGCONT) == 0)
        let line = try #require(try connection.line())
        #expect(line.hasPrefix(reply), "\(line)")
        #expect(try connection.rest().isEmpty)
      }
      try daemon.client().quit()
    }
  }

  @Test func `CVE-2025-62875: garbage on any local socket harms neither the daemon nor anybody else`() throws {
    try Rig.use { rig in
      let path = rig.directory["smtp"]
      let daemon = try rig.daemon { $0["Listen.Address"] = "127.0.0.1:0 unix:\(path)" }
      let other = try daemon.client()
      let garbage: [[UInt8]] = [
        [0], [UInt8](repeating: 0, count: 70_000), Array("{\"method\":0}\0".utf8),
        Array("{\"method\":\"\(String(repeating: "[", count: 100_000))".utf8) + [0],
        Array(String(repeating: "{\"a\":", count: 20_000).utf8) + [0], [0xff, 0xfe, 0], Array("{}\0{}\0\0\0null\0[]\0\"\0".utf8),
        Array("\n\n\n\r\r\r\n\0\u{16}".utf8),
      ]
      for bytes in garbage {
        for socket in [daemon.control.path, path] {
          let connection = try Connection(path: socket)
          // Whoever hangs up in the middle of it is within its rights.
          do { try connection.send(bytes) } catch {}
          connection.shutDown()
        }
      }
      #expect(try other.say("NOOP").code == 250)
      #expect(try daemon.control.status().spool.messages == 0)
      #expect(try daemon.stop() == .exited(0))
    }
  }

  @Test(arguments: ["0.0.0.0:0", "[::]:0", "0.0.0.0:0 127.0.0.1:0"])
  func `an open relay by accident: no address that other machines reach without a word about whom to trust`(address: String) throws {
    try Rig.use { rig in
      let daemon = try rig.preparedDaemon { $0["Listen.Address"] = address }
      let process = try daemon.launch()
      #expect(try process.wait() == .exited(78))
      #expect(daemon.log.contains("set Networks= under [Listen]"), "\(daemon.log)")
    }
  }

  @Test func `what a login says is nowhere: not in the log, the status, the queue or the message`() throws {
    try Rig.use { rig in
      let daemon = try rig.daemon {
        $0["Listen.AcceptAnyAuth"] = "yes"
        $0["Upstream.Host"] = "127.0.0.1"
        $0["Upstream.Port"] = "1"
        $0["Upstream.TLS"] = "none"
      }
      let client = try daemon.client()
      // user "geheimnis", password "sesamoeffnedich"
      try say(client, [("AUTH PLAIN AGdlaGVpbW5pcwBzZXNhbW9lZmZuZWRpY2g=", "235")])
      try SmugglingTests.begin(client)
      try say(client, [("DATA", "354"), ("Subject: x\r\n\r\ny\r\n.", "250")])
      let second = try daemon.client()
      try say(
        second, [("AUTH LOGIN", "334"), ("Z2VoZWltbmlz", "334"), ("c2VzYW1vZWZmbmVkaWNo", "235"), ("AUTH PLAIN x", "503"), ("QUIT", "221")])
      let third = try daemon.client()
      try say(third, [("AUTH PLAIN c2VzYW1vZWZmbmVkaWNo!", "235"), ("QUIT", "221")])
      let said = try daemon.command("--json", "queue").output + daemon.command("--json", "status").output + daemon.log
      #expect(said.contains("c@d.example"))
      for word in ["geheimnis", "sesamoeffnedich", "Z2VoZWltbmlz", "c2VzYW1v", "AGdlaGVp"] { #expect(!said.contains(word)) }
    }
  }
}

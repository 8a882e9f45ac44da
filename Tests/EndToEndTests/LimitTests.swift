// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import Harness
internal import Testing
internal import Varlink

/// What a client can make grow has an end: at the running daemon, each limit has its reply, and nobody else notices.
@Suite struct LimitTests {
  /// One limit: the settings, what a client says, and how the last reply begins.
  struct Limit: Sendable, CustomTestStringConvertible {
    let testDescription: String
    let settings: [String: String]
    let commands: [String]
    let reply: String
    var isClosed = false
  }

  static let message = ["MAIL FROM:<a@b.example>", "RCPT TO:<c@d.example>", "DATA"]
  static func line(_ count: Int) -> String { String(repeating: "x", count: count) }

  /// More room than the file system of the tests can ever have free, because it is larger than all of it.
  static var moreThanTheDisk: String {
    var facts = statvfs()
    precondition(unsafe statvfs("/tmp", &facts) == 0, "there is a directory for tests")
    return "\((UInt64(facts.f_blocks) * UInt64(facts.f_frsize)) >> 30 + 1)G"
  }

  static let limits: [Limit] = [
    Limit(testDescription: "a command line", settings: [:], commands: ["NOOP " + line(2100)], reply: "500 5.5.2 command line too long"),
    Limit(
      testDescription: "a command line without end", settings: [:], commands: ["NOOP " + line(40_000)], reply: "500 5.5.2", isClosed: true),
    Limit(
      testDescription: "a login line", settings: ["Listen.AcceptAnyAuth": "yes"], commands: ["AUTH PLAIN " + line(12_300)],
      reply: "500 5.5.2"),
    Limit(
      testDescription: "a size that is announced", settings: ["Listen.MaxMessageSize": "64K"], commands: ["MAIL FROM:<a@b> SIZE=65537"],
      reply: "552 5.3.4 the message is larger than the limit of 65536 bytes"),
    Limit(
      testDescription: "a size beyond numbers", settings: [:], commands: ["MAIL FROM:<a@b> SIZE=99999999999999999999"], reply: "5"),
    Limit(
      testDescription: "a size that is not announced", settings: ["Listen.MaxMessageSize": "64K"],
      commands: message + ["\r\n" + line(70_000) + "\r\n."], reply: "552 5.3.4"),
    Limit(
      testDescription: "recipients", settings: ["Listen.MaxRecipients": "1"], commands: message.dropLast() + ["RCPT TO:<e@d.example>"],
      reply: "452 4.5.3 too many recipients"),
    Limit(
      testDescription: "a text line", settings: ["Listen.MaxTextLine": "1000"], commands: message + ["\r\n" + line(999) + "\r\n."],
      reply: "554 5.6.0 a line of the message is longer than the limit of 1000 bytes"),
    Limit(
      testDescription: "a header section", settings: ["Listen.MaxHeaderSize": "8K"], commands: message + ["X: " + line(8192) + "\r\n\r\n."],
      reply: "552 5.3.4 the header section is larger than the limit of 8192 bytes"),
    Limit(
      testDescription: "messages on a connection", settings: ["Listen.MaxTransactions": "1"],
      commands: message + [".", "MAIL FROM:<a@b>"], reply: "421 4.7.0 enough messages", isClosed: true),
    Limit(
      testDescription: "mistakes", settings: ["Listen.MaxErrors": "3"], commands: ["X", "MAIL", "RCPT TO:<>"],
      reply: "421 4.7.0 too many errors",
      isClosed: true),
    Limit(
      testDescription: "holding", settings: ["Listen.MaxHold": "60s"], commands: ["MAIL FROM:<a@b> HOLDFOR=61"],
      reply: "501 5.5.4 the message cannot be held for more than 60 seconds"),
    Limit(
      testDescription: "room on the disk", settings: ["Spool.Reserve": moreThanTheDisk], commands: ["MAIL FROM:<a@b.example>"],
      reply: "452 4.3.1 mail cannot be stored now"),
  ]

  @Test(arguments: limits) func `over a limit there is the right reply, and others are served`(limit: Limit) throws {
    try Rig.use { rig in
      let daemon = try rig.daemon { for (name, value) in limit.settings { $0[name] = value } }
      let other = try daemon.client()
      let client = try daemon.client()
      var reply = ""
      for command in limit.commands { reply = "\(try client.say(command))" }
      #expect(reply.hasPrefix(limit.reply), "\(reply)")
      if limit.isClosed {
        #expect(try client.connection.rest().isEmpty)
      } else {
        #expect(try client.say("NOOP").code == 250)
      }
      #expect(try other.say("NOOP").code == 250)
    }
  }

  @Test func `connections in all and of one user have limits with replies of their own`() throws {
    try Rig.use { rig in
      let daemon = try rig.daemon { $0["Listen.MaxConnectionsPerClient"] = "2" }
      let clients = [try daemon.client(), try daemon.client()]
      let third = try Connection(port: try daemon.port)
      #expect(try third.line()?.hasPrefix("421 4.7.0 too many connections of yours; Listen.MaxConnectionsPerClient allows 2") == true)
      #expect(try third.rest().isEmpty)
      try daemon.change {
        $0["Listen.MaxConnectionsPerClient"] = nil
        $0["Listen.MaxConnections"] = "2"
      }
      try daemon.reload()
      let fourth = try Connection(port: try daemon.port)
      #expect(try fourth.line()?.hasPrefix("421 4.3.2 too many connections") == true)
      for client in clients { try client.quit() }
      let later = try Deadline.usual.first("a greeting") { try? daemon.client() }
      try later.quit()
    }
  }

  @Test func `silence, dripping and dawdling come to an end, each with 421`() throws {
    try Rig.use { rig in
      let daemon = try rig.daemon {
        $0["Listen.CommandTimeout"] = "1s"
        $0["Listen.DataTimeout"] = "1s"
        $0["Listen.TransactionTimeout"] = "3s"
      }
      let silent = try daemon.client()
      let inside = try daemon.client()
      for command in LimitTests.message { _ = try inside.say(command) }
      try inside.connection.send("Subject: x\r\n")
      let dripping = try daemon.client()
      for command in LimitTests.message { _ = try dripping.say(command) }
      var drops = 0
      do {
        for _ in 0..<200 {
          try dripping.connection.send("x")
          drops += 1
          usleep(50_000)
        }
      } catch {
        #expect(drops > 20)
      }
      for client in [silent, inside, dripping] {
        #expect("\(try client.reply())".hasPrefix("421 4.4.2 timeout"))
        #expect(try client.connection.rest().isEmpty)
      }
      #expect(drops < 200)
      #expect(daemon.captured.count == 0)
      #expect(try daemon.control.status().spool.messages == 0)
    }
  }

  @Test func `messages that are never finished are held in bounded memory`() throws {
    try Rig.use { rig in
      let daemon = try rig.daemon {
        $0["Listen.MaxMemory"] = "4M"
        $0["Log.Level"] = "notice"
      }
      try daemon.client().quit()
      let before = try ProcessFacts(try daemon.pid).residentKibibytes
      var clients: [MailClient] = []
      // Forty clients with 1 MiB each, of which a quarter never end their header section.
      for number in 0..<40 {
        let client = try daemon.client()
        for command in LimitTests.message.dropLast() where try client.say(command).code != 250 { break }
        guard try client.say("DATA").code == 354 else { continue }
        let start = number % 4 == 0 ? "X-Endless: 1\r\n" : "Subject: x\r\n\r\n"
        try client.connection.send(start + String(repeating: LimitTests.line(62) + "\r\n", count: number % 4 == 0 ? 8000 : 16_384))
        clients.append(client)
      }
      // Whoever comes while they wait is answered at once, whichever way.
      let late = try daemon.client()
      let code = try late.say("MAIL FROM:<a@b.example>").code
      #expect(code == 250 || code == 452)
      let grown = try ProcessFacts(try daemon.pid).residentKibibytes - before
      print("40 unfinished messages of 1 MiB take \(grown) KiB")
      #expect(grown < 24 << 10)
      for client in clients {
        try client.connection.send("\r\n.\r\n")
        let reply = "\(try client.reply())"
        #expect(reply.hasPrefix("250 2.0.0") || reply.hasPrefix("452 4.3.1"), "\(reply)")
      }
      try daemon.drain()
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
internal import Harness
internal import Testing

/// Clients that speak something else, or too soon: they read why, and one line of the log tells.
@Suite struct WrongProtocolTests {
  static let strangers: [(String, [UInt8], String)] = [
    ("an HTTP request", Array("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8), "554 5.5.1 this is a mail relay"),
    (
      "an HTTP form", Array(("POST /send HTTP/1.1\r\n" + String(repeating: "X-Filler: 0123456789\r\n", count: 2000) + "\r\n").utf8),
      "554 5.5.1 this is a mail relay"
    ),
    ("an upload", Array("PUT /x HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc".utf8), "554 5.5.1 this is a mail relay"),
    ("a proxy's client", Array("CONNECT mx.example.com:25 HTTP/1.1\r\n\r\n".utf8), "554 5.5.1 this is a mail relay"),
    ("HTTP/2", Array("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".utf8), "554 5.5.1 this is a mail relay"),
    ("a TLS handshake", [0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc, 0x03, 0x03], "554 5.5.1 this port does not begin with TLS"),
    ("commands behind EHLO", Array("EHLO app\r\nMAIL FROM:<a@b.example>\r\n".utf8), "554 5.5.0 wait for the reply"),
    ("commands that end with LF", Array("EHLO app\n".utf8), "500 5.5.2 bare LF"),
    ("a line without end", [UInt8](repeating: 0x41, count: 100_000), "500 5.5.2 command line too long"),
  ]

  @Test(arguments: strangers)
  func `a stranger reads why it is closed, and the log has one line`(name: String, words: [UInt8], reply: String) throws {
    try Rig.use { rig in
      let daemon = try rig.daemon { $0["Log.Level"] = "info" }
      let client = try MailClient(port: try daemon.port, greeting: nil)
      do { try client.connection.send(words) } catch { Issue.record("\(name): \(error)") }
      #expect("\(try client.reply())".hasPrefix(reply))
      #expect(try client.connection.rest().isEmpty)
      client.connection.shutDown()
      let port = "client=127.0.0.1:"
      try Deadline.usual.wait(until: "\(name) was logged") { daemon.log.contains("disconnected why=") }
      let lines = daemon.log.split(separator: "\n").filter { $0.contains(port) }
      #expect(lines.count == 1, "\(lines)")
      try daemon.client().quit()
    }
  }

  @Test func `a reply is read although much was sent behind what it refuses`() throws {
    try Rig.use { rig in
      let daemon = try rig.daemon()
      for _ in 0..<20 {
        let client = try daemon.client()
        for command in ["MAIL FROM:<a@b.example>", "RCPT TO:<c@d.example>", "DATA"] { _ = try client.say(command) }
        let body = "Subject: x\r\n\r\nbare\nLF\r\n" + String(repeating: "more of it\r\n", count: 40_000)
        do { try client.connection.send(body) } catch { Issue.record("\(error)") }
        #expect("\(try client.reply())".hasPrefix("521 5.5.2 bare LF"))
      }
      #expect(daemon.captured.count == 0)
    }
  }
}

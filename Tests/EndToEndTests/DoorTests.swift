// SPDX-License-Identifier: Apache-2.0
import Glibc
internal import Harness
internal import Testing
internal import Varlink

/// Where mail comes in, and who brings it.
@Suite struct DoorTests {
  @Test func `mail is taken in on IPv4, IPv6 and a Unix socket at once, and who sent it is known`() throws {
    try Rig.use { rig in
      let path = rig.directory["smtp"]
      let daemon = try rig.daemon {
        $0["Listen.Address"] = "127.0.0.1:0 [::1]:0 unix:\(path)"
        $0["Listen.SocketMode"] = "0600"
        // The upstream is not there, so that the messages can be looked at.
        $0["Upstream.Host"] = "127.0.0.1"
        $0["Upstream.Port"] = "1"
        $0["Upstream.TLS"] = "none"
      }
      let listeners = try daemon.control.status().listeners
      #expect(listeners.count == 3 && listeners[2].address == "unix:\(path)")
      var status = stat()
      #expect(unsafe stat(path, &status) == 0 && status.st_mode & 0o777 == 0o600)
      let port = try #require(listeners[1].address.split(separator: ":").last.flatMap { UInt16($0) })
      let connections = [try Connection(port: try daemon.port), try Connection(port: port, host: "::1"), try Connection(path: path)]
      for connection in connections {
        let client = try MailClient(connection)
        try client.send(from: "a@b.example", to: ["c@d.example"], "Subject: hi\n\nhello\n")
        try client.quit()
      }
      let queue = try Deadline.usual.first("three messages") {
        let queue = try daemon.control.queue()
        return queue.count == 3 ? queue : nil
      }
      #expect(queue.allSatisfy { $0.peerUID == getuid() })
      #expect(queue.map { $0.peer.hasPrefix("127.0.0.1:") || $0.peer.hasPrefix("[::1]:") || $0.peer == "unix" } == [true, true, true])
      if getuid() == 0 { #expect(queue.allSatisfy { $0.peerUser == "root" }) }
      #expect(daemon.log.contains(" uid=\(getuid())"))
    }
  }

  @Test func `a user that is denied is told so at the door`() throws {
    try Rig.use { rig in
      let daemon = try rig.daemon { $0["Policy.DenyUsers"] = "\(getuid())" }
      let client = try Connection(port: try daemon.port)
      let line = try #require(try client.line())
      #expect(line.hasPrefix("554 5.7.1 programs of user ") && line.hasSuffix("may not send: Policy.DenyUsers= names it"))
      #expect(try client.rest().isEmpty)
      try daemon.change { $0["Policy.DenyUsers"] = nil }
      try daemon.reload()
      try daemon.client().quit()
    }
  }

  @Test func `TLS is spoken at a door of its own and behind STARTTLS, by an unmodified client`() throws {
    try Rig.use { rig in
      let authority = try CertificateAuthority(rig)
      let identity = try authority.issue("localhost", rig)
      let daemon = try rig.daemon {
        $0["Listen.TLSAddress"] = "127.0.0.1:0"
        $0["Listen.CertificateFile"] = identity.certificatePath
        $0["Listen.KeyFile"] = identity.keyPath
        $0["Listen.AcceptAnyAuth"] = "yes"
      }
      let doors = try daemon.control.status().listeners.compactMap { $0.address.split(separator: ":").last }
      try #require(doors.count == 2)
      let letter = try rig.write("Subject: sealed\n\nhello\n", to: "letter")
      for (scheme, port) in [("smtp", doors[0]), ("smtps", doors[1])] {
        try rig.output(
          of: "curl",
          [
            "-sS", "--crlf", "--ssl-reqd", "--cacert", authority.certificatePath, "--connect-to", "localhost:\(port):127.0.0.1:\(port)",
            "\(scheme)://localhost:\(port)/client.test", "--mail-from", "a@b.example", "--mail-rcpt", "c@d.example", "--user",
            "somebody:any password", "-T", letter,
          ])
      }
      let messages = try daemon.captured.messages(atLeast: 2)
      #expect(messages.allSatisfy { $0.value(of: "Received")?.contains(" with ESMTPS id ") == true })
      #expect(!daemon.log.contains("any password") && !daemon.log.contains("somebody"))
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
internal import Harness
internal import Testing
internal import Varlink

/// swaks, which shows every word of the dialogue: TLS, logins, pipelining, long lines and eight bits.
@Suite struct SwaksTests {
  static let ways: [(String, [String])] = [
    ("plainly", []), ("pipelined", ["--pipeline"]), ("with AUTH PLAIN", ["--auth", "PLAIN", "-au", "app", "-ap", "a password"]),
    ("with AUTH LOGIN", ["--auth", "LOGIN", "-au", "app", "-ap", "a password"]), ("with HELO", ["--protocol", "SMTP"]),
    ("with STARTTLS", ["-tls"]), ("with STARTTLS, a login and pipelining", ["-tls", "-a", "-au", "app", "-ap", "x", "--pipeline"]),
  ]

  @Test(arguments: ways) func `swaks hands a message in`(way: String, options: [String]) throws {
    try Rig.use { rig in
      let identity = try CertificateAuthority(rig).issue("localhost", rig)
      try Correspondence.use {
        $0["Listen.CertificateFile"] = identity.certificatePath
        $0["Listen.KeyFile"] = identity.keyPath
      } _: { post in
        let words = [
          "-n", "--server", "127.0.0.1", "--port", post.portText, "--ehlo", "app.example", "--from", "bounces@app.example", "--to",
          "one@dest.example,two@dest.example", "--data", "@\(post.messagePath)", "--timeout", "30",
        ]
        let said = try post.rig.output(of: "swaks", words + options)
        #expect(!said.contains("** "), "\(said)")
        let message = try post.delivered()
        try post.expectBytes(message, andBehind: "\r\n")
        let isEncrypted = options.contains("-tls")
        let with = options.contains("SMTP") ? " with SMTP id " : isEncrypted ? " with ESMTPS id " : " with ESMTP id "
        #expect(message.value(of: "Received")?.contains(with) == true)
      }
    }
  }

  @Test func `swaks over TLS from the first byte`() throws {
    try Rig.use { rig in
      let identity = try CertificateAuthority(rig).issue("localhost", rig)
      try Correspondence.use {
        $0["Listen.TLSAddress"] = "127.0.0.1:0"
        $0["Listen.CertificateFile"] = identity.certificatePath
        $0["Listen.KeyFile"] = identity.keyPath
      } _: { post in
        let door = try #require(try post.daemon.control.status().listeners.last?.address.split(separator: ":").last)
        try post.run(
          "swaks", "-n", "--server", "127.0.0.1", "--port", String(door), "-tlsc", "--ehlo", "app.example", "--from", "bounces@app.example",
          "--to", "one@dest.example,two@dest.example", "--data", "@\(post.messagePath)")
        try post.expectBytes(try post.delivered(), andBehind: "\r\n")
      }
    }
  }
}

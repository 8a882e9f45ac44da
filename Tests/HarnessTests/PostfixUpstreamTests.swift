// SPDX-License-Identifier: Apache-2.0
internal import Harness
internal import Testing

@Suite struct PostfixUpstreamTests {
  /// A mail program that trusts the authority, logs in and prints what was refused.
  private static let program = """
    import smtplib, ssl, sys
    port, authority, password = int(sys.argv[1]), sys.argv[2], sys.argv[3]
    server = smtplib.SMTP("localhost", port, timeout=20)
    server.starttls(context=ssl.create_default_context(cafile=authority))
    if password: server.login("app", password)
    print(server.sendmail("a@example.com", ["b@example.net", "refused@example.org"], "Subject: x\\r\\n\\r\\nh\\u00e9llo\\r\\n".encode()))
    """

  private func send(_ rig: Rig, _ postfix: PostfixUpstream, authority: CertificateAuthority, password: String) throws -> ChildProcess {
    try rig.run("python3", ["-c", PostfixUpstreamTests.program, "\(postfix.port)", authority.certificatePath, password])
  }

  @Test func `with TLS and the right password a message arrives, and the refused recipient is refused`() throws {
    try Rig.use { rig in
      let postfix = try PostfixUpstream(rig)
      let client = try send(rig, postfix, authority: postfix.authority, password: PostfixUpstream.password)
      #expect(client.end == .exited(0))
      #expect(client.output.contains("{'refused@example.org': (550, b'5.1.1"))
      let message = try #require(try postfix.inbox.messages(atLeast: 1).first)
      #expect(message.value(of: "Delivered-To") == "b@example.net")
      #expect(message.value(of: "Return-Path") == "<a@example.com>")
      #expect(message.body == "h\u{e9}llo\n")
      #expect(postfix.inbox.count == 1)
    }
  }

  @Test(arguments: [("wrong", "SMTPAuthenticationError: (535"), ("", "(554, b'5.7.1")])
  func `without the right password nothing is taken`(_ password: String, _ complaint: String) throws {
    try Rig.use { rig in
      let postfix = try PostfixUpstream(rig)
      let client = try send(rig, postfix, authority: postfix.authority, password: password)
      #expect(client.end == .exited(1))
      #expect(client.errors.contains(complaint), "\(client.errors)")
      #expect(postfix.inbox.count == 0)
    }
  }

  @Test func `another authority is not trusted`() throws {
    try Rig.use { rig in
      let postfix = try PostfixUpstream(rig)
      let client = try send(rig, postfix, authority: try CertificateAuthority(rig), password: PostfixUpstream.password)
      #expect(client.errors.contains("CERTIFICATE_VERIFY_FAILED"))
    }
  }

  @Test func `it can be stopped and started again on its port`() throws {
    try Rig.use { rig in
      let postfix = try PostfixUpstream(rig, login: .optional)
      postfix.stop()
      #expect(throws: (any Error).self) { try MailClient(port: postfix.port) }
      try postfix.start()
      #expect(try MailClient(port: postfix.port).send(from: "a@example.com", to: ["b@example.net"], "Subject: x\n\nagain\n").code == 250)
      #expect(try postfix.inbox.messages(atLeast: 1).first?.body == "again\n")
    }
  }
}

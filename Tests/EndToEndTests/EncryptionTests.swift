// SPDX-License-Identifier: Apache-2.0
internal import Harness
internal import Testing
internal import Varlink

/// TLS with a real Postfix: sessions that go on, certificates that end, certificates of ours.
@Suite struct EncryptionTests {
  private func send(_ daemon: Daemon, _ subject: String = "hi") throws {
    #expect(try daemon.client().send(from: "ann@example.org", to: ["bob@example.net"], "Subject: \(subject)\n\nhello\n").code == 250)
  }

  @Test func `connections behind the first skip the certificates, and tickets are forgotten with a reload`() throws {
    try Rig.use { rig in
      let postfix = try PostfixUpstream(rig)
      let daemon = try rig.daemon {
        $0.useUpstream(postfix)
        $0["Upstream.IdleTimeout"] = "0"
      }
      for number in 1...4 {
        try send(daemon)
        #expect(try postfix.inbox.messages(atLeast: number).count == number)
        try daemon.drain()
      }
      let status = try daemon.control.status()
      #expect(count("upstreamHandshakes", status) == 1 && count("upstreamSessionsResumed", status) == 3, "\(daemon.log)")
      try daemon.reload()
      try send(daemon)
      #expect(try postfix.inbox.messages(atLeast: 5).count == 5)
      #expect(count("upstreamHandshakes", try daemon.control.status()) == 2)
    }
  }

  @Test func `a certificate that ends soon is warned about in log and status, and mail goes on`() throws {
    try Rig.use { rig in
      let postfix = try PostfixUpstream(rig)
      let daemon = try rig.daemon { $0.useUpstream(postfix) }
      try send(daemon)
      #expect(try postfix.inbox.messages(atLeast: 1).count == 1)
      try daemon.drain()
      let status = try daemon.command("status")
      #expect(status.end == .exited(0))
      #expect(status.output.contains("WARNING  the certificate of localhost expires in 1 day, at "), "\(status.output)")
      #expect(status.output.contains(", certificate until "))
      try send(daemon, "again")
      try daemon.drain()
      #expect(daemon.log.split(separator: "\n").count { $0.contains("upstream-certificate-expiring") && $0.contains("days=1 end=") } == 1)
    }
  }

  @Test func `a certificate of ours opens Postfix, which takes nothing without it`() throws {
    try Rig.use { rig in
      let postfix = try PostfixUpstream(rig, login: .certificate)
      let identity = try postfix.authority.issue("app.example.org", rig, use: "clientAuth")
      let daemon = try rig.daemon {
        $0.useUpstream(postfix)
        $0["Upstream.User"] = nil
        $0["Upstream.Password"] = nil
      }
      try send(daemon)
      _ = try daemon.status("Postfix refused") { $0.upstreams.first?.fault != nil || $0.spool.failed > 0 }
      #expect(postfix.inbox.count == 0)
      try daemon.change {
        $0["Upstream.ClientCertificate"] = identity.certificatePath
        $0["Upstream.ClientKey"] = identity.keyPath
      }
      try daemon.reload()
      try send(daemon)
      #expect(try postfix.inbox.messages(atLeast: 1).isEmpty == false)
    }
  }

  @Test func `FIPS=yes ends the start with 78 and a sentence where the provider is missing`() throws {
    try Rig.use { rig in
      let probe = try rig.run("openssl", ["list", "-provider", "fips", "-providers"])
      let daemon = try rig.preparedDaemon { $0["Relay.FIPS"] = "yes" }
      if probe.end == .exited(0), probe.output.contains("fips") {
        try daemon.start()
      } else {
        #expect(try daemon.launch().wait() == .exited(78))
        #expect(daemon.log.contains("Relay.FIPS: OpenSSL's FIPS module cannot be loaded") && daemon.log.contains("or set FIPS=no"))
      }
    }
  }

  private func count(_ name: String, _ status: RelayStatus) -> Int64 { status.counters.first { $0.name == name }?.count ?? -1 }
}

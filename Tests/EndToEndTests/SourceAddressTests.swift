// SPDX-License-Identifier: Apache-2.0
internal import Harness
internal import Testing
internal import Varlink

/// Where connections to a real upstream come from.
@Suite struct SourceAddressTests {
  @Test func `mail comes from the source address`() throws {
    try Rig.use { rig in
      let postfix = try PostfixUpstream(rig)
      let daemon = try rig.daemon {
        $0.useUpstream(postfix)
        $0["Upstream.SourceAddress"] = "127.0.0.9"
      }
      #expect(try daemon.client().send(from: "ann@example.org", to: ["bob@example.net"], "Subject: hi\n\nhello\n").code == 250)
      let message = try #require(try postfix.inbox.messages(atLeast: 1).first)
      #expect(message.value(of: "Received")?.contains("[127.0.0.9]") == true, "\(message.value(of: "Received") ?? "")")
      try daemon.drain()
    }
  }

  @Test func `a source address of another machine is named with what to do`() throws {
    try Rig.use { rig in
      let daemon = try rig.daemon {
        $0.useUpstream(port: 9)
        $0["Upstream.SourceAddress"] = "192.0.2.77"
      }
      #expect(try daemon.client().send(from: "ann@example.org", to: ["bob@example.net"], "Subject: hi\n\nhello\n").code == 250)
      let upstream = try #require(try daemon.status("the upstream is held") { $0.upstreams.first?.state == .held }.upstreams.first)
      #expect(upstream.fault?.contains("cannot connect from SourceAddress 192.0.2.77: cannot assign requested address") == true)
      #expect(upstream.fault?.contains("or give this machine that address") == true, "\(upstream.fault ?? "")")
    }
  }
}

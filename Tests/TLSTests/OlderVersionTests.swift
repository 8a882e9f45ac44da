// SPDX-License-Identifier: Apache-2.0
import Glibc
import Octets
import TLS
import TLSTerms
import Testing

/// TLS 1.2 and the FIPS module: what holds for a whole process, so each test runs in one of its own.
@Suite struct OlderVersionTests {
  @Test func `everything holds for TLS 1_2 as well`() async {
    await #expect(processExitsWith: .success) {
      let authority = TestAuthority.shared
      try speakOnlyTLS12()
      let first = try Conversation(authority.client(), authority.server())
      #expect(first.shakeHands() == (.progressed, .progressed))
      let peer = try #require(first.client.peer)
      #expect(peer.version == "TLSv1.2")
      #expect(peer.isVerified)
      let exporter = try #require(first.client.channelBinding(.exporter))
      #expect(first.server.channelBinding(.exporter) == exporter)
      #expect(first.serverWrites("250 ok\r\n") == .progressed)
      #expect(first.clientReads() == ("250 ok\r\n", .progressed))
      first.client.inputEnded()
      #expect(first.clientReads() == ("", .failed(.truncated(.traffic))))

      let bad = try Conversation(authority.client(), authority.server("expired")).shakeHands()
      guard case .failed(.expired) = bad.client, case .failed(.refused(let alert)) = bad.server else {
        Issue.record("it came to \(bad)")
        return
      }
      #expect(alert.number == 45)
      let modern = try Conversation(.client(minimumVersion: .tls13, verification: .notRequired), authority.server()).shakeHands()
      #expect(modern.client != .progressed)
    }
  }

  @Test func `a ticket of TLS 1_2 serves again and again`() async {
    await #expect(processExitsWith: .success) {
      let authority = TestAuthority.shared
      try speakOnlyTLS12()
      let (client, server) = (try TLSContext(authority.client()), try TLSContext(authority.server()))
      var ticket: TLSTicket?
      for round in 0..<4 {
        let session = TLSSession(client: client, to: "mail.example.com", resuming: ticket)
        let conversation = Conversation(client: session, server: TLSSession(server: server))
        #expect(conversation.shakeHands() == (.progressed, .progressed))
        #expect(session.peer?.isResumed == (round > 0))
        #expect(session.peer?.isVerified == true)
        ticket = session.takeTicket()
        #expect(ticket != nil)
      }
    }
  }

  @Test(.disabled(if: shell("ls /usr/lib/*/ossl-modules/fips.so") != nil, "the FIPS module is installed"))
  func `a FIPS module that is not there is told of`() async {
    await #expect(processExitsWith: .success) {
      #expect(FIPSModule.isRequired == false)
      do throws(TLSContextFailure) {
        try FIPSModule.require()
        Issue.record("it was loaded")
      } catch {
        guard case .fipsMissing = error else {
          Issue.record("\(error)")
          return
        }
        #expect(error.remedy == "install OpenSSL's FIPS module and its fipsmodule.cnf, or set FIPS=no")
      }
      #expect(FIPSModule.isRequired == false)
    }
  }
}

/// Lets OpenSSL, which must not have been used yet, read a configuration that ends at TLS 1.2.
private func speakOnlyTLS12() throws {
  let directory = TemporaryDirectory()
  let file = directory.path + "/openssl.cnf"
  let lines = [
    "openssl_conf=a", "[a]", "ssl_conf=b", "[b]", "system_default=c", "[c]", "MaxProtocol=TLSv1.2", "[req]", "distinguished_name=n", "[n]",
  ]
  try #require(shell("printf '%s\\n' '\(lines.joined(separator: "' '"))' > '\(file)'") != nil)
  _ = unsafe setenv("OPENSSL_CONF", file, 1)
  // Read now, so that the file may go.
  _ = try TLSContext(.client())
}

// SPDX-License-Identifier: Apache-2.0
import Octets
import TLS
import TLSTerms
import Testing
import Timekeeping

@Suite struct HandshakeTests {
  let authority = TestAuthority.shared

  @Test(arguments: ["mail.example.com", "MAIL.Example.com.", "192.0.2.7", "[2001:db8::7]", "2001:DB8:0::7"])
  func `a certificate for the host we mean is verified`(host: String) throws {
    let conversation = try Conversation(authority.client(), authority.server(), host: host)
    #expect(conversation.shakeHands() == (.progressed, .progressed))
    let peer = try #require(conversation.client.peer)
    #expect(peer.isVerified)
    #expect(peer.fault == nil)
    #expect(peer.version == "TLSv1.3")
    #expect(peer.cipher == "TLS_AES_256_GCM_SHA384")
    #expect(peer.isResumed == false)
    #expect(peer.certificateEnd == WallTime(microseconds: 4_073_774_706_000_000))
  }

  @Test func `a client without a certificate is nobody to the server`() throws {
    let conversation = try Conversation(authority.client(), authority.server())
    _ = conversation.shakeHands()
    let peer = try #require(conversation.server.peer)
    #expect(peer.isVerified == false)
    #expect(peer.fault == nil)
    #expect(peer.certificateEnd == nil)
  }

  @Test func `a chain with its intermediate certificate is verified`() throws {
    let conversation = try Conversation(authority.client(), authority.server("chained"))
    #expect(conversation.shakeHands() == (.progressed, .progressed))
  }

  @Test func `an intermediate certificate named as trusted is an anchor`() throws {
    let client = TLSPolicy.client(trust: .file(authority.file("middle.pem")))
    #expect(try Conversation(client, authority.server("below")).shakeHands() == (.progressed, .progressed))
  }

  @Test func `a self-signed certificate named as trusted is verified`() throws {
    let client = TLSPolicy.client(trust: .file(authority.file("selfsigned.pem")))
    #expect(try Conversation(client, authority.server("selfsigned")).shakeHands() == (.progressed, .progressed))
  }

  /// The certificate, the host that is meant, the sentence.
  static let faults = [
    ("expired", "mail.example.com", "the certificate \"CN=expired\" expired at 2021-02-03T04:05:06Z"),
    ("early", "mail.example.com", "the certificate \"CN=early\" is not valid before 2098-01-01T00:00:00Z"),
    (
      "elsewhere", "mail.example.com",
      "the certificate is not for \"mail.example.com\" but for \"a.example.net\" and \"*.example.org\""
    ),
    ("elsewhere", "a.b.example.org", "the certificate is not for \"a.b.example.org\" but for \"a.example.net\" and \"*.example.org\""),
    ("good", "192.0.2.8", "the certificate is not for \"192.0.2.8\" but for \"mail.example.com\", \"192.0.2.7\" and \"2001:db8::7\""),
    ("nameless", "nameless", "the certificate is not for \"nameless\" but for no host at all (it has no DNS name)"),
    ("foreign", "mail.example.com", "the certificate is signed by \"CN=Other Authority\", which is not trusted"),
    ("below", "mail.example.com", "the certificate is signed by \"CN=middle\", which is not trusted"),
    ("selfsigned", "mail.example.com", "the certificate \"CN=selfsigned\" is self-signed and not trusted"),
    (
      "clientonly", "mail.example.com",
      "the certificate \"CN=clientonly\" is not acceptable: unsuitable certificate purpose"
    ),
  ]

  @Test(arguments: faults)
  func `a bad certificate ends the handshake with a sentence and a remedy`(certificate: String, host: String, sentence: String) throws {
    let conversation = try Conversation(authority.client(), authority.server(certificate), host: host)
    let result = conversation.shakeHands()
    guard case .failed(let failure) = result.client else {
      Issue.record("the handshake came to \(result.client)")
      return
    }
    #expect("\(failure)" == sentence)
    #expect(failure.isAboutCertificate)
    #expect(failure.remedy.contains("server") || failure.remedy.contains("Upstream."))
    #expect(conversation.client.isEstablished == false)
    #expect(conversation.client.peer == nil)
    // The server learns of it by an alert: in TLS 1.3 when it is already through, so at its first read.
    if result.server == .progressed {
      guard case .failed(.refused) = conversation.serverReads().progress else {
        Issue.record("the server got no alert")
        return
      }
    }
  }

  @Test(arguments: faults)
  func `without verification the handshake goes on and the fault is known`(certificate: String, host: String, sentence: String) throws {
    let conversation = try Conversation(authority.client(.notRequired), authority.server(certificate), host: host)
    #expect(conversation.shakeHands() == (.progressed, .progressed))
    let peer = try #require(conversation.client.peer)
    #expect(peer.isVerified == false)
    #expect(peer.fault.map { "\($0)" } == sentence)
    #expect(conversation.clientWrites("MAIL") == .progressed)
    #expect(conversation.serverReads() == ("MAIL", .progressed))
  }

  @Test func `the system's authorities do not know a private one`() throws {
    let result = try Conversation(.client(), authority.server()).shakeHands()
    #expect(result.client == .failed(.untrustedIssuer(issuer: "CN=Test Authority")))
  }

  @Test(arguments: ["selfsigned", "expired", "elsewhere"]) func `a pinned certificate is good whoever signed it`(name: String) throws {
    let pin = try #require(CertificateFingerprint(authority.fingerprint(name)))
    let conversation = try Conversation(.client(trust: .pinned([pin])), authority.server(name))
    #expect(conversation.shakeHands() == (.progressed, .progressed))
    #expect(conversation.client.peer?.isVerified == true)
  }

  @Test func `another certificate than the pinned one is refused, even a good one`() throws {
    let pin = try #require(CertificateFingerprint(authority.fingerprint("selfsigned")))
    let shown = try #require(CertificateFingerprint(authority.fingerprint("good")))
    let conversation = try Conversation(.client(trust: .pinned([pin])), authority.server())
    let result = conversation.shakeHands().client
    #expect(result == .failed(.notPinned(shown)))
    #expect(conversation.client.isEstablished == false)
    guard case .failed(let failure) = result else { return }
    #expect("\(failure)" == "the certificate with the fingerprint \(shown) is not one of those expected")
    #expect(failure.remedy.hasSuffix("set Upstream.CertificatePin=\(shown)"))
    let lenient = try Conversation(.client(trust: .pinned([pin]), verification: .notRequired), authority.server())
    #expect(lenient.shakeHands() == (.progressed, .progressed))
    #expect(lenient.client.peer?.fault == .notPinned(shown))
  }

  @Test func `a server may pin its clients`() throws {
    let pin = try #require(CertificateFingerprint(authority.fingerprint("selfsigned")))
    let server = TLSPolicy.server(identity: authority.identity("good"), clientsSignedBy: .pinned([pin]))
    let known = try Conversation(authority.client(identity: authority.identity("selfsigned")), server)
    #expect(known.shakeHands() == (.progressed, .progressed))
    let unknown = try Conversation(authority.client(identity: authority.identity("clientonly")), server)
    #expect(unknown.shakeHands().server != .progressed)
    let nobody = try Conversation(authority.client(), server)
    #expect(nobody.shakeHands().server != .progressed)
  }

  @Test func `a failed session says the same ever after`() throws {
    let conversation = try Conversation(authority.client(), authority.server("selfsigned"))
    let failure = conversation.shakeHands().client
    #expect(conversation.client.handshake(from: &conversation.toClient, to: &conversation.toServer) == failure)
    #expect(conversation.clientReads() == ("", failure))
    #expect(conversation.clientWrites("QUIT") == failure)
    #expect(conversation.client.takeTicket() == nil)
    #expect(conversation.client.channelBinding(.exporter) == nil)
  }

  @Test func `a server that asks for certificates lets a known client in`() throws {
    let server = TLSPolicy.server(identity: authority.identity("good"), clientsSignedBy: .file(authority.file("ca.pem")))
    let conversation = try Conversation(authority.client(identity: authority.identity("clientonly")), server)
    #expect(conversation.shakeHands() == (.progressed, .progressed))
    #expect(conversation.server.peer?.isVerified == true)
  }

  @Test func `a server that asks for certificates refuses a client without one, and the client knows why`() throws {
    let server = TLSPolicy.server(identity: authority.identity("good"), clientsSignedBy: .file(authority.file("ca.pem")))
    let conversation = try Conversation(authority.client(), server)
    guard case .failed = conversation.shakeHands().server else {
      Issue.record("the server let it in")
      return
    }
    guard case .failed(let failure) = conversation.clientReads().progress else {
      Issue.record("the client does not know")
      return
    }
    #expect("\(failure)" == "the peer refused: it demands a client certificate")
    #expect(failure.remedy == "set ClientCertificate= and ClientKey= under [Upstream]")
  }

  @Test func `a server refuses a client whose certificate somebody else signed`() throws {
    let server = TLSPolicy.server(identity: authority.identity("good"), clientsSignedBy: .file(authority.file("ca.pem")))
    let conversation = try Conversation(authority.client(identity: authority.identity("foreign")), server)
    #expect(conversation.shakeHands().server == .failed(.untrustedIssuer(issuer: "CN=Other Authority")))
    #expect(conversation.clientReads().progress == .failed(.refused(TLSAlert(number: 48))))
  }

  @Test func `both sides share the exporter and the hash of the server's certificate`() throws {
    let conversation = try Conversation(authority.client(), authority.server())
    _ = conversation.shakeHands()
    let exporter = try #require(conversation.client.channelBinding(.exporter))
    #expect(exporter.count == 32)
    #expect(conversation.server.channelBinding(.exporter) == exporter)
    let hash = try #require(conversation.client.channelBinding(.serverEndPoint))
    #expect(conversation.server.channelBinding(.serverEndPoint) == hash)
    let expected = shell("openssl x509 -in \(authority.file("good.pem")) -outform der | openssl dgst -sha256 -r | cut -c1-64")
    #expect(expected == hash.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() + "\n")
    let another = try Conversation(authority.client(), authority.server())
    _ = another.shakeHands()
    #expect(another.client.channelBinding(.exporter) != exporter)
  }
}

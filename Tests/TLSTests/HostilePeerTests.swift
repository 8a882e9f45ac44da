// SPDX-License-Identifier: Apache-2.0
import Octets
import TLS
import TLSTerms
import Testing

@Suite struct HostilePeerTests {
  let authority = TestAuthority.shared

  /// What a client session says after these bytes came in answer to its first message.
  private func answer(_ bytes: [UInt8]) throws -> TLSProgress {
    let client = TLSSession(client: try TLSContext(authority.client()), to: "mail.example.com")
    var incoming = ByteQueue()
    var outgoing = ByteQueue()
    #expect(client.handshake(from: &incoming, to: &outgoing) == .wantsInput)
    #expect(outgoing.isEmpty == false)
    incoming.append(bytes)
    return client.handshake(from: &incoming, to: &outgoing)
  }

  @Test func `a mail server that speaks first in plain text is named, and STARTTLS advised`() throws {
    let progress = try answer(Array("220 mx.example.com ESMTP\r\n250".utf8))
    #expect(progress == .failed(.plainText(from: .server, excerpt: "220 mx.example.com ESMTP")))
    guard case .failed(let failure) = progress else { return }
    #expect("\(failure)" == "the server speaks plain text on this port (\"220 mx.example.com ESMTP\")")
    #expect(failure.remedy == "use TLS=starttls (usual on ports 25 and 587), or Port=465 with TLS=implicit")
  }

  @Test func `a web server is told from a mail server`() throws {
    guard case .failed(let failure) = try answer(Array("HTTP/1.1 400 Bad Request\r\n".utf8)) else {
      Issue.record("it went on")
      return
    }
    #expect(failure.remedy == "this is a web server: correct Upstream.Host= and Port=")
  }

  @Test func `what a peer says in plain text is shown without its control characters`() throws {
    let progress = try answer(Array("2".utf8) + [0x1b, 0x9b, 0x07] + Array("x\ny".utf8))
    #expect(progress == .failed(.plainText(from: .server, excerpt: "2???x")))
  }

  @Test func `one byte of plain text is enough to tell`() throws {
    #expect(try answer([0x32]) == .failed(.plainText(from: .server, excerpt: "2")))
  }

  @Test(arguments: ["EHLO app\r\n", "GET / HTTP/1.1\r\n", "\r\n"])
  func `a client that speaks plain text to a TLS listener is refused`(text: String) throws {
    let server = TLSSession(server: try TLSContext(authority.server()))
    var incoming = ByteQueue()
    var outgoing = ByteQueue()
    incoming.append(text)
    guard case .failed(let failure) = server.handshake(from: &incoming, to: &outgoing) else {
      Issue.record("it went on")
      return
    }
    #expect(failure.remedy == "let the client use STARTTLS, or no TLS, on this listener")
  }

  @Test(arguments: [
    [0x00, 0x00, 0x00, 0x00, 0x00], [0xff, 0xfe, 0xfd, 0xfc, 0xfb, 0xfa], [0x16, 0x03, 0x03, 0xff, 0xff], [0x17, 0x03, 0x03, 0, 1, 0],
  ])
  func `bytes that are neither text nor TLS are refused`(bytes: [UInt8]) throws {
    guard case .failed(let failure) = try answer(bytes) else {
      Issue.record("it went on")
      return
    }
    #expect(failure.isAboutCertificate == false)
  }

  @Test func `a server that answers with TLS 1_1 is refused as too old`() throws {
    // A ServerHello: version 3.2, 32 random bytes, no session, TLS_RSA_WITH_AES_128_CBC_SHA, no compression.
    let hello: [UInt8] = [0x16, 3, 2, 0, 42, 2, 0, 0, 38, 3, 2] + [UInt8](repeating: 7, count: 32) + [0, 0, 0x2f, 0]
    #expect(try answer(hello) == .failed(.protocolTooOld))
  }

  @Test func `a server that refuses our version is too old as well`() throws {
    #expect(try answer([0x15, 3, 1, 0, 2, 2, 70]) == .failed(.protocolTooOld))
  }

  @Test func `a client that speaks only TLS 1_1 is refused, and told`() throws {
    let server = TLSSession(server: try TLSContext(authority.server()))
    var incoming = ByteQueue()
    var outgoing = ByteQueue()
    let body: [UInt8] = [3, 2] + [UInt8](repeating: 7, count: 32) + [0, 0, 4, 0, 0x2f, 0, 0x35, 1, 0]
    incoming.append([0x16, 3, 1, 0, UInt8(body.count + 4), 1, 0, 0, UInt8(body.count)] + body)
    #expect(server.handshake(from: &incoming, to: &outgoing) == .failed(.protocolTooOld))
    let sent = outgoing.bytes.array
    #expect(sent.suffix(2) == [2, 70])
  }

  @Test func `a policy of TLS 1_3 refuses a peer that has only 1_2`() throws {
    // The client's policy wins; the server's hello cannot be met below it.
    var client = authority.client()
    client.minimumVersion = .tls13
    let session = TLSSession(client: try TLSContext(client), to: "mail.example.com")
    var incoming = ByteQueue()
    var outgoing = ByteQueue()
    _ = session.handshake(from: &incoming, to: &outgoing)
    incoming.append([0x16, 3, 3, 0, 42, 2, 0, 0, 38, 3, 3] + [UInt8](repeating: 7, count: 32) + [0, 0xc0, 0x2f, 0])
    #expect(session.handshake(from: &incoming, to: &outgoing) == .failed(.protocolTooOld))
  }

  @Test(arguments: [
    (40, "handshake failure"), (45, "our certificate has expired"), (112, "it does not know the host name we asked for"),
    (200, "alert 200"),
  ])
  func `an alert is put into words`(number: Int, words: String) throws {
    guard case .failed(let failure) = try answer([0x15, 3, 3, 0, 2, 2, UInt8(number)]) else {
      Issue.record("it went on")
      return
    }
    #expect("\(failure)" == "the peer refused: \(words)")
    #expect(failure.remedy.isEmpty == false)
  }

  @Test func `a connection that ends before any answer is cut in the handshake`() throws {
    let client = TLSSession(client: try TLSContext(authority.client()), to: "mail.example.com")
    var incoming = ByteQueue()
    var outgoing = ByteQueue()
    _ = client.handshake(from: &incoming, to: &outgoing)
    client.inputEnded()
    #expect(client.handshake(from: &incoming, to: &outgoing) == .failed(.truncated(.handshake)))
  }

  @Test func `a close_notify in the handshake is a cut too`() throws {
    #expect(try answer([0x15, 3, 3, 0, 2, 1, 0]) == .failed(.truncated(.handshake)))
  }

  @Test(arguments: 0..<64)
  func `a handshake altered in any place is never completed by the client`(place: Int) throws {
    let conversation = try Conversation(authority.client(), authority.server())
    _ = conversation.client.handshake(from: &conversation.toClient, to: &conversation.toServer)
    _ = conversation.server.handshake(from: &conversation.toServer, to: &conversation.toClient)
    var flight = conversation.toClient.bytes.array
    flight[place * (flight.count - 1) / 63] ^= 0x01
    conversation.toClient.removeAll()
    conversation.toClient.append(flight)
    let result = conversation.client.handshake(from: &conversation.toClient, to: &conversation.toServer)
    // The two version bytes of a record's head are not protected (RFC 8446 §5.1 says to ignore them); everything else must count.
    if result == .progressed { #expect(flight.isRecordVersion(at: place * (flight.count - 1) / 63)) }
  }

  @Test(arguments: 0..<40)
  func `a record altered in any place yields no plaintext`(place: Int) throws {
    let conversation = try Conversation(authority.client(), authority.server())
    _ = conversation.shakeHands()
    conversation.toServer.removeAll()
    _ = conversation.clientWrites("MAIL FROM:<>\r\n")
    var record = conversation.toServer.bytes.array
    guard place < record.count, !record.isRecordVersion(at: place) else { return }
    record[place] ^= 0x01
    conversation.toServer.removeAll()
    conversation.toServer.append(record)
    let result = conversation.serverReads()
    #expect(result.text.isEmpty)
    #expect(result.progress != .progressed)
    if place >= 5 { #expect(result.progress == .failed(.damaged)) }
  }
}

extension [UInt8] {
  /// Whether the byte is in the version field of a record that starts at or before it.
  fileprivate func isRecordVersion(at place: Int) -> Bool {
    var start = 0
    while start + 5 <= count {
      if place == start + 1 || place == start + 2 { return true }
      if place < start { return false }
      start += 5 + Int(self[start + 3]) << 8 + Int(self[start + 4])
    }
    return false
  }
}

// SPDX-License-Identifier: Apache-2.0
import Octets
import TLS
import TLSTerms
import Testing

@Suite struct TrafficTests {
  let authority = TestAuthority.shared

  private func established() throws -> Conversation {
    let conversation = try Conversation(authority.client(), authority.server())
    #expect(conversation.shakeHands() == (.progressed, .progressed))
    _ = conversation.clientReads()
    return conversation
  }

  @Test func `everything works one byte at a time`() throws {
    let conversation = try Conversation(authority.client(), authority.server())
    var toClient = ByteQueue()
    var toServer = ByteQueue()
    var (ours, theirs) = (TLSProgress.wantsInput, TLSProgress.wantsInput)
    var steps = 0
    while (ours, theirs) != (.progressed, .progressed), steps < 20_000 {
      steps += 1
      ours = conversation.client.handshake(from: &toClient, to: &conversation.toServer)
      theirs = conversation.server.handshake(from: &toServer, to: &conversation.toClient)
      moveByte(from: &conversation.toServer, to: &toServer)
      moveByte(from: &conversation.toClient, to: &toClient)
    }
    #expect((ours, theirs) == (.progressed, .progressed))
    _ = conversation.clientWrites("DATA")
    var plaintext = ByteQueue()
    while plaintext.isEmpty, !conversation.toServer.isEmpty {
      moveByte(from: &conversation.toServer, to: &toServer)
      let progress = conversation.server.read(from: &toServer, into: &plaintext, to: &conversation.toClient)
      #expect(progress == (plaintext.isEmpty ? .wantsInput : .progressed))
    }
    #expect(plaintext.text == "DATA")
  }

  private func moveByte(from source: inout ByteQueue, to target: inout ByteQueue) {
    guard !source.isEmpty else { return }
    target.append(source.bytes[0])
    source.consume(1)
  }

  @Test(arguments: [1, 1000, 16384, 65536]) func `megabytes arrive whole and in order`(limit: Int) throws {
    let conversation = try established()
    var plaintext = ByteQueue()
    var sum = 0
    let total = limit == 1 ? 200_000 : 5_000_000
    for index in 0..<total { plaintext.append(UInt8(truncatingIfNeeded: index &* 31 >> 3)) }
    var arrived = ByteQueue()
    var (sent, received) = (CRC32C(), CRC32C())
    sent.add(plaintext.bytes)
    while !plaintext.isEmpty || !conversation.toServer.isEmpty {
      #expect(conversation.client.write(from: &plaintext, to: &conversation.toServer) == .progressed)
      #expect(conversation.toServer.count < 65536 + 16384 + 256)
      while conversation.server.read(from: &conversation.toServer, into: &arrived, atMost: limit, to: &conversation.toClient) == .progressed
      {
        try #require(arrived.count <= limit)
        received.add(arrived.bytes)
        sum += arrived.count
        arrived.removeAll()
      }
    }
    #expect(sum == total)
    #expect(received == sent)
  }

  @Test func `a read takes no more than it may and leaves the rest for the next`() throws {
    let conversation = try established()
    _ = conversation.clientWrites("0123456789")
    var plaintext = ByteQueue()
    for expected in 1...10 {
      let progress = conversation.server.read(from: &conversation.toServer, into: &plaintext, atMost: 1, to: &conversation.toClient)
      #expect(progress == .progressed)
      #expect(plaintext.count == expected)
    }
    #expect(plaintext.text == "0123456789")
    #expect(conversation.server.read(from: &conversation.toServer, into: &plaintext, to: &conversation.toClient) == .wantsInput)
  }

  @Test func `what is written behind the handshake may come in the same piece`() throws {
    let conversation = try Conversation(authority.client(), authority.server())
    _ = conversation.client.handshake(from: &conversation.toClient, to: &conversation.toServer)
    _ = conversation.server.handshake(from: &conversation.toServer, to: &conversation.toClient)
    #expect(conversation.client.handshake(from: &conversation.toClient, to: &conversation.toServer) == .progressed)
    _ = conversation.clientWrites("EHLO app\r\n")
    #expect(conversation.server.handshake(from: &conversation.toServer, to: &conversation.toClient) == .progressed)
    #expect(conversation.serverReads() == ("EHLO app\r\n", .progressed))
  }

  @Test func `close_notify is an orderly end, seen behind what came before it`() throws {
    let conversation = try established()
    _ = conversation.clientWrites("QUIT\r\n")
    conversation.client.close(to: &conversation.toServer)
    conversation.server.inputEnded()
    #expect(conversation.serverReads() == ("QUIT\r\n", .progressed))
    #expect(conversation.serverReads() == ("", .closed))
    #expect(conversation.serverReads() == ("", .closed))
    // The other direction stays open (RFC 8446 §6.1).
    #expect(conversation.serverWrites("221 bye\r\n") == .progressed)
    #expect(conversation.clientReads() == ("221 bye\r\n", .progressed))
  }

  @Test func `a second close says nothing more`() throws {
    let conversation = try established()
    conversation.client.close(to: &conversation.toServer)
    let count = conversation.toServer.count
    conversation.client.close(to: &conversation.toServer)
    #expect(conversation.toServer.count == count)
  }

  @Test func `an end without close_notify is a truncation, seen behind what came before it`() throws {
    let conversation = try established()
    _ = conversation.serverWrites("250 ok\r\n")
    conversation.client.inputEnded()
    #expect(conversation.clientReads() == ("250 ok\r\n", .progressed))
    #expect(conversation.clientReads() == ("", .failed(.truncated(.traffic))))
    #expect(conversation.clientReads() == ("", .failed(.truncated(.traffic))))
  }

  @Test func `half a record and an end is a truncation`() throws {
    let conversation = try established()
    _ = conversation.serverWrites("250 ok\r\n")
    let half = conversation.toClient.bytes.array.dropLast(5)
    conversation.toClient.removeAll()
    conversation.toClient.append(Array(half))
    #expect(conversation.clientReads() == ("", .wantsInput))
    conversation.client.inputEnded()
    #expect(conversation.clientReads() == ("", .failed(.truncated(.traffic))))
  }

  @Test func `an empty write sends nothing`() throws {
    let conversation = try established()
    let count = conversation.toServer.count
    #expect(conversation.clientWrites("") == .progressed)
    #expect(conversation.toServer.count == count)
  }

  @Test func `a ticket resumes a verified session, which stays verified`() throws {
    let (client, server) = (try TLSContext(authority.client()), try TLSContext(authority.server()))
    let first = Conversation(client: TLSSession(client: client, to: "mail.example.com"), server: TLSSession(server: server))
    _ = first.shakeHands()
    _ = first.clientReads()
    let ticket = try #require(first.client.takeTicket())
    #expect(first.client.takeTicket() == nil)
    let again = TLSSession(client: client, to: "mail.example.com", resuming: ticket)
    let second = Conversation(client: again, server: TLSSession(server: server))
    #expect(second.shakeHands() == (.progressed, .progressed))
    let peer = try #require(second.client.peer)
    #expect(peer.isResumed)
    #expect(peer.isVerified)
    #expect(peer.certificateEnd == first.client.peer?.certificateEnd)
  }

  @Test func `a session resumed without verification still knows the fault`() throws {
    let (client, server) = (try TLSContext(authority.client(.notRequired)), try TLSContext(authority.server("foreign")))
    let first = Conversation(client: TLSSession(client: client, to: "mail.example.com"), server: TLSSession(server: server))
    _ = first.shakeHands()
    _ = first.clientReads()
    let again = TLSSession(client: client, to: "mail.example.com", resuming: first.client.takeTicket())
    let second = Conversation(client: again, server: TLSSession(server: server))
    #expect(second.shakeHands() == (.progressed, .progressed))
    #expect(second.client.peer?.isResumed == true)
    #expect(second.client.peer?.isVerified == false)
    #expect(second.client.peer?.fault == .untrustedIssuer(issuer: "CN=Other Authority"))
  }

  @Test func `a ticket the server does not know costs only a full handshake`() throws {
    let client = try TLSContext(authority.client())
    let server = TLSSession(server: try TLSContext(authority.server()))
    let first = Conversation(client: TLSSession(client: client, to: "mail.example.com"), server: server)
    _ = first.shakeHands()
    _ = first.clientReads()
    let again = TLSSession(client: client, to: "mail.example.com", resuming: first.client.takeTicket())
    let second = Conversation(client: again, server: TLSSession(server: try TLSContext(authority.server())))
    #expect(second.shakeHands() == (.progressed, .progressed))
    #expect(second.client.peer?.isResumed == false)
    #expect(second.client.peer?.isVerified == true)
  }
}

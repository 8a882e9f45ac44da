// SPDX-License-Identifier: Apache-2.0
import TLS
import Testing
import Timekeeping

@Suite struct TLSTicketsTests {
  let authority = TestAuthority.shared
  let start = Moment(nanoseconds: 1_000_000_000)

  /// A ticket as an upstream with the good certificate gives it.
  private func ticket(_ policy: TLSPolicy) throws -> TLSTicket {
    let conversation = try Conversation(policy, authority.server())
    _ = conversation.shakeHands()
    _ = conversation.clientReads()
    return try #require(conversation.client.takeTicket())
  }

  @Test func `a ticket is given out once, to its own key`() throws {
    var tickets = TLSTickets()
    let key = TLSTicketKey(upstream: "mail.example.com:587", policy: authority.client(), identity: "app")
    tickets.keep(try ticket(key.policy), for: key, at: start)
    let isThere = tickets.take(for: key, at: start) != nil
    let isThereAgain = tickets.take(for: key, at: start) != nil
    #expect(isThere && !isThereAgain)
  }

  @Test func `a ticket is not found by another upstream, policy or identity`() throws {
    var tickets = TLSTickets()
    let key = TLSTicketKey(upstream: "mail.example.com:587", policy: authority.client(.notRequired), identity: "app")
    tickets.keep(try ticket(key.policy), for: key, at: start)
    let others = [
      TLSTicketKey(upstream: "mail.example.com:465", policy: key.policy, identity: "app"),
      TLSTicketKey(upstream: key.upstream, policy: authority.client(.required), identity: "app"),
      TLSTicketKey(
        upstream: key.upstream, policy: authority.client(.notRequired, identity: authority.identity("clientonly")), identity: "app"),
      TLSTicketKey(upstream: key.upstream, policy: key.policy, identity: "other"),
    ]
    for other in others {
      let isFound = tickets.take(for: other, at: start) != nil
      #expect(!isFound)
    }
    let isFound = tickets.take(for: key, at: start) != nil
    #expect(isFound)
  }

  @Test func `an old ticket is forgotten`() throws {
    var tickets = TLSTickets()
    let key = TLSTicketKey(upstream: "mail.example.com:587", policy: authority.client(), identity: "")
    tickets.keep(try ticket(key.policy), for: key, at: start)
    let isFound = tickets.take(for: key, at: start + TLSTickets.lifetime) != nil
    #expect(!isFound)
  }

  @Test func `a ticket that is handed back grows no younger`() throws {
    var tickets = TLSTickets()
    let key = TLSTicketKey(upstream: "mail.example.com:587", policy: authority.client(), identity: "")
    tickets.keep(try ticket(key.policy), for: key, at: start)
    guard let taken = tickets.take(for: key, at: start + .seconds(3000)) else {
      Issue.record("a ticket that was kept is there")
      return
    }
    tickets.keep(taken, for: key, at: start + .seconds(3001))
    let isThere = tickets.take(for: key, at: start + .seconds(3599)) != nil
    tickets.keep(taken, for: key, at: start + .seconds(3599))
    let isOver = tickets.take(for: key, at: start + .seconds(3600)) == nil
    #expect(isThere && isOver)
  }

  @Test(arguments: [TLSVersion.tls12, .tls13]) func `a session that goes on saves most of the bytes of a handshake`(version: TLSVersion)
    throws
  {
    var policy = authority.client()
    policy.minimumVersion = version
    let (client, server) = (try TLSContext(policy), try TLSContext(authority.server()))
    let full = Conversation(client: TLSSession(client: client, to: "mail.example.com"), server: TLSSession(server: server))
    let cost = full.costOfHandshake()
    _ = full.serverWrites("hello")
    _ = full.clientReads()
    let ticket = try #require(full.client.takeTicket())
    let next = Conversation(
      client: TLSSession(client: client, to: "mail.example.com", resuming: ticket), server: TLSSession(server: server))
    let saved = next.costOfHandshake()
    #expect(next.client.peer?.isResumed == true && next.client.peer?.isVerified == true)
    #expect(saved.fromServer * 2 < cost.fromServer, "\(saved) after \(cost)")
  }

  @Test func `the newest ticket goes first, and the oldest makes room`() throws {
    var tickets = TLSTickets()
    let key = TLSTicketKey(upstream: "mail.example.com:587", policy: authority.client(), identity: "")
    var kept: [TLSTicket] = []
    for index in 0...TLSTickets.limit {
      kept.append(try ticket(key.policy))
      tickets.keep(kept[index], for: key, at: start)
    }
    for index in (1...TLSTickets.limit).reversed() {
      let taken = tickets.take(for: key, at: start)
      #expect(taken === kept[index])
    }
    let isEmpty = tickets.take(for: key, at: start) == nil
    #expect(isEmpty)
  }

  @Test func `settings read anew leave no ticket`() throws {
    var tickets = TLSTickets()
    let key = TLSTicketKey(upstream: "mail.example.com:587", policy: authority.client(), identity: "")
    tickets.keep(try ticket(key.policy), for: key, at: start)
    tickets.removeAll()
    let isFound = tickets.take(for: key, at: start) != nil
    #expect(!isFound)
  }
}

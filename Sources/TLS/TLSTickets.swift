// SPDX-License-Identifier: Apache-2.0
package import Timekeeping

/// Tickets kept for later connections, so that most of them cost no certificates and one round trip less.
///
/// A ticket is found only by the whole of what it was obtained for (upstream, policy and identity), because resuming skips verification
/// and, with a client certificate, says who we are. It is given out to one connection, the newest first, since a reused ticket lets an
/// eavesdropper link connections (RFC 8446 §C.4). Whoever went on with it and got no other in its place may hand it back: Postfix renews
/// a ticket only when its key changes, and a relay that always connects from one address to one place has nothing to hide by a full
/// handshake. Invariants: at most ``limit`` tickets for a key, none older than ``lifetime``, however often it was handed back.
package struct TLSTickets: ~Copyable {
  private var shelves: [TLSTicketKey: [Entry]] = [:]

  /// No tickets yet.
  package init() {}

  /// Keeps a ticket that was obtained at `now`, or earlier if it was kept before.
  package mutating func keep(_ ticket: TLSTicket, for key: TLSTicketKey, at now: Moment) {
    precondition(ticket.policy == key.policy, "a ticket is kept under the policy it was obtained under")
    ticket.obtained = ticket.obtained ?? now
    removeExpired(at: now)
    if shelves[key] == nil, shelves.count >= TLSTickets.mostKeys { return }
    var shelf = shelves[key] ?? []
    if shelf.count == TLSTickets.limit { shelf.removeFirst() }
    shelf.append(Entry(ticket: ticket, obtained: ticket.obtained ?? now))
    shelves[key] = shelf
  }

  /// Takes the newest ticket for exactly this upstream, policy and identity, if there is one.
  package mutating func take(for key: TLSTicketKey, at now: Moment) -> TLSTicket? {
    removeExpired(at: now)
    let ticket = shelves[key]?.popLast()?.ticket
    if shelves[key]?.isEmpty == true { shelves[key] = nil }
    return ticket
  }

  /// Drops every ticket: settings or files were read anew.
  package mutating func removeAll() { shelves.removeAll() }

  private mutating func removeExpired(at now: Moment) {
    for (key, shelf) in shelves {
      let fresh = shelf.filter { now - $0.obtained < TLSTickets.lifetime }
      if fresh.count < shelf.count { shelves[key] = fresh.isEmpty ? nil : fresh }
    }
  }

  private struct Entry {
    let ticket: TLSTicket
    let obtained: Moment
  }

  /// How many tickets a key has at most: as many as connections are opened at a time.
  package static let limit = 8
  /// How long a verification may be relied on.
  package static let lifetime: Duration = .seconds(3600)
  /// How many keys there are at most.
  private static let mostKeys = 64
}

/// What a ticket was obtained for, and alone may be used for.
package struct TLSTicketKey: Hashable, Sendable {
  /// The upstream, as host and port.
  package let upstream: String
  /// How it was verified, and with which certificate of ours.
  package let policy: TLSPolicy
  /// Whom we log in as there.
  package let identity: String

  /// A key from its parts.
  package init(upstream: String, policy: TLSPolicy, identity: String) {
    self.upstream = upstream
    self.policy = policy
    self.identity = identity
  }
}

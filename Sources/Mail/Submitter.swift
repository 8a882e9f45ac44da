// SPDX-License-Identifier: Apache-2.0
/// Who handed a message in, as far as the kernel told.
///
/// A connection has one, and each of its messages carries it along, so a copy is one reference: what is known lies on a card that is never
/// written on, and a change makes a new card.
package struct Submitter: Sendable {
  private var card: Card

  /// A submitter of whom the kernel told nothing yet.
  package init(peer: String, greeting: String) { card = Card(Facts(peer: peer, greeting: greeting)) }

  /// Where the connection came from, as text: `127.0.0.1:51234`, `unix`, `sendmail`.
  package var peer: String {
    get { card.facts.peer }
    set { change { $0.peer = newValue } }
  }

  /// What it called itself in HELO or EHLO; made printable, never trusted.
  package var greeting: String {
    get { card.facts.greeting }
    set { change { $0.greeting = newValue } }
  }

  /// The user the connection belongs to; nil is unknown.
  package var user: UInt32? {
    get { card.facts.user }
    set { change { $0.user = newValue } }
  }

  /// What that user is called; nil is unknown.
  package var userName: String? {
    get { card.facts.userName }
    set { change { $0.userName = newValue } }
  }

  /// The systemd unit it runs in; nil is unknown.
  package var unit: String? {
    get { card.facts.unit }
    set { change { $0.unit = newValue } }
  }

  private mutating func change(_ body: (inout Facts) -> Void) {
    var facts = card.facts
    body(&facts)
    card = Card(facts)
  }

  private struct Facts: Hashable, Sendable {
    var peer: String
    var greeting: String
    var user: UInt32?
    var userName: String?
    var unit: String?
  }

  private final class Card: Sendable {
    let facts: Facts

    init(_ facts: Facts) { self.facts = facts }
  }
}

extension Submitter: Hashable {
  package static func == (one: Submitter, other: Submitter) -> Bool { one.card === other.card || one.card.facts == other.card.facts }

  package func hash(into hasher: inout Hasher) { hasher.combine(card.facts) }
}

// SPDX-License-Identifier: Apache-2.0
/// `[Route "NAME"]`: which mail it speaks about, and which way that goes.
///
/// Every condition that is there must hold; within one, any of its words will do. The first route of the files that fits a recipient's
/// mail decides; mail that none fits goes to the upstreams that no route names.
package struct RouteSettings: Hashable, Sendable {
  /// The name of its section.
  package internal(set) var name = ""
  /// Senders it speaks about; none means all.
  package internal(set) var senders: [AddressPattern] = []
  /// Recipients it speaks about; none means all.
  package internal(set) var recipients: [AddressPattern] = []
  /// Users of the programs it speaks about, by name or number; none means all.
  package internal(set) var users: [PlainName] = []
  /// Units of the programs it speaks about; none means all.
  package internal(set) var units: [UnitPattern] = []
  /// The names of the upstreams that take this mail; none means those that no route names.
  package internal(set) var upstreams: [PlainName] = []
  /// Whether this mail lets other mail pass; nil leaves that to the message's own `Precedence:`.
  package internal(set) var isBulk: Bool?

  /// Whether it has no conditions.
  package var takesAll: Bool { senders.isEmpty && recipients.isEmpty && users.isEmpty && units.isEmpty }

  /// A route for all mail that leads nowhere special.
  package init() {}
}

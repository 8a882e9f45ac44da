// SPDX-License-Identifier: Apache-2.0
/// `[Policy]`: who may send what to whom.
package struct PolicySettings: Hashable, Sendable {
  /// Senders that may send; none means all.
  package internal(set) var allowSenders: [AddressPattern] = []
  /// Senders that may not.
  package internal(set) var denySenders: [AddressPattern] = []
  /// Recipients that may be written to; none means all.
  package internal(set) var allowRecipients: [AddressPattern] = []
  /// Recipients that may not.
  package internal(set) var denyRecipients: [AddressPattern] = []
  /// Users whose programs may connect, by name or number; none means all.
  package internal(set) var allowUsers: [PlainName] = []
  /// Users whose programs may not.
  package internal(set) var denyUsers: [PlainName] = []
  /// Units whose programs may connect; none means all.
  package internal(set) var allowUnits: [UnitPattern] = []
  /// Units whose programs may not.
  package internal(set) var denyUnits: [UnitPattern] = []
  /// What becomes of a client about whom the kernel does not tell what a rule asks.
  package internal(set) var unknownClients = UnknownClients.refuse

  /// The settings of a house without rules.
  package init() {}

  /// Whether any rule asks for a client's user.
  package var asksForUsers: Bool { !allowUsers.isEmpty || !denyUsers.isEmpty }

  /// Whether any rule asks for a client's unit.
  package var asksForUnits: Bool { !allowUnits.isEmpty || !denyUnits.isEmpty }
}

/// What becomes of a client about whom the kernel does not tell what a rule asks.
package enum UnknownClients: String, CaseIterable, Hashable, Sendable {
  /// It is turned away.
  case refuse
  /// Rules about what is unknown do not hold for it.
  case admit
}

extension UnknownClients: ChoiceSettingValue {
  static var noun: String { "a way to treat unknown clients" }
}

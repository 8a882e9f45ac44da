// SPDX-License-Identifier: Apache-2.0
package import Mail
package import Settings

/// Who may connect, who may send, and who may be written to.
///
/// For clients, senders and recipients alike: what a deny rule names is refused; where there are allow rules, what none of them names is
/// refused too; everything else may pass. The empty sender, with which bounces and automatic replies travel, is judged like any other and
/// written `<>` in a rule. A refusal names the setting and what is allowed, so that whoever wrote the program can mend the program or ask
/// for the right change.
///
/// Users and units are judged by what the kernel told, never by what a client says. Where a rule asks for what is unknown,
/// ``PolicySettings/unknownClients`` decides, and by default nobody slips past a rule by being unknown.
package struct Rulebook: Hashable, Sendable {
  private let settings: PolicySettings

  /// The book of rules that the settings make; the empty one lets everything pass.
  package init(_ settings: PolicySettings = PolicySettings()) { self.settings = settings }

  /// Whether a client cannot be judged before its unit is known.
  package var asksForUnits: Bool { settings.asksForUnits }

  /// Whether there are rules about senders.
  package var judgesSenders: Bool { !settings.allowSenders.isEmpty || !settings.denySenders.isEmpty }

  /// Whether there are rules about recipients.
  package var judgesRecipients: Bool { !settings.allowRecipients.isEmpty || !settings.denyRecipients.isEmpty }

  /// Why `client` may not connect; nil when it may.
  package func refusal(ofClient client: Submitter) -> Refusal? {
    if settings.asksForUsers, let refusal = refusal(ofUser: client) { return refusal }
    return settings.asksForUnits ? refusal(ofUnit: client.unit) : nil
  }

  /// Why `sender` may not send; nil when it may. A nil sender is the empty one.
  package func refusal(ofSender sender: Mailbox?) -> Refusal? {
    guard judgesSenders else { return nil }
    return Rulebook.refusal(
      of: sender, kind: "sender", allowed: settings.allowSenders, denied: settings.denySenders, names: ("AllowSenders", "DenySenders"))
  }

  /// Why `recipient` may not be written to; nil when it may.
  package func refusal(ofRecipient recipient: Mailbox) -> Refusal? {
    guard judgesRecipients else { return nil }
    return Rulebook.refusal(
      of: recipient, kind: "recipient", allowed: settings.allowRecipients, denied: settings.denyRecipients,
      names: ("AllowRecipients", "DenyRecipients"))
  }

  private static func refusal(
    of mailbox: Mailbox?, kind: String, allowed: [AddressPattern], denied: [AddressPattern], names: (allow: String, deny: String)
  ) -> Refusal? {
    let address = ComparableAddress(mailbox)
    if let rule = denied.first(where: address.belongs) {
      return Refusal("this relay refuses the \(kind): Policy.\(names.deny)= names \(rule)")
    }
    guard !allowed.isEmpty, !allowed.contains(where: address.belongs) else { return nil }
    let named = mailbox == nil ? "the empty \(kind)" : "this \(kind)"
    return Refusal("Policy.\(names.allow)= of this relay does not name \(named); allowed: \(listed(allowed.map(\.description)))")
  }

  private func refusal(ofUser client: Submitter) -> Refusal? {
    guard let number = client.user else { return refusalOfUnknown("user") }
    let names = Set(["\(number)", client.userName].compactMap { $0 })
    let called = client.userName ?? "\(number)"
    if settings.denyUsers.contains(where: { names.contains($0.name) }) {
      return Refusal("programs of user \(called) may not send: Policy.DenyUsers= names it")
    }
    guard !settings.allowUsers.isEmpty, !settings.allowUsers.contains(where: { names.contains($0.name) }) else { return nil }
    return Refusal("programs of user \(called) may not send: Policy.AllowUsers= does not name it")
  }

  private func refusal(ofUnit unit: String?) -> Refusal? {
    guard let unit else { return refusalOfUnknown("unit") }
    if let rule = settings.denyUnits.first(where: { $0.matches(unit) }) {
      return Refusal("programs of \(unit) may not send: Policy.DenyUnits= names \(rule)")
    }
    guard !settings.allowUnits.isEmpty, !settings.allowUnits.contains(where: { $0.matches(unit) }) else { return nil }
    return Refusal("programs of \(unit) may not send: Policy.AllowUnits= does not name it")
  }

  private func refusalOfUnknown(_ what: String) -> Refusal? {
    switch settings.unknownClients {
    case .admit: nil
    case .refuse: Refusal("the \(what) of your program is unknown, and this relay has rules about it; see Policy.UnknownClients=")
    }
  }

  /// The patterns, as many as fit well into one reply.
  private static func listed(_ patterns: [String]) -> String {
    var (text, shown) = ("", 0)
    for pattern in patterns where shown == 0 || text.utf8.count + pattern.utf8.count < 200 {
      text += (shown == 0 ? "" : " ") + pattern
      shown += 1
    }
    return shown < patterns.count ? "\(text) and \(patterns.count - shown) more" : text
  }
}

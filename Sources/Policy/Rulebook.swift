// SPDX-License-Identifier: Apache-2.0
package import Mail

/// Who may send, and who may be written to.
///
/// For senders and for recipients alike: what a deny rule names is refused; where there are allow rules, what none of them names is
/// refused too; everything else may pass. The empty sender, with which bounces and automatic replies travel, is judged like any other and
/// written `<>` in a rule. A refusal names the setting and what is allowed, so that whoever wrote the program can mend the program or ask
/// for the right change.
package struct Rulebook: Hashable, Sendable {
  /// Senders that may send; none means all.
  package var allowedSenders: [AddressPattern]
  /// Senders that may not.
  package var deniedSenders: [AddressPattern]
  /// Recipients that may be written to; none means all.
  package var allowedRecipients: [AddressPattern]
  /// Recipients that may not.
  package var deniedRecipients: [AddressPattern]

  /// A book of rules; the empty one lets everything pass.
  package init(
    allowedSenders: [AddressPattern] = [], deniedSenders: [AddressPattern] = [], allowedRecipients: [AddressPattern] = [],
    deniedRecipients: [AddressPattern] = []
  ) {
    self.allowedSenders = allowedSenders
    self.deniedSenders = deniedSenders
    self.allowedRecipients = allowedRecipients
    self.deniedRecipients = deniedRecipients
  }

  /// Why `sender` may not send; nil when it may. A nil sender is the empty one.
  package func refusal(ofSender sender: Mailbox?) -> Refusal? {
    Rulebook.refusal(of: sender, kind: "sender", allowed: allowedSenders, denied: deniedSenders, settings: ("AllowSenders", "DenySenders"))
  }

  /// Why `recipient` may not be written to; nil when it may.
  package func refusal(ofRecipient recipient: Mailbox) -> Refusal? {
    Rulebook.refusal(
      of: recipient, kind: "recipient", allowed: allowedRecipients, denied: deniedRecipients,
      settings: ("AllowRecipients", "DenyRecipients"))
  }

  private static func refusal(
    of mailbox: Mailbox?, kind: String, allowed: [AddressPattern], denied: [AddressPattern], settings: (allow: String, deny: String)
  ) -> Refusal? {
    if let rule = denied.first(where: { $0.matches(mailbox) }) {
      return Refusal("this relay refuses the \(kind): \(settings.deny)= names \(rule)")
    }
    guard !allowed.isEmpty, !allowed.contains(where: { $0.matches(mailbox) }) else { return nil }
    let named = mailbox == nil ? "the empty \(kind)" : "this \(kind)"
    return Refusal("\(settings.allow)= of this relay does not name \(named); allowed: \(listed(allowed))")
  }

  /// The patterns, as many as fit well into one reply.
  private static func listed(_ patterns: [AddressPattern]) -> String {
    var (text, shown) = ("", 0)
    for pattern in patterns where shown == 0 || text.utf8.count + pattern.description.utf8.count < 200 {
      text += (shown == 0 ? "" : " ") + pattern.description
      shown += 1
    }
    return shown < patterns.count ? "\(text) and \(patterns.count - shown) more" : text
  }
}

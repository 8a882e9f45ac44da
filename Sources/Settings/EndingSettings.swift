// SPDX-License-Identifier: Apache-2.0
internal import Octets

/// `[Bounce]`: who hears of mail that could not be delivered.
package struct BounceSettings: Hashable, Sendable {
  /// Who hears of it in place of the sender.
  package internal(set) var to: MailAddress?
  /// How long a message waits before its sender is told of the delay; nil for never.
  package internal(set) var warnAfter: Duration?
  /// How many reports are made in an hour.
  package internal(set) var maxPerHour = 500
}

/// `[Reply]`: what the operator knows better about the upstream's replies.
package struct ReplySettings: Hashable, Sendable {
  /// Rules that go before what is built in, the first that fits counts.
  package internal(set) var rules: [WrittenRule] = []
}

/// One line of a setting of which each line stands for itself; a higher room knows what it says.
package struct WrittenRule: Hashable, Sendable {
  /// The line as it was written, quotes included.
  package let text: String
}

extension WrittenRule: LineSettingValue {
  static var kind: String { "rule" }
  init(written text: String) throws(ValueRefusal) { self.text = text }
}

/// A mail address in the settings: written as it travels, without a name or brackets.
package struct MailAddress: Hashable, Sendable {
  /// Everything in front of the last `@`.
  package let localPart: String
  /// Everything behind it.
  package let domain: String
}

extension MailAddress: SingleSettingValue {
  static var kind: String { "mail address" }

  init(written text: String) throws(ValueRefusal) {
    let refusal = ValueRefusal("is not a mail address", "write one such as postmaster@example.com, without a name or brackets")
    guard let at = text.lastIndex(of: "@") else { throw refusal }
    localPart = String(text[..<at])
    domain = String(text[text.index(after: at)...])
    let isPlain = localPart.utf8.allSatisfy { $0 > 0x20 && $0 != 0x7f && !MailAddress.special.contains($0) }
    let hasDots = !localPart.hasPrefix(".") && !localPart.hasSuffix(".") && !localPart.holds("..")
    guard isPlain, hasDots, (1...64).contains(localPart.utf8.count), HostName(domain) != nil else { throw refusal }
  }

  var text: String { "\(localPart)@\(domain)" }

  /// What may stand in a local part only between quotes (RFC 5322 §3.2.3).
  private static let special = Set("()<>[]:;@\\,\"".utf8)
}

// SPDX-License-Identifier: Apache-2.0
package import Mail

/// A set of addresses, as a rule names it.
///
///     user@example.com     this address
///     *@example.com        everybody there; `@example.com` is the same
///     *@*.example.com      everybody in domains below example.com, but not there itself
///     user@*               this name anywhere, also without a domain
///     *                    every address
///     <>                   the empty sender of bounces and automatic replies
///
/// Letters count alike in either case, also before the `@`: a rule that `Root@` slips past is no rule.
package struct AddressPattern: Hashable, Sendable, CustomStringConvertible {
  /// The pattern as it was written.
  package let description: String
  private let localPart: String?
  private let domain: Domain

  private enum Domain: Hashable, Sendable {
    case any
    case exactly(String)
    case below(String)
    /// The empty path.
    case none
  }

  /// The pattern that `text` is.
  package init(_ text: String) throws(PatternFault) {
    description = text
    guard text != "<>" else {
      (localPart, domain) = (nil, .none)
      return
    }
    guard text != "*" else {
      (localPart, domain) = (nil, .any)
      return
    }
    guard text.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7f }), !text.contains("<"), !text.contains(">") else {
      throw PatternFault(text, .badCharacter)
    }
    guard let at = text.lastIndex(of: "@") else { throw PatternFault(text, .noAt) }
    let (local, domain) = (text[..<at], text[text.index(after: at)...])
    guard !domain.isEmpty else { throw PatternFault(text, .noDomain) }
    guard local == "*" || !local.contains("*") || local.hasPrefix("\"") else { throw PatternFault(text, .strayStar) }
    localPart = local.isEmpty || local == "*" ? nil : AddressPattern.folded(local)
    if domain == "*" {
      self.domain = .any
    } else if domain.hasPrefix("*."), domain.count > 2, !domain.dropFirst(2).contains("*") {
      self.domain = .below("." + AddressPattern.folded(domain.dropFirst(2)))
    } else {
      guard !domain.contains("*") else { throw PatternFault(text, .strayStar) }
      self.domain = .exactly(AddressPattern.folded(domain))
    }
  }

  /// Whether `mailbox` is one of the addresses; nil is the empty sender.
  package func matches(_ mailbox: Mailbox?) -> Bool {
    guard let mailbox else { return domain == .none }
    if let localPart, localPart != AddressPattern.folded(mailbox.localPart) { return false }
    switch domain {
    case .any: return true
    case .exactly(let name): return name == AddressPattern.folded(mailbox.domain)
    case .below(let suffix): return AddressPattern.folded(mailbox.domain).hasSuffix(suffix)
    case .none: return false
    }
  }

  private static func folded(_ text: some StringProtocol) -> String { text.lowercased() }
}

/// Why a text is no pattern.
package struct PatternFault: Error, Hashable, Sendable, CustomStringConvertible {
  /// The text, as the configuration has it.
  package let text: String
  /// What is wrong with it.
  package let reason: Reason

  /// The reasons.
  package enum Reason: Hashable, Sendable {
    case noAt
    case noDomain
    case strayStar
    case badCharacter
  }

  init(_ text: String, _ reason: Reason) { (self.text, self.reason) = (text, reason) }

  package var description: String {
    switch reason {
    case .noAt: "\"\(text)\" is no address pattern; write user@example.com, *@example.com, user@* or *"
    case .noDomain: "\"\(text)\" has nothing behind the @; write * there for any domain"
    case .strayStar:
      "\"\(text)\" has a * that stands for part of a name; it can stand for the whole name, the whole domain, or as *. before a domain"
    case .badCharacter:
      "\"\(text)\" has a space, a control character or an angle bracket; separate patterns by spaces and write them without brackets"
    }
  }
}

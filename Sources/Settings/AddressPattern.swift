// SPDX-License-Identifier: Apache-2.0
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
  /// What must stand before the `@`, in small letters; nil for anything.
  package let localPart: String?
  /// Where it must be.
  package let domain: Domain

  /// The part of a pattern behind the `@`.
  package enum Domain: Hashable, Sendable {
    /// Any domain, or none.
    case any
    /// This one, in small letters.
    case exactly(String)
    /// Those whose name ends so; the text, in small letters, begins with a dot.
    case below(String)
    /// The empty sender.
    case none
  }

  /// The pattern that `text` is; nil when it is none.
  package init?(_ text: String) {
    do throws(ValueRefusal) { try self.init(written: text) } catch { return nil }
  }

  /// How texts are made comparable.
  package static func folded(_ text: some StringProtocol) -> String { text.lowercased() }
}

extension AddressPattern: SingleSettingValue {
  static var kind: String { "address pattern" }

  init(written text: String) throws(ValueRefusal) {
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
      throw ValueRefusal(
        "has a space, a control character or an angle bracket in it", "separate patterns by spaces and write them without brackets")
    }
    guard let at = text.lastIndex(of: "@") else {
      throw ValueRefusal("is no address pattern", "write user@example.com, *@example.com, user@* or *")
    }
    let (local, behind) = (text[..<at], text[text.index(after: at)...])
    guard !behind.isEmpty else { throw ValueRefusal("has nothing behind the @", "write * there for any domain") }
    guard local == "*" || !local.contains("*") || local.hasPrefix("\"") else { throw AddressPattern.strayStar }
    localPart = local.isEmpty || local == "*" ? nil : AddressPattern.folded(local)
    domain = try AddressPattern.domain(behind)
  }

  var text: String { description }

  private static func domain(_ text: Substring) throws(ValueRefusal) -> Domain {
    if text == "*" { return .any }
    if text.hasPrefix("*."), text.count > 2, !text.dropFirst(2).contains("*") { return .below("." + folded(text.dropFirst(2))) }
    guard !text.contains("*") else { throw strayStar }
    return .exactly(folded(text))
  }

  private static let strayStar = ValueRefusal(
    "has a * that stands for part of a name", "let it stand for the whole name, the whole domain, or as *. before a domain")
}

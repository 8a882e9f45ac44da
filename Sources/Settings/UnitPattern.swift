// SPDX-License-Identifier: Apache-2.0
/// Units of the service manager, as a rule names them: one by its whole name, or those that a `*` lets in.
///
///     webapp.service       this unit
///     worker@*.service     every instance of the template
///     session-*.scope      every login session
package struct UnitPattern: Hashable, Sendable, CustomStringConvertible {
  /// The pattern as it was written.
  package let description: String
  private let head: Substring
  /// What stands behind the `*`; nil where there is none.
  private let tail: Substring?

  /// The pattern that `text` is; nil when it is none.
  package init?(_ text: String) {
    do throws(ValueRefusal) { try self.init(written: text) } catch { return nil }
  }

  /// Whether `unit` is one of them.
  package func matches(_ unit: String) -> Bool {
    guard let tail else { return unit == description }
    return unit.utf8.count >= head.utf8.count + tail.utf8.count && unit.hasPrefix(head) && unit.hasSuffix(tail)
  }
}

extension UnitPattern: SingleSettingValue {
  static var kind: String { "unit" }

  init(written text: String) throws(ValueRefusal) {
    guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "/") }), text.utf8.count <= 255 else {
      throw ValueRefusal("is not the name of a unit", "write it as systemctl shows it, such as webapp.service")
    }
    guard text.contains(".") || text.contains("*") else {
      throw ValueRefusal("is not the whole name of a unit", "write the kind behind it, such as \(text).service")
    }
    description = text
    guard let star = text.firstIndex(of: "*") else {
      (head, tail) = (text[...], nil)
      return
    }
    (head, tail) = (text[..<star], text[text.index(after: star)...])
    guard tail?.contains("*") != true else { throw ValueRefusal("has more than one *", "let one * stand for what may differ") }
  }

  var text: String { description }
}

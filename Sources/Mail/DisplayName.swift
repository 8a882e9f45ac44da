// SPDX-License-Identifier: Apache-2.0
internal import Octets

/// A person's or program's name as it stands in front of an address (RFC 5322 §3.4, RFC 2047 §5).
package enum DisplayName {
  /// The name as a phrase: as it is, in double quotes, or as encoded words, whichever is the least that carries it. Empty for a name of
  /// nothing but blanks.
  package static func phrase(_ name: String) -> String {
    let scalars = name.unicodeScalars.map { $0.isPrintable ? $0 : " " }
    let words = String(String.UnicodeScalarView(scalars)).split(separator: " ")
    let text = words.joined(separator: " ")
    if !text.utf8.allSatisfy({ $0 < 0x80 }) { return encoded(text) }
    if words.allSatisfy({ $0.utf8.allSatisfy(AddressTokens.isAtomText) && !$0.holds("=?") }) { return text }
    let escaped = text.reduce(into: "") { $0 += $1 == "\"" || $1 == "\\" ? "\\\($1)" : String($1) }
    return "\"\(escaped)\""
  }

  /// Encoded words of at most 75 characters, folded between them; no character is cut in two.
  private static func encoded(_ text: String) -> String {
    var words: [String] = []
    var piece: [UInt8] = []
    for character in text.unicodeScalars {
      let bytes = Array(String(character).utf8)
      if piece.count + bytes.count > 45 {
        words.append(word(piece))
        piece = []
      }
      piece += bytes
    }
    if !piece.isEmpty { words.append(word(piece)) }
    return words.joined(separator: "\r\n ")
  }

  private static func word(_ bytes: [UInt8]) -> String { "=?UTF-8?B?\(Base64.encode(bytes))?=" }
}

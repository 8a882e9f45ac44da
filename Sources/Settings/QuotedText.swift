// SPDX-License-Identifier: Apache-2.0
/// Quotes and comments inside a value, for reading and for writing.
///
/// A quote counts only where a word begins, so `it's` and `ab"c` are plain text. `"…"` knows `\"` and `\\`; `'…'` knows nothing. A
/// comment begins at a `#` that starts a word outside quotes: `a#b` is one word, `a #b` is a word and a comment, `"a #b"` is one text.
package enum QuotedText {
  /// The value without the comment behind it and without space around it; quotes stay for ``words(of:)`` and ``text(of:)``.
  static func withoutComment(_ raw: some StringProtocol) throws(ValueRefusal) -> String {
    var kept: [UInt8] = []
    var scanner = Scanner(raw)
    while let piece = try scanner.next() {
      if case .comment = piece { break }
      kept = scanner.consumed
    }
    return String(decoding: kept, as: UTF8.self).trimmingSpaces
  }

  /// The words of a value, quotes taken off.
  static func words(of value: some StringProtocol) throws(ValueRefusal) -> [String] {
    var words: [String] = []
    var scanner = Scanner(value)
    while let piece = try scanner.next() {
      switch piece {
      case .word(let word): words.append(word)
      case .comment: return words
      }
    }
    return words
  }

  /// The one text that a value is: what stands between quotes when it begins with one, otherwise all of it.
  static func text(of value: String) throws(ValueRefusal) -> String {
    guard let first = value.utf8.first, first == Scanner.double || first == Scanner.single else { return value }
    let words = try words(of: value)
    guard words.count == 1 else {
      throw ValueRefusal("goes on behind its closing quote", "put the whole value between quotes, and write \\\" for a quote inside")
    }
    return words[0]
  }

  /// The text as it must be written to be read back as itself; quoted only where it needs to be.
  package static func written(_ text: String, asWord: Bool) -> String {
    let bytes = Array(text.utf8)
    let quotes = [Scanner.double, Scanner.single]
    let needsQuotes =
      bytes.isEmpty || quotes.contains(bytes[0]) || bytes[0] == Scanner.hash || bytes[0].isSettingsSpace
      || bytes[bytes.count - 1].isSettingsSpace || bytes[bytes.count - 1] == Scanner.backslash
      || (asWord && bytes.contains { $0.isSettingsSpace })
      || zip(bytes, bytes.dropFirst()).contains { $0.isSettingsSpace && ($1 == Scanner.hash || quotes.contains($1)) }
    guard needsQuotes else { return text }
    var quoted = [Scanner.double]
    for byte in bytes {
      if byte == Scanner.double || byte == Scanner.backslash { quoted.append(Scanner.backslash) }
      quoted.append(byte)
    }
    return String(decoding: quoted + [Scanner.double], as: UTF8.self)
  }

  /// Takes words off the front of a value, one at a time.
  private struct Scanner {
    static let double = UInt8(ascii: "\"")
    static let single = UInt8(ascii: "'")
    static let backslash = UInt8(ascii: "\\")
    static let hash = UInt8(ascii: "#")

    enum Piece {
      case word(String)
      case comment
    }

    private let bytes: [UInt8]
    private var index = 0

    init(_ text: some StringProtocol) { bytes = Array(text.utf8) }

    /// Everything read so far, as it was written.
    var consumed: [UInt8] { Array(bytes[..<index]) }

    mutating func next() throws(ValueRefusal) -> Piece? {
      while index < bytes.count, bytes[index].isSettingsSpace { index += 1 }
      guard index < bytes.count else { return nil }
      switch bytes[index] {
      case Scanner.hash: return .comment
      case Scanner.double, Scanner.single: return .word(try quotedWord())
      default: return .word(plainWord())
      }
    }

    private mutating func plainWord() -> String {
      let start = index
      while index < bytes.count, !bytes[index].isSettingsSpace { index += 1 }
      return String(decoding: bytes[start..<index], as: UTF8.self)
    }

    private mutating func quotedWord() throws(ValueRefusal) -> String {
      let quote = bytes[index]
      var word: [UInt8] = []
      index += 1
      while index < bytes.count, bytes[index] != quote {
        if quote == Scanner.double, bytes[index] == Scanner.backslash, index + 1 < bytes.count,
          bytes[index + 1] == Scanner.double || bytes[index + 1] == Scanner.backslash
        {
          index += 1
        }
        word.append(bytes[index])
        index += 1
      }
      guard index < bytes.count else {
        throw ValueRefusal("has a quote that nothing closes", "close it, or put the whole value between double quotes")
      }
      index += 1
      guard index == bytes.count || bytes[index].isSettingsSpace else {
        throw ValueRefusal("goes on behind its closing quote", "put the whole value between quotes, and write \\\" for a quote inside")
      }
      return String(decoding: word, as: UTF8.self)
    }
  }
}

extension UInt8 {
  /// Whether this byte separates words in a configuration file.
  var isSettingsSpace: Bool { self == 0x20 || self == 0x09 }
}

extension StringProtocol {
  /// This text without spaces and tabs at either end.
  var trimmingSpaces: String {
    var rest = Substring(self).utf8
    while let first = rest.first, first.isSettingsSpace { rest = rest.dropFirst() }
    while let last = rest.last, last.isSettingsSpace { rest = rest.dropLast() }
    return String(Substring(rest))
  }

  /// Whether a character is in it that no setting may hold: a control character.
  var hasControlCharacter: Bool { utf8.contains { $0 < 0x20 || $0 == 0x7f } }
}

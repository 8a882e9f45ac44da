// SPDX-License-Identifier: Apache-2.0
internal import Octets

/// The words and marks of a list of addresses, one after the other; blanks, folds and comments are stepped over (RFC 5322 §3.2).
///
/// What is not UTF-8 comes out as U+FFFD, which may stand in a name and nowhere else.
struct AddressTokens: ~Escapable {
  private let bytes: Span<UInt8>
  /// Where the last token ended.
  private(set) var position = 0

  /// The tokens of a field's value.
  @_lifetime(copy bytes)
  init(_ bytes: Span<UInt8>) { self.bytes = bytes }

  /// One of them.
  enum Token: Hashable {
    /// Letters, digits and what else may stand unquoted.
    case atom(String)
    /// Something quoted, in the shortest form that means it: without quotes where it needs none.
    case quoted(String)
    /// An address literal with its square brackets.
    case literal(String)
    /// A character with a meaning of its own.
    case mark(UInt8)
    case end

    /// As it is shown to people.
    var text: String {
      switch self {
      case .atom(let text), .quoted(let text), .literal(let text): text
      case .mark(let byte): String(decoding: [byte], as: UTF8.self)
      case .end: ""
      }
    }

    /// What it stands for, quotes taken away.
    var meaning: String {
      guard case .quoted(let text) = self, text.hasPrefix("\"") else { return text }
      var meaning = ""
      var isEscaped = false
      for character in text.unicodeScalars.dropFirst().dropLast() {
        isEscaped = !isEscaped && character == "\\"
        if !isEscaped { meaning.unicodeScalars.append(character) }
      }
      return meaning
    }
  }

  /// The next token.
  @_lifetime(self: copy self)
  mutating func next() throws(AddressListFault) -> Token {
    try skipBlanks()
    guard position < bytes.count else { return .end }
    let byte = bytes[position]
    if byte == UInt8(ascii: "\"") { return .quoted(try takeQuoted()) }
    if byte == UInt8(ascii: "[") { return .literal(try takeLiteral()) }
    if let length = encodedWordLength() { return .atom(takeText(length)) }
    guard AddressTokens.isAtomText(byte) else {
      position += 1
      guard byte >= 0x20, byte != 0x7f else { throw .controlCharacter }
      return .mark(byte)
    }
    var length = 1
    while position + length < bytes.count, AddressTokens.isAtomText(bytes[position + length]) { length += 1 }
    return .atom(takeText(length))
  }

  /// A text in double quotes, or without where it needs none.
  static func quoted(_ meaning: String) -> String {
    let parts = meaning.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    if parts.allSatisfy({ !$0.isEmpty && $0.allSatisfy(isAtomText) }) { return meaning }
    let escaped = meaning.unicodeScalars.reduce(into: "") { text, scalar in
      if scalar == "\"" || scalar == "\\" { text += "\\" }
      text.unicodeScalars.append(scalar)
    }
    return "\"\(escaped)\""
  }

  /// `atext` of RFC 5322 §3.2.3, and everything above ASCII (RFC 6532).
  static func isAtomText(_ byte: UInt8) -> Bool {
    if byte.isASCIILetter || byte.isASCIIDigit || byte >= 0x80 { return true }
    return byte > 0x20 && byte != 0x7f && !specials.contains(byte)
  }

  private static let specials = Array("()<>[]:;@\\,.\"".utf8)

  @_lifetime(self: copy self)
  private mutating func takeText(_ length: Int) -> String {
    defer { position += length }
    return String(decoding: bytes.extracting(position..<position + length).array, as: UTF8.self)
  }

  @_lifetime(self: copy self)
  private mutating func skipBlanks() throws(AddressListFault) {
    while position < bytes.count {
      switch bytes[position] {
      case 0x20, 0x09, 0x0d, 0x0a: position += 1
      case UInt8(ascii: "("): try skipComment()
      default: return
      }
    }
  }

  /// Comments may stand inside comments; they are counted, so that no depth of them can hurt.
  @_lifetime(self: copy self)
  private mutating func skipComment() throws(AddressListFault) {
    var depth = 0
    repeat {
      guard position < bytes.count else { throw .unclosedComment }
      switch bytes[position] {
      case UInt8(ascii: "("): depth += 1
      case UInt8(ascii: ")"): depth -= 1
      case UInt8(ascii: "\\"): position += 1
      default: break
      }
      position += 1
    } while depth > 0
  }

  @_lifetime(self: copy self)
  private mutating func takeQuoted() throws(AddressListFault) -> String {
    position += 1
    var meaning: [UInt8] = []
    while true {
      guard position < bytes.count else { throw .unclosedQuote }
      var byte = bytes[position]
      position += 1
      if byte == UInt8(ascii: "\"") { break }
      if byte == 0x0d || byte == 0x0a { continue }
      if byte == UInt8(ascii: "\\") {
        guard position < bytes.count else { throw .unclosedQuote }
        byte = bytes[position]
        position += 1
      }
      meaning.append(byte)
    }
    return AddressTokens.quoted(String(decoding: meaning, as: UTF8.self))
  }

  @_lifetime(self: copy self)
  private mutating func takeLiteral() throws(AddressListFault) -> String {
    guard let end = bytes.firstIndex(of: UInt8(ascii: "]"), from: position) else { throw .unclosedLiteral }
    let text = takeText(end + 1 - position)
    return text.filter { $0 != " " && $0 != "\t" && $0 != "\r\n" && $0 != "\r" && $0 != "\n" }
  }

  /// How long the encoded word is that starts here (RFC 2047): one word, although bad encoders leave commas and parentheses in it.
  private func encodedWordLength() -> Int? {
    guard position + 1 < bytes.count, bytes[position] == UInt8(ascii: "="), bytes[position + 1] == UInt8(ascii: "?") else { return nil }
    var marks = 0
    for index in position + 1..<min(bytes.count, position + AddressTokens.longestEncodedWord) {
      switch bytes[index] {
      case UInt8(ascii: "?"): marks += 1
      case UInt8(ascii: "=") where marks == 4 && bytes[index - 1] == UInt8(ascii: "?"): return index + 1 - position
      case 0...0x20, 0x7f: return nil
      default: if marks == 4 { return nil }
      }
    }
    return nil
  }

  private static let longestEncodedWord = 1000
}

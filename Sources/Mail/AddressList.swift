// SPDX-License-Identifier: Apache-2.0
internal import Octets

/// The addresses in the value of a `To:` field and its like (RFC 5322 §3.4), found the way people and programs write them.
///
/// Names, comments, groups and routes are read and dropped; what remains is where the message shall go. Beyond the grammar it takes
/// what is sent every day: empty places between commas, semicolons for commas, dots and encoded words in unquoted names, a bare user
/// name. What cannot be understood is refused with words, for mail that is sent to fewer people than its author thought is worse than
/// mail that is not sent.
///
///     phrase ──"<"──► route, address ──">"──► end of the address ──","──► phrase
///       │└──"@"──► domain ─────────────────────┘                    │
///       └───":"──► group: the same, until ";" ───────────────────────┘
package struct AddressList: Hashable, Sendable {
  /// The addresses in the order written, as often as written.
  package private(set) var addresses: [WrittenAddress] = []
  /// Where in the value a domain is missing behind a plain user name.
  private(set) var gaps: [Int] = []

  /// The addresses in a field's value, which may be folded.
  package init(_ value: Span<UInt8>) throws(AddressListFault) {
    var tokens = AddressTokens(value)
    var isInGroup = false
    var phrase: [AddressTokens.Token] = []
    var end = 0
    while true {
      let token = try tokens.next()
      switch token {
      case .atom, .quoted, .mark(UInt8(ascii: ".")):
        phrase.append(token)
        end = tokens.position
      case .mark(UInt8(ascii: "<")):
        addresses.append(try bracketed(&tokens))
        phrase = []
      case .mark(UInt8(ascii: "@")):
        addresses.append(WrittenAddress(localPart: try AddressList.localPart(phrase), domain: try AddressList.domain(&tokens, "")))
        phrase = []
      case .mark(UInt8(ascii: ":")):
        guard !isInGroup else { throw .nestedGroup }
        guard !phrase.isEmpty else { throw .unexpected(":") }
        isInGroup = true
        phrase = []
        continue
      case .mark(UInt8(ascii: ",")), .mark(UInt8(ascii: ";")), .end:
        if !phrase.isEmpty { addresses.append(try withoutDomain(phrase, end)) }
        phrase = []
        if token == .end { return }
        if token == .mark(UInt8(ascii: ";")) { isInGroup = false }
        continue
      case .mark(let byte): throw .unexpected(AddressList.shown(byte))
      case .literal: throw .unexpected("[")
      }
      if phrase.isEmpty { try AddressList.endAddress(&tokens) }
    }
  }

  /// Reads what stands between angle brackets, behind the first.
  private mutating func bracketed(_ tokens: inout AddressTokens) throws(AddressListFault) -> WrittenAddress {
    var words: [AddressTokens.Token] = []
    var end = 0
    while true {
      let token = try tokens.next()
      switch token {
      case .atom, .quoted, .mark(UInt8(ascii: ".")):
        words.append(token)
        end = tokens.position
      case .mark(UInt8(ascii: "@")) where words.isEmpty:
        try AddressList.skipRoute(&tokens)
      case .mark(UInt8(ascii: "@")):
        let address = WrittenAddress(localPart: try AddressList.localPart(words), domain: try AddressList.domain(&tokens, ">"))
        guard try tokens.next() == .mark(UInt8(ascii: ">")) else { throw .unclosedBracket }
        return address
      case .mark(UInt8(ascii: ">")):
        guard !words.isEmpty else { throw .emptyAddress }
        return try withoutDomain(words, end)
      case .mark(let byte): throw .unexpected(AddressList.shown(byte))
      case .literal: throw .unexpected("[")
      case .end: throw .unclosedBracket
      }
    }
  }

  /// The user whom these words name, which end at `end`.
  private mutating func withoutDomain(_ words: [AddressTokens.Token], _ end: Int) throws(AddressListFault) -> WrittenAddress {
    let user = WrittenAddress(localPart: try AddressList.localPart(words), domain: nil)
    // What may be a name, or needs more than ASCII, is left as it is.
    let isPlain = user.localPart.utf8.allSatisfy { $0 < 0x80 && (AddressTokens.isAtomText($0) || $0 == UInt8(ascii: ".")) }
    if isPlain, !user.localPart.hasPrefix("=?"), words.last != .mark(UInt8(ascii: ".")), words.first != .mark(UInt8(ascii: ".")) {
      gaps.append(end)
    }
    return user
  }

  /// Steps over `a,@b:` behind the first `@` of a route, which names hosts that nobody passes mail through any more.
  private static func skipRoute(_ tokens: inout AddressTokens) throws(AddressListFault) {
    while true {
      switch try tokens.next() {
      case .mark(UInt8(ascii: ":")): return
      case .atom, .literal, .mark(UInt8(ascii: ".")), .mark(UInt8(ascii: ",")), .mark(UInt8(ascii: "@")): continue
      case .mark(let byte): throw .unexpected(shown(byte))
      case .quoted: throw .unexpected("\"")
      case .end: throw .unclosedBracket
      }
    }
  }

  /// Words with a dot between each two of them, without what may stand around them.
  private static func localPart(_ words: [AddressTokens.Token]) throws(AddressListFault) -> String {
    var text = ""
    var wantsDot = false
    for word in words {
      switch word {
      case .mark:
        text += "."
        wantsDot = false
      case .atom(let part), .quoted(let part):
        guard !wantsDot else { throw .noAddress(words.reduce("") { $0 + ($0.isEmpty ? "" : " ") + $1.text }) }
        text += part
        wantsDot = true
      case .literal, .end: break
      }
    }
    guard !text.isEmpty else { throw .nothingBeforeAt }
    guard !text.unicodeScalars.contains("\u{fffd}") else { throw .notUTF8 }
    // One word is one word, however it was quoted; several with quotes among them are written as one that is quoted.
    let isMixed = words.count > 1 && words.contains { if case .quoted = $0 { true } else { false } }
    return isMixed ? AddressTokens.quoted(words.reduce("") { $0 + $1.meaning }) : text
  }

  private static func domain(_ tokens: inout AddressTokens, _ closing: String) throws(AddressListFault) -> String {
    var text = ""
    while true {
      let before = tokens
      switch try tokens.next() {
      case .literal(let literal) where text.isEmpty: return literal
      case .atom(let part) where text.isEmpty || text.hasSuffix("."): text += part
      case .mark(UInt8(ascii: ".")) where !text.isEmpty && !text.hasSuffix("."): text += "."
      default:
        // A single dot behind the name is how a full name is written elsewhere.
        let name = text.hasSuffix(".") ? String(text.dropLast()) : text
        guard !name.isEmpty else { throw .missingDomain }
        guard !name.unicodeScalars.contains("\u{fffd}") else { throw .notUTF8 }
        tokens = before
        return name
      }
    }
  }

  /// Behind an address nothing may stand but what ends it, which is left there.
  private static func endAddress(_ tokens: inout AddressTokens) throws(AddressListFault) {
    let before = tokens
    switch try tokens.next() {
    case .mark(UInt8(ascii: ",")), .mark(UInt8(ascii: ";")), .end: tokens = before
    case .mark(let byte): throw .unexpected(shown(byte))
    case .atom(let text), .quoted(let text), .literal(let text): throw .trailing(text)
    }
  }

  private static func shown(_ byte: UInt8) -> String { String(decoding: [byte], as: UTF8.self) }
}

/// An address as somebody wrote it, without the names and comments around it; not checked any further.
package struct WrittenAddress: Hashable, Sendable {
  /// The part before the `@`, with its quotes where it has them.
  package let localPart: String
  /// The part behind the `@`; nil where only a user was named.
  package let domain: String?

  /// The address, in this domain where it names none.
  package func text(in house: String) -> String { "\(localPart)@\(domain ?? house)" }
}

/// Why a list of addresses cannot be understood.
package enum AddressListFault: Error, Hashable, Sendable {
  case unclosedQuote
  case unclosedComment
  case unclosedBracket
  case unclosedLiteral
  case nestedGroup
  case emptyAddress
  case nothingBeforeAt
  case missingDomain
  case notUTF8
  case controlCharacter
  /// Words where an address should be.
  case noAddress(String)
  /// A character where none such may stand.
  case unexpected(String)
  /// Something behind an address.
  case trailing(String)
}

extension AddressListFault: CustomStringConvertible {
  package var description: String {
    switch self {
    case .unclosedQuote: "a double quote is not closed"
    case .unclosedComment: "a comment in parentheses is not closed"
    case .unclosedBracket: "an angle bracket is not closed"
    case .unclosedLiteral: "a square bracket is not closed"
    case .nestedGroup: "a group stands inside a group, or a colon is not quoted"
    case .emptyAddress: "nothing stands between angle brackets"
    case .nothingBeforeAt: "nothing stands before an @"
    case .missingDomain: "no domain stands behind an @"
    case .notUTF8: "an address is not valid UTF-8"
    case .controlCharacter: "a control character stands among the addresses"
    case .noAddress(let words): "\"\(String(printable: words, limit: 80))\" is no address; write Name <user@example.com>"
    case .unexpected(let character): "a \(String(printable: character, limit: 8)) stands where none may be; put the name in double quotes"
    case .trailing(let text): "\"\(String(printable: text, limit: 80))\" stands behind an address without a comma"
    }
  }
}

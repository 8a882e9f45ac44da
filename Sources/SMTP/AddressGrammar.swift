// SPDX-License-Identifier: Apache-2.0
package import Mail
internal import Octets

/// Addresses as RFC 5321 §4.1.2 writes them, with RFC 6531's characters outside ASCII, turned into mailboxes in canonical form.
///
/// `"john"@example.com` and `john@example.com` are one mailbox, written the second way; a source route is read and dropped (appendix C).
/// Underscores in domain names are tolerated beyond the grammar, because hosts and containers have them and they harm nobody. Whether
/// characters outside ASCII are welcome is for the caller: ``Mailbox/isASCII`` tells.
package enum AddressGrammar {
  /// What stood between angle brackets.
  package enum Path: Hashable, Sendable {
    /// `<>`, the sender to whom nothing is ever reported.
    case null
    /// `<Postmaster>` in whatever case, without a domain.
    case postmaster
    case mailbox(Mailbox)
  }

  /// The mailbox that the whole of `text` spells, without angle brackets.
  package static func mailbox(_ text: Span<UInt8>) throws(AddressFault) -> Mailbox {
    var scanner = GrammarScanner(text)
    guard let mailbox = try takeMailbox(&scanner) else { throw .missingDomain }
    guard scanner.isAtEnd else { throw .trailingCharacters }
    return mailbox
  }

  /// Steps over a path with its angle brackets.
  package static func takePath(_ scanner: inout GrammarScanner) throws(AddressFault) -> Path {
    guard scanner.take(UInt8(ascii: "<")) else { throw .missingBracket }
    if scanner.take(UInt8(ascii: ">")) { return .null }
    if scanner.next == UInt8(ascii: "@") { try takeRoute(&scanner) }
    let mailbox = try takeMailbox(&scanner)
    guard scanner.take(UInt8(ascii: ">")) else { throw mailbox == nil ? .missingDomain : .unclosedBracket }
    return mailbox.map { .mailbox($0) } ?? .postmaster
  }

  /// Steps over `@a,@b:`, which names hosts that nobody passes mail through any more.
  private static func takeRoute(_ scanner: inout GrammarScanner) throws(AddressFault) {
    repeat {
      guard scanner.take(UInt8(ascii: "@")) else { throw .badRoute }
      do {
        try DomainGrammar.take(&scanner)
      } catch {
        throw .badRoute
      }
    } while scanner.take(UInt8(ascii: ","))
    guard scanner.take(UInt8(ascii: ":")) else { throw .badRoute }
  }

  /// Steps over `local@domain`; nil when it was `postmaster` alone.
  private static func takeMailbox(_ scanner: inout GrammarScanner) throws(AddressFault) -> Mailbox? {
    let start = scanner.position
    let quoted = scanner.next == UInt8(ascii: "\"") ? try takeQuoted(&scanner) : nil
    if quoted == nil { try takeDotted(&scanner) }
    let written = quoted?.count ?? scanner.position - start
    guard scanner.take(UInt8(ascii: "@")) else {
      guard scanner.isAtEnd || scanner.next == UInt8(ascii: ">") else { throw .unquotedCharacter }
      let unquoted = scanner.bytes.extracting(start..<scanner.position)
      guard quoted?.span.equalsIgnoringCase("POSTMASTER") ?? unquoted.equalsIgnoringCase("POSTMASTER") else { throw .missingDomain }
      return nil
    }
    guard written <= 64 else { throw .localPartTooLong }
    let domainStart = scanner.position
    try DomainGrammar.take(&scanner)
    let domainLength = scanner.position - domainStart
    // The brackets and the @ count.
    guard written + domainLength + 3 <= 256 else { throw .pathTooLong }
    guard let quoted else {
      return Mailbox(verifiedText: try checkedText(scanner.bytes.extracting(start..<scanner.position)), localPartLength: written)
    }
    let text = quoted + [UInt8(ascii: "@")] + scanner.bytes.extracting(domainStart..<scanner.position).array
    return Mailbox(verifiedText: try checkedText(text.span), localPartLength: written)
  }

  private static func takeDotted(_ scanner: inout GrammarScanner) throws(AddressFault) {
    let range = scanner.take(while: { isAtomText($0) || $0 == UInt8(ascii: ".") })
    guard !range.isEmpty else { throw scanner.next == UInt8(ascii: "@") ? .nothingBeforeAt : .unquotedCharacter }
    let text = scanner.bytes.extracting(range)
    guard hasDotsInPlace(text) else { throw .misplacedDot }
  }

  /// Steps over a quoted string and writes what it means in the shortest way.
  private static func takeQuoted(_ scanner: inout GrammarScanner) throws(AddressFault) -> [UInt8] {
    _ = scanner.take(UInt8(ascii: "\""))
    var meaning: [UInt8] = []
    while !scanner.take(UInt8(ascii: "\"")) {
      let isEscaped = scanner.take(UInt8(ascii: "\\"))
      guard let byte = scanner.next, byte >= 0x20, byte != 0x7f, !isEscaped || byte < 0x80 else { throw .unclosedQuote }
      _ = scanner.take(byte)
      meaning.append(byte)
    }
    if !meaning.isEmpty, hasDotsInPlace(meaning.span), meaning.allSatisfy({ isAtomText($0) || $0 == UInt8(ascii: ".") }) {
      return meaning
    }
    var written: [UInt8] = [UInt8(ascii: "\"")]
    for byte in meaning {
      if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { written.append(UInt8(ascii: "\\")) }
      written.append(byte)
    }
    written.append(UInt8(ascii: "\""))
    return written
  }

  private static func hasDotsInPlace(_ text: Span<UInt8>) -> Bool {
    var previous = UInt8(ascii: ".")
    for index in text.indices {
      if text[index] == UInt8(ascii: "."), previous == UInt8(ascii: ".") { return false }
      previous = text[index]
    }
    return previous != UInt8(ascii: ".")
  }

  /// `atext` of RFC 5322 §3.2.3, and everything above ASCII.
  private static func isAtomText(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
    case UInt8(ascii: "!"), UInt8(ascii: "#")...UInt8(ascii: "'"), UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "-"): true
    case UInt8(ascii: "/"), UInt8(ascii: "="), UInt8(ascii: "?"), UInt8(ascii: "^")...UInt8(ascii: "`"): true
    case UInt8(ascii: "{")...UInt8(ascii: "~"), 0x80...0xff: true
    default: false
    }
  }

  /// The text of bytes that are ASCII without controls, or UTF-8 without what controls a terminal or the direction of writing.
  private static func checkedText(_ bytes: Span<UInt8>) throws(AddressFault) -> String {
    var all: UInt8 = 0
    for index in bytes.indices { all |= bytes[index] }
    guard all >= 0x80 else { return bytes.decodedText }
    guard let text = bytes.utf8Text else { throw .badUTF8 }
    for scalar in text.unicodeScalars where !scalar.isASCII {
      switch scalar.value {
      case 0x80...0x9f, 0x2028...0x202e, 0x2066...0x2069, 0xfeff, 0xfff9...0xffff: throw .badUTF8
      default: break
      }
    }
    return text
  }
}

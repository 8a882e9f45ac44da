// SPDX-License-Identifier: Apache-2.0
internal import Octets

/// What the header section of a message contains, found while its bytes come in (RFC 5322 §2.2).
///
/// It looks at the name of each field, of `Precedence:` at the first word too, and at nothing else: folded lines belong to the field before
/// them, the first empty line ends the section, names count in either case, and blanks before the colon are tolerated (obsolete, still
/// sent). What it is given has passed ``BodyText``, so lines end with CRLF. It keeps no bytes, and the same bytes in other pieces give the
/// same answer.
package struct HeaderSurvey: Hashable, Sendable {
  /// How often the message was taken in by a mail server: its `Received:` fields.
  package private(set) var hops = 0
  /// Whether there is a `Date:` field.
  package private(set) var hasDate = false
  /// Whether there is a `Message-ID:` field.
  package private(set) var hasMessageID = false
  /// Whether it calls itself mail that nobody waits for: `Precedence:` bulk, list or junk.
  package private(set) var isBulk = false
  /// The bytes of the header section, the empty line not included.
  package private(set) var length = 0
  /// Whether the empty line was seen, or a first line that is no header field.
  package private(set) var isComplete = false
  /// Whether the text begins at once, without a header section or an empty line in front of it.
  package private(set) var beginsWithoutHeader = false

  private var phase = Phase.lineStart
  private var isFirstLine = true
  private var nameLength = 0
  private var name: UInt128 = 0

  /// The survey of a message of which nothing was seen yet.
  package init() {}

  private enum Phase: UInt8 {
    case lineStart
    /// An empty line, if an LF follows.
    case emptyLineCR
    case name
    case blankBehindName
    /// The first word behind `Precedence:`.
    case precedence
    case value
  }

  /// Looks at more bytes of the message.
  package mutating func add(_ bytes: Span<UInt8>) {
    var index = 0
    while index < bytes.count, !isComplete {
      if phase == .value {
        let end = bytes.firstIndex(of: 0x0a, from: index)
        length += (end.map { $0 + 1 } ?? bytes.count) - index
        index = end.map { $0 + 1 } ?? bytes.count
        if end != nil { beginLine() }
      } else {
        take(bytes[index])
        index += 1
      }
    }
  }

  private mutating func beginLine() {
    phase = .lineStart
    isFirstLine = false
    nameLength = 0
    name = 0
  }

  private mutating func take(_ byte: UInt8) {
    length += 1
    switch phase {
    case .lineStart where byte == 0x0d: phase = .emptyLineCR
    case .lineStart where byte == 0x20 || byte == 0x09:
      phase = .value
      if isFirstLine { endWithoutHeader() }
    case .emptyLineCR:
      length -= 2
      isComplete = true
    case .lineStart where !isFirstLine && !HeaderSurvey.begins(byte): phase = .value
    case .lineStart, .name: takeName(byte)
    case .blankBehindName:
      if byte == UInt8(ascii: ":") {
        endName()
      } else if byte != 0x20, byte != 0x09 {
        endOfNoField()
      }
    case .precedence: takePrecedence(byte)
    case .value: break
    }
  }

  private mutating func takePrecedence(_ byte: UInt8) {
    let letter = byte.asciiLowercased
    if nameLength < 5, UInt8(ascii: "a")...UInt8(ascii: "z") ~= letter {
      nameLength += 1
      name = name << 8 | UInt128(letter)
    } else if nameLength > 0 || byte != 0x20 && byte != 0x09 {
      isBulk = isBulk || [HeaderSurvey.bulk, HeaderSurvey.list, HeaderSurvey.junk].contains(name)
      phase = .value
    }
  }

  private mutating func takeName(_ byte: UInt8) {
    switch byte {
    case UInt8(ascii: ":") where nameLength > 0: endName()
    case 0x20, 0x09:
      phase = .blankBehindName
    case 0x21...0x39, 0x3b...0x7e:
      phase = .name
      nameLength += 1
      if nameLength <= 16 { name = name << 8 | UInt128(byte.asciiLowercased) }
    default:
      // No field name has such a byte; a CR ends a line without a colon.
      endOfNoField()
    }
  }

  private mutating func endName() {
    phase = .value
    switch (nameLength, name) {
    case (8, HeaderSurvey.received): hops += 1
    case (4, HeaderSurvey.date): hasDate = true
    case (10, HeaderSurvey.messageID): hasMessageID = true
    case (10, HeaderSurvey.precedence):
      phase = .precedence
      nameLength = 0
      name = 0
    default: break
    }
  }

  /// A line that is no field: the text itself if it is the first, otherwise somebody's mistake, which the next mail server may judge.
  private mutating func endOfNoField() {
    phase = .value
    let isMailboxLine = nameLength == 4 && name == HeaderSurvey.from
    if isFirstLine && !isMailboxLine { endWithoutHeader() }
  }

  private mutating func endWithoutHeader() {
    beginsWithoutHeader = true
    isComplete = true
    length = 0
  }

  /// Whether one of the names that matter can begin with `byte`; behind the first line no other name need be read.
  private static func begins(_ byte: UInt8) -> Bool {
    let letter = byte.asciiLowercased
    return letter == UInt8(ascii: "r") || letter == UInt8(ascii: "d") || letter == UInt8(ascii: "m") || letter == UInt8(ascii: "p")
  }

  private static let received = packed("received")
  private static let date = packed("date")
  private static let messageID = packed("message-id")
  private static let from = packed("from")
  private static let precedence = packed("precedence")
  private static let bulk = packed("bulk")
  private static let list = packed("list")
  private static let junk = packed("junk")

  private static func packed(_ name: StaticString) -> UInt128 {
    "\(name)".utf8.reduce(0) { $0 << 8 | UInt128($1) }
  }
}

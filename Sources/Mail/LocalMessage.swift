// SPDX-License-Identifier: Apache-2.0
internal import Octets

/// A message as a program on this machine writes it into a pipe, turned into one that can travel (RFC 5322 §2).
///
/// Lines come with LF or CRLF, and leave with CRLF. A CR by itself, with which programs paint progress bars, becomes a line end in the
/// text and a blank in the header section, where it must not begin a field of its own; several CRs before an LF are one line end. NUL
/// bytes, which no mail may carry, are left out. A line that is no header field ends the header section, as if an empty line stood
/// before it; a `From ` line at the very beginning, the mark of an mbox file, is dropped. However the bytes are cut into pieces, the
/// result is the same.
package struct LocalMessage: Sendable {
  /// The fields of the header section, in order.
  package private(set) var fields: [HeaderField] = []
  /// The text behind the empty line that ends the header section, which is not part of it.
  package private(set) var body: [UInt8] = []
  /// Whether the line with a single dot was seen that ends the message; what follows is not taken.
  package private(set) var hasEnded = false
  /// Whether a byte above 0x7f was seen.
  package private(set) var isBeyondASCII = false
  /// How many bytes are kept so far.
  package private(set) var size = 0
  private let ending: Ending
  private var isInHeader = true
  private var isFirstLine = true
  private var line: [UInt8] = []

  /// A message of which nothing was read yet.
  package init(_ ending: Ending) { self.ending = ending }

  /// What ends a message besides the end of the file.
  package enum Ending: Hashable, Sendable {
    /// A line with a single dot does.
    case dot
    /// Nothing does; a single dot is text.
    case fileOnly
  }

  /// Takes the next bytes.
  package mutating func take(_ piece: Span<UInt8>) {
    var start = 0
    while start < piece.count, !hasEnded {
      guard let end = piece.firstIndex(of: 0x0a, from: start) else {
        append(piece.extracting(start..<piece.count))
        return
      }
      if !isInHeader, line.isEmpty, takePlainLine(piece.extracting(start..<end)) {
        start = end + 1
        continue
      }
      append(piece.extracting(start..<end))
      endLine()
      start = end + 1
    }
  }

  /// Takes note that nothing follows; a last line without an end gets one.
  package mutating func finish() {
    if !line.isEmpty, !hasEnded { endLine() }
  }

  /// The first field with a name, given in lower case.
  package func field(_ name: String) -> HeaderField? { fields.first { $0.name == name } }

  /// The header section without the fields that have one of these names, given in lower case.
  ///
  /// With the name of a house, users who are named there without a domain get it: no other mail system would know whom they mean, and some
  /// refuse the message.
  package func header(without names: Set<String>, house: String? = nil) -> [UInt8] {
    fields.reduce(into: []) { bytes, field in
      if !names.contains(field.name) { bytes += house.map { field.completed(with: $0) } ?? field.bytes }
    }
  }

  /// Takes a whole line of text that needs nothing but its CRLF; false for one that needs more.
  private mutating func takePlainLine(_ text: Span<UInt8>) -> Bool {
    let content = text.count > 0 && text[text.count - 1] == 0x0d ? text.extracting(droppingLast: 1) : text
    if ending == .dot, content.count == 1, content[0] == UInt8(ascii: ".") { return false }
    if content.count > 0, content.firstIndex(of: 0x0d) != nil || content.firstIndex(of: 0) != nil { return false }
    if !isBeyondASCII, content.holdsBytesBeyondASCII { isBeyondASCII = true }
    size += text.count
    body.append(content)
    body.append(0x0d)
    body.append(0x0a)
    return true
  }

  private mutating func append(_ piece: Span<UInt8>) {
    size += piece.count
    for index in piece.indices where piece[index] != 0 { line.append(piece[index]) }
  }

  private mutating func endLine() {
    defer {
      line.removeAll(keepingCapacity: line.capacity <= 65_536)
      isFirstLine = false
    }
    while line.last == 0x0d { line.removeLast() }
    if ending == .dot, line == [UInt8(ascii: ".")] {
      hasEnded = true
      return
    }
    if !isBeyondASCII { isBeyondASCII = line.contains { $0 >= 0x80 } }
    if isInHeader {
      takeHeaderLine()
    } else {
      takeTextLine()
    }
  }

  private mutating func takeHeaderLine() {
    if line.isEmpty {
      isInHeader = false
    } else if line[0] == 0x20 || line[0] == 0x09, !fields.isEmpty {
      fields[fields.count - 1].fold(headerLine)
    } else if let field = HeaderField(headerLine) {
      fields.append(field)
    } else if !isFirstLine || !line.starts(with: LocalMessage.mailboxMark) {
      isInHeader = false
      takeTextLine()
    }
  }

  private mutating func takeTextLine() {
    if line.contains(0x0d) {
      for byte in line {
        if byte == 0x0d { body.append(0x0d) }
        body.append(byte == 0x0d ? 0x0a : byte)
      }
    } else {
      body += line
    }
    body += [0x0d, 0x0a]
  }

  /// The line for the header section, with its end.
  private var headerLine: [UInt8] { line.map { $0 == 0x0d ? 0x20 : $0 } + [0x0d, 0x0a] }

  private static let mailboxMark = Array("From ".utf8)
}

/// One field of a header section: a name, a colon and a value, which may be folded over several lines.
package struct HeaderField: Hashable, Sendable {
  /// Its name in lower case.
  package let name: String
  /// The whole field with its CRLF.
  package private(set) var bytes: [UInt8]
  private let valueOffset: Int

  /// What stands behind the colon.
  package var value: ArraySlice<UInt8> { bytes[valueOffset...] }

  /// The field that begins with this line, its CRLF included; nil when it is none.
  init?(_ line: [UInt8]) {
    guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { return nil }
    var name = line[..<colon]
    // Blanks before the colon are obsolete, and still sent.
    while let last = name.last, last == 0x20 || last == 0x09 { name = name.dropLast() }
    guard !name.isEmpty, name.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else { return nil }
    self.name = String(decoding: name.map(\.asciiLowercased), as: UTF8.self)
    bytes = line
    valueOffset = colon + 1
  }

  /// The whole field; where it lists addresses, with `@house` behind each that names a user only. One that cannot be understood is left as
  /// it is.
  package func completed(with house: String) -> [UInt8] {
    guard HeaderField.withAddresses.contains(name), let list = try? AddressList(value.span), !list.gaps.isEmpty else { return bytes }
    var whole = bytes
    for gap in list.gaps.reversed() { whole.insert(contentsOf: Array("@\(house)".utf8), at: valueOffset + gap) }
    return whole
  }

  private static let withAddresses: Set<String> = [
    "from", "sender", "reply-to", "to", "cc", "resent-from", "resent-sender", "resent-reply-to", "resent-to", "resent-cc",
  ]

  /// Adds a further line, its CRLF included.
  mutating func fold(_ line: [UInt8]) { bytes += line }
}

extension Span where Element == UInt8 {
  /// Whether a byte is above 0x7f.
  fileprivate var holdsBytesBeyondASCII: Bool {
    var all: UInt8 = 0
    for index in indices { all |= self[index] }
    return all >= 0x80
  }
}

// SPDX-License-Identifier: Apache-2.0
/// A peer's bytes made fit for a log, a terminal or a record: one line, nothing that moves a cursor, bounded length.
///
/// Valid UTF-8 that shows as itself is kept. Controls, formatting characters (which can turn the direction of writing), line separators
/// and bytes that are no UTF-8 become `\n`, `\r`, `\t`, `\u{202e}` or `\xff`; a backslash is doubled, so that nothing escaped can be
/// mistaken for something said.
package struct PrintableText: Hashable, Sendable, CustomStringConvertible {
  /// The text; it ends with `…` where something was cut off.
  package let description: String

  /// The printable form of `bytes`, of which no more than `limit` are looked at.
  package init(_ bytes: Span<UInt8>, limit: Int = 256) {
    var text = ""
    let shown = bytes.extracting(first: limit)
    var rest = UTF8Walk(bytes: shown)
    while let next = rest.next() {
      switch next {
      case .scalar(let scalar): PrintableText.append(scalar, to: &text)
      case .stray(let byte): text += "\\x" + PrintableText.hexadecimal(UInt32(byte), digits: 2)
      }
    }
    if bytes.count > limit { text += "…" }
    description = text
  }

  /// The printable form of a text.
  package init(_ text: String, limit: Int = 256) {
    self.init(text.utf8.span, limit: limit)
  }

  private static func append(_ scalar: Unicode.Scalar, to text: inout String) {
    switch scalar {
    case "\\": text += "\\\\"
    case "\n": text += "\\n"
    case "\r": text += "\\r"
    case "\t": text += "\\t"
    case _ where scalar.value < 0x20 || scalar.value == 0x7f: text += "\\x" + hexadecimal(scalar.value, digits: 2)
    case _ where scalar.isASCII || shows(scalar): text.unicodeScalars.append(scalar)
    default: text += "\\u{" + hexadecimal(scalar.value, digits: 1) + "}"
    }
  }

  private static func shows(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: false
    default: true
    }
  }

  private static func hexadecimal(_ value: UInt32, digits: Int) -> String {
    let text = String(value, radix: 16)
    return String(repeating: "0", count: max(0, digits - text.utf8.count)) + text
  }
}

/// Walks over bytes that may be UTF-8, scalar by scalar, without giving up at what is not.
private struct UTF8Walk: ~Escapable {
  private let bytes: Span<UInt8>
  private var position = 0

  @_lifetime(copy bytes)
  init(bytes: Span<UInt8>) { self.bytes = bytes }

  enum Element {
    case scalar(Unicode.Scalar)
    case stray(UInt8)
  }

  mutating func next() -> Element? {
    guard position < bytes.count else { return nil }
    let first = bytes[position]
    let length = first < 0x80 ? 1 : first & 0xe0 == 0xc0 ? 2 : first & 0xf0 == 0xe0 ? 3 : first & 0xf8 == 0xf0 ? 4 : 0
    if length > 0, position + length <= bytes.count {
      let piece = bytes.extracting(position..<position + length)
      if let scalar = piece.utf8Text?.unicodeScalars.first {
        position += length
        return .scalar(scalar)
      }
    }
    position += 1
    return .stray(first)
  }
}

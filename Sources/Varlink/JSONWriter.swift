// SPDX-License-Identifier: Apache-2.0
/// Writes JSON: members in their order, everything outside ASCII as it is, control characters escaped.
///
/// The same value always gives the same bytes, and no byte of them is a NUL or, in the compact form, a line break.
package struct JSONWriter: ~Copyable {
  private var text: [UInt8] = []
  private let style: Style

  /// How the parts are set.
  package enum Style: Hashable, Sendable {
    /// On one line without spaces, for machines.
    case compact
    /// One member or element on each line, for people.
    case pretty
  }

  private init(_ style: Style) { self.style = style }

  /// The bytes of a value.
  package static func bytes(of value: JSON, _ style: Style = .compact) -> [UInt8] {
    var writer = JSONWriter(style)
    writer.write(value, depth: 0)
    return writer.text
  }

  private mutating func write(_ value: JSON, depth: Int) {
    switch value {
    case .null: text += "null".utf8
    case .boolean(let boolean): text += (boolean ? "true" : "false").utf8
    case .integer(let integer): text += integer.description.utf8
    case .number(let number):
      precondition(number.isFinite, "JSON has no infinity")
      text += number.description.utf8
    case .string(let string): write(string)
    case .array(let elements): write(elements, depth: depth)
    case .object(let object): write(object, depth: depth)
    }
  }

  private mutating func write(_ elements: [JSON], depth: Int) {
    text.append(UInt8(ascii: "["))
    for (index, element) in elements.enumerated() {
      separate(index, depth: depth + 1)
      write(element, depth: depth + 1)
    }
    close(UInt8(ascii: "]"), isEmpty: elements.isEmpty, depth: depth)
  }

  private mutating func write(_ object: JSONObject, depth: Int) {
    text.append(UInt8(ascii: "{"))
    for (index, member) in object.members.enumerated() {
      separate(index, depth: depth + 1)
      write(member.name)
      text.append(UInt8(ascii: ":"))
      if style == .pretty { text.append(UInt8(ascii: " ")) }
      write(member.value, depth: depth + 1)
    }
    close(UInt8(ascii: "}"), isEmpty: object.members.isEmpty, depth: depth)
  }

  private mutating func separate(_ index: Int, depth: Int) {
    if index > 0 { text.append(UInt8(ascii: ",")) }
    if style == .pretty { startLine(depth: depth) }
  }

  private mutating func close(_ mark: UInt8, isEmpty: Bool, depth: Int) {
    if style == .pretty, !isEmpty { startLine(depth: depth) }
    text.append(mark)
  }

  private mutating func startLine(depth: Int) {
    text.append(0x0a)
    text += repeatElement(UInt8(ascii: " "), count: depth * 2)
  }

  private mutating func write(_ string: String) {
    text.append(UInt8(ascii: "\""))
    for byte in string.utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"): text += [UInt8(ascii: "\\"), byte]
      case 0x0a: text += "\\n".utf8
      case 0x0d: text += "\\r".utf8
      case 0x09: text += "\\t".utf8
      case 0..<0x20, 0x7f:
        let digits = String(byte, radix: 16)
        text += "\\u\(String(repeating: "0", count: 4 - digits.utf8.count))\(digits)".utf8
      default: text.append(byte)
      }
    }
    text.append(UInt8(ascii: "\""))
  }
}

extension JSON: CustomStringConvertible {
  /// The value on one line.
  package var description: String { String(decoding: JSONWriter.bytes(of: self), as: UTF8.self) }

  /// The value for people, without a line break at its end.
  package var pretty: String { String(decoding: JSONWriter.bytes(of: self, .pretty), as: UTF8.self) }
}

// SPDX-License-Identifier: Apache-2.0
internal import Octets

/// Reads JSON from bytes that a stranger sent (RFC 8259), strictly and within limits.
///
/// Refused besides what the grammar refuses: text that is not UTF-8, a name that stands twice in an object, half a surrogate pair,
/// numbers that no double holds, and nesting or a number of values that no honest peer sends. The input has its length bounded by the
/// caller. Recursion is as deep as the limit on nesting, no deeper.
struct JSONParser: ~Copyable, ~Escapable {
  private let bytes: Span<UInt8>
  private let limits: JSONLimits
  private var index = 0
  private var values = 0

  /// A parser over borrowed bytes.
  @_lifetime(copy bytes)
  init(_ bytes: Span<UInt8>, limits: JSONLimits) {
    self.bytes = bytes
    self.limits = limits
  }

  /// Reads the one value that the bytes are.
  mutating func document() throws(JSONError) -> JSON {
    let value = try value(depth: 0)
    skipSpace()
    guard index == bytes.count else { throw error("something follows the value") }
    return value
  }

  private mutating func value(depth: Int) throws(JSONError) -> JSON {
    values += 1
    guard values <= limits.values else { throw error("more than \(limits.values) values") }
    skipSpace()
    guard index < bytes.count else { throw error("the text ends too early") }
    switch bytes[index] {
    case UInt8(ascii: "{"): return .object(try object(depth: depth + 1))
    case UInt8(ascii: "["): return .array(try array(depth: depth + 1))
    case UInt8(ascii: "\""): return .string(try string())
    case UInt8(ascii: "t"): return try word("true", .boolean(true))
    case UInt8(ascii: "f"): return try word("false", .boolean(false))
    case UInt8(ascii: "n"): return try word("null", .null)
    case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try number()
    default: throw error("no value begins like this")
    }
  }

  private mutating func object(depth: Int) throws(JSONError) -> JSONObject {
    try enter(depth)
    var object = JSONObject()
    var names: Set<String> = []
    if take(UInt8(ascii: "}")) { return object }
    repeat {
      skipSpace()
      guard index < bytes.count, bytes[index] == UInt8(ascii: "\"") else { throw error("a name must stand here") }
      let name = try string()
      guard names.insert(name).inserted else { throw error("a name stands twice in one object") }
      guard take(UInt8(ascii: ":")) else { throw error("a colon must stand here") }
      object.appendNew(name, try value(depth: depth))
    } while take(UInt8(ascii: ","))
    guard take(UInt8(ascii: "}")) else { throw error("a comma or a closing brace must stand here") }
    return object
  }

  private mutating func array(depth: Int) throws(JSONError) -> [JSON] {
    try enter(depth)
    var elements: [JSON] = []
    if take(UInt8(ascii: "]")) { return elements }
    repeat { elements.append(try value(depth: depth)) } while take(UInt8(ascii: ","))
    guard take(UInt8(ascii: "]")) else { throw error("a comma or a closing bracket must stand here") }
    return elements
  }

  private mutating func enter(_ depth: Int) throws(JSONError) {
    guard depth <= limits.depth else { throw error("nested deeper than \(limits.depth)") }
    index += 1
  }

  private mutating func word(_ text: StaticString, _ value: JSON) throws(JSONError) -> JSON {
    let end = index + text.utf8CodeUnitCount
    guard end <= bytes.count, bytes.extracting(index..<end).equals(text) else { throw error("no value begins like this") }
    index = end
    return value
  }

  private mutating func string() throws(JSONError) -> String {
    index += 1
    var text: [UInt8] = []
    while true {
      let start = index
      while index < bytes.count, bytes[index] >= 0x20, bytes[index] != UInt8(ascii: "\""), bytes[index] != UInt8(ascii: "\\") { index += 1 }
      text.append(contentsOf: bytes.extracting(start..<index).array)
      guard index < bytes.count else { throw error("a string is not closed") }
      let byte = bytes[index]
      guard byte >= 0x20 else { throw error("a control character stands in a string") }
      index += 1
      if byte == UInt8(ascii: "\"") { break }
      try escape(into: &text)
    }
    guard let string = text.span.utf8Text else { throw error("a string is not UTF-8") }
    return string
  }

  private mutating func escape(into text: inout [UInt8]) throws(JSONError) {
    guard index < bytes.count else { throw error("a string is not closed") }
    let byte = bytes[index]
    index += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): text.append(byte)
    case UInt8(ascii: "b"): text.append(0x08)
    case UInt8(ascii: "f"): text.append(0x0c)
    case UInt8(ascii: "n"): text.append(0x0a)
    case UInt8(ascii: "r"): text.append(0x0d)
    case UInt8(ascii: "t"): text.append(0x09)
    case UInt8(ascii: "u"): text.append(contentsOf: try scalar().utf8)
    default: throw error("an unknown escape stands in a string")
    }
  }

  /// The character behind `\u`, of which a pair of surrogates makes one.
  private mutating func scalar() throws(JSONError) -> String {
    let first = try fourHexDigits()
    var code = UInt32(first)
    if first & 0xfc00 == 0xd800 {
      guard index + 1 < bytes.count, bytes[index] == UInt8(ascii: "\\"), bytes[index + 1] == UInt8(ascii: "u") else {
        throw error("half a surrogate pair")
      }
      index += 2
      let second = try fourHexDigits()
      guard second & 0xfc00 == 0xdc00 else { throw error("half a surrogate pair") }
      code = 0x10000 + (UInt32(first & 0x3ff) << 10 | UInt32(second & 0x3ff))
    }
    guard let scalar = Unicode.Scalar(code) else { throw error("half a surrogate pair") }
    return String(Character(scalar))
  }

  private mutating func fourHexDigits() throws(JSONError) -> UInt16 {
    var code: UInt16 = 0
    for _ in 0..<4 {
      guard index < bytes.count, let digit = JSONParser.hexDigit(bytes[index]) else {
        throw error("four hexadecimal digits must stand here")
      }
      code = code << 4 | digit
      index += 1
    }
    return code
  }

  private static func hexDigit(_ byte: UInt8) -> UInt16? {
    if byte.isASCIIDigit { return UInt16(byte - 0x30) }
    let letter = byte.asciiLowercased &- 0x61
    return letter < 6 ? UInt16(letter + 10) : nil
  }

  private mutating func number() throws(JSONError) -> JSON {
    let start = index
    if bytes[index] == UInt8(ascii: "-") { index += 1 }
    let firstDigit = index
    guard takeDigits() > 0 else { throw error("a digit must stand here") }
    guard bytes[firstDigit] != UInt8(ascii: "0") || index == firstDigit + 1 else { throw error("a number begins with a needless zero") }
    var isWhole = true
    if index < bytes.count, bytes[index] == UInt8(ascii: ".") {
      isWhole = false
      index += 1
      guard takeDigits() > 0 else { throw error("a digit must stand here") }
    }
    if index < bytes.count, bytes[index] | 0x20 == UInt8(ascii: "e") {
      isWhole = false
      index += 1
      if index < bytes.count, bytes[index] == UInt8(ascii: "+") || bytes[index] == UInt8(ascii: "-") { index += 1 }
      guard takeDigits() > 0 else { throw error("a digit must stand here") }
    }
    guard index - start <= JSONLimits.longestNumber else { throw error("a number is too long") }
    let text = String(decoding: bytes.extracting(start..<index).array, as: UTF8.self)
    if isWhole, let integer = Int64(text) { return .integer(integer) }
    guard let number = Double(text), number.isFinite else { throw error("a number is too large") }
    return .number(number)
  }

  private mutating func takeDigits() -> Int {
    let start = index
    while index < bytes.count, bytes[index].isASCIIDigit { index += 1 }
    return index - start
  }

  /// Whether `byte` comes next, space passed over; it is taken then.
  private mutating func take(_ byte: UInt8) -> Bool {
    skipSpace()
    guard index < bytes.count, bytes[index] == byte else { return false }
    index += 1
    return true
  }

  private mutating func skipSpace() {
    while index < bytes.count {
      switch bytes[index] {
      case 0x20, 0x09, 0x0a, 0x0d: index += 1
      default: return
      }
    }
  }

  private func error(_ text: String) -> JSONError { JSONError(offset: index, text: text) }
}

/// How much of a stranger's JSON is read at most.
package struct JSONLimits: Hashable, Sendable {
  /// How deep arrays and objects may be nested.
  package let depth: Int
  /// How many values there may be, those inside others included.
  package let values: Int

  /// Limits from their parts.
  package init(depth: Int, values: Int) {
    precondition(depth > 0 && values > 0, "limits leave room for something")
    self.depth = depth
    self.values = values
  }

  /// What suits one message of the control socket.
  package static let message = JSONLimits(depth: 32, values: 100_000)

  static let longestNumber = 64
}

/// Why some bytes are not the JSON we accept.
package struct JSONError: Error, Hashable, Sendable {
  /// How many bytes were read before.
  package let offset: Int
  /// What is wrong there.
  package let text: String
}

extension JSONError: CustomStringConvertible {
  package var description: String { "not acceptable as JSON at byte \(offset): \(text)" }
}

extension JSON {
  /// The value that bytes are, when they are one value and nothing else.
  package init(parsing bytes: Span<UInt8>, limits: JSONLimits = .message) throws(JSONError) {
    var parser = JSONParser(bytes, limits: limits)
    self = try parser.document()
  }
}

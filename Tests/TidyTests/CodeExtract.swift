// SPDX-License-Identifier: Apache-2.0
/// Swift text with comments and the text of string literals blanked, line for line as long as before.
///
/// It knows line and nested block comments, literals on one line and on several, with and without `#`, and interpolations, whose code
/// it keeps. Regular expression literals are not used in this house.
struct CodeExtract {
  private let source: [UInt8]
  private var place = 0
  private var kept: [UInt8] = []

  init(_ source: String) {
    self.source = Array(source.utf8)
    kept.reserveCapacity(self.source.count)
    keepCode()
  }

  /// What is left.
  var text: String { String(decoding: kept, as: UTF8.self) }

  /// Keeps code up to the parenthesis that closes an interpolation, or to the end.
  private mutating func keepCode() {
    var depth = 0
    while place < source.count {
      if sees("//") {
        while place < source.count, source[place] != UInt8(ascii: "\n") { blank(1) }
      } else if sees("/*") {
        blankComment()
      } else if source[place] == UInt8(ascii: "\"") || startsRawLiteral {
        blankLiteral()
      } else {
        if sees("(") { depth += 1 }
        if sees(")") { depth -= 1 }
        kept.append(source[place])
        place += 1
        if depth < 0 { return }
      }
    }
  }

  private func sees(_ mark: String) -> Bool { source[place...].starts(with: mark.utf8) }

  private var startsRawLiteral: Bool {
    source[place] == UInt8(ascii: "#") && source[place...].first { $0 != UInt8(ascii: "#") } == UInt8(ascii: "\"")
  }

  private mutating func blankLiteral() {
    let hashes = String(repeating: "#", count: source[place...].prefix { $0 == UInt8(ascii: "#") }.count)
    blank(hashes.count)
    let quote = sees("\"\"\"") ? "\"\"\"" : "\""
    blank(quote.count)
    let end = quote + hashes
    let escape = "\\" + hashes
    let interpolation = escape + "("
    while place < source.count, !sees(end) {
      if sees(interpolation) {
        blank(escape.count)
        kept.append(source[place])
        place += 1
        keepCode()
      } else if sees(escape) {
        blank(escape.count + 1)
      } else {
        blank(1)
      }
    }
    blank(end.count)
  }

  private mutating func blankComment() {
    var depth = 0
    repeat {
      let change = sees("/*") ? 1 : sees("*/") ? -1 : 0
      depth += change
      blank(change == 0 ? 1 : 2)
    } while depth > 0 && place < source.count
  }

  /// Passes over bytes, leaving blanks, or the line breaks that they are.
  private mutating func blank(_ count: Int) {
    for byte in source[place...].prefix(count) { kept.append(byte == UInt8(ascii: "\n") ? byte : UInt8(ascii: " ")) }
    place = min(place + count, source.count)
  }
}

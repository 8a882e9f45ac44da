// SPDX-License-Identifier: Apache-2.0
internal import Octets

/// Domain names and address literals (RFC 5321 §4.1.2, §4.1.3; RFC 6531 for labels outside ASCII).
package enum DomainGrammar {
  /// Steps over a domain or a literal in square brackets. Whether its characters outside ASCII are UTF-8 is for the caller to check.
  package static func take(_ scanner: inout GrammarScanner) throws(AddressFault) {
    if scanner.next == UInt8(ascii: "[") { return try takeLiteral(&scanner) }
    let range = scanner.take(while: { isLabelByte($0) || $0 == UInt8(ascii: ".") })
    guard range.count <= 255 else { throw .domainTooLong }
    let text = scanner.bytes.extracting(range)
    var start = 0
    repeat {
      let end = text.firstIndex(of: UInt8(ascii: "."), from: start) ?? text.count
      let label = text.extracting(start..<end)
      guard label.count <= 63 else { throw .domainTooLong }
      guard let first = label.isEmpty ? nil : label[0], first != UInt8(ascii: "-") else { throw .badDomain }
      guard label[label.count - 1] != UInt8(ascii: "-") else { throw .badDomain }
      start = end + 1
    } while start <= text.count
  }

  private static func isLabelByte(_ byte: UInt8) -> Bool {
    byte.isASCIILetter || byte.isASCIIDigit || byte == UInt8(ascii: "-") || byte == UInt8(ascii: "_") || byte >= 0x80
  }

  /// `[192.0.2.1]`, `[IPv6:2001:db8::1]`, or a tag with a content that only somebody else understands.
  private static func takeLiteral(_ scanner: inout GrammarScanner) throws(AddressFault) {
    _ = scanner.take(UInt8(ascii: "["))
    // dcontent: printable ASCII without brackets and backslash.
    let content = scanner.bytes.extracting(
      scanner.take(while: { $0 > 0x20 && $0 < 0x7f && ($0 < UInt8(ascii: "[") || $0 > UInt8(ascii: "]")) }))
    guard scanner.take(UInt8(ascii: "]")) else { throw .badLiteral }
    guard content.count <= 253 else { throw .domainTooLong }
    if content.startsIgnoringCase(with: "IPV6:") {
      guard let address = content.extracting(5..<content.count).utf8Text, address.contains(":"), IPAddress(address) != nil else {
        throw .badLiteral
      }
    } else if let colon = content.firstIndex(of: UInt8(ascii: ":")) {
      // An IPv6 address without its tag would pass for a tag and something.
      guard colon > 0, colon + 1 < content.count, content[colon - 1] != UInt8(ascii: "-"), IPAddress(content) == nil else {
        throw .badLiteral
      }
      for index in 0..<colon where !content[index].isASCIILetter && !content[index].isASCIIDigit && content[index] != UInt8(ascii: "-") {
        throw .badLiteral
      }
    } else {
      guard IPAddress(content) != nil else { throw .badLiteral }
    }
  }
}

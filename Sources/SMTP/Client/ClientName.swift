// SPDX-License-Identifier: Apache-2.0
internal import Octets

/// The name we greet an upstream with in EHLO and HELO: a host name, or an address literal in brackets (RFC 5321 §4.1.4).
package struct ClientName: Hashable, Sendable {
  /// The name as it is sent.
  package let text: String

  /// The name, when it is one: letters, digits, dots, hyphens and underscores, or a literal such as `[127.0.0.1]` or `[IPv6:::1]`.
  package init?(_ text: String) {
    let bytes = Array(text.utf8)
    guard !bytes.isEmpty, bytes.count <= 255 else { return nil }
    let isLiteral = bytes.count > 2 && bytes.first == UInt8(ascii: "[") && bytes.last == UInt8(ascii: "]")
    let inner = isLiteral ? bytes.dropFirst().dropLast() : bytes[...]
    let marks: [UInt8] = isLiteral ? [0x2e, 0x3a, 0x2d] : [0x2e, 0x2d, 0x5f]
    guard inner.allSatisfy({ $0.isASCIILetter || $0.isASCIIDigit || marks.contains($0) }) else { return nil }
    guard isLiteral || (bytes.first != UInt8(ascii: ".") && bytes.first != UInt8(ascii: "-")) else { return nil }
    self.text = text
  }
}

// SPDX-License-Identifier: Apache-2.0
internal import Octets

/// The coding by which a text travels as the value of an ESMTP parameter (RFC 3461 §4): `+` and two hexadecimal digits for what may not
/// stand there.
///
/// What is decoded here is printable ASCII or nothing: a peer cannot bring a line break into a record, and hence not into another's
/// dialogue, by coding it.
package enum Xtext {
  /// The text that `coded` stands for; nil when the coding is broken or hides what is not printable ASCII.
  package static func decode(_ coded: Span<UInt8>) -> String? {
    var text: [UInt8] = []
    text.reserveCapacity(coded.count)
    var index = 0
    while index < coded.count {
      var byte = coded[index]
      if byte == UInt8(ascii: "+") {
        guard index + 2 < coded.count, let high = digit(coded[index + 1]), let low = digit(coded[index + 2]) else { return nil }
        byte = high << 4 | low
        index += 2
      } else if byte == UInt8(ascii: "=") || byte == 0x20 {
        return nil
      }
      guard byte >= 0x20, byte < 0x7f else { return nil }
      text.append(byte)
      index += 1
    }
    return String(decoding: text, as: UTF8.self)
  }

  /// `text` as it travels; bytes outside ASCII are coded too, though only a reader that knows of them will take them back.
  package static func encode(_ text: String) -> String {
    var coded: [UInt8] = []
    coded.reserveCapacity(text.utf8.count)
    for byte in text.utf8 {
      if byte > 0x20, byte < 0x7f, byte != UInt8(ascii: "+"), byte != UInt8(ascii: "=") {
        coded.append(byte)
      } else {
        coded += [UInt8(ascii: "+"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
      }
    }
    return String(decoding: coded, as: UTF8.self)
  }

  private static let digits = Array("0123456789ABCDEF".utf8)

  /// RFC 3461 writes the digits in upper case; senders that use lower case are understood.
  private static func digit(_ byte: UInt8) -> UInt8? {
    if byte.isASCIIDigit { return byte - 0x30 }
    let lower = byte | 0x20
    return lower &- 0x61 < 6 ? lower - 0x57 : nil
  }
}

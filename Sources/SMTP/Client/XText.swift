// SPDX-License-Identifier: Apache-2.0
/// Coding of free text as one argument of a command (RFC 3461 §4, RFC 6533 §3): whatever comes in, only printable ASCII without a space
/// comes out.
enum XText {
  /// The text with everything but printable ASCII, and also `+` and `=`, written as `+XX`.
  static func encode(_ text: String) -> String {
    var result: [UInt8] = []
    for byte in text.utf8 { append(byte, to: &result) }
    return String(decoding: result, as: UTF8.self)
  }

  /// The argument of ORCPT for `type;address`; nil when it cannot be expressed there, so that the parameter is left out.
  static func originalRecipient(_ original: String) -> String? {
    let parts = original.split(separator: ";", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else { return nil }
    guard parts[0].utf8.allSatisfy({ $0 == 0x2d || ($0 | 0x20) &- 0x61 < 26 || $0 &- 0x30 < 10 }) else { return nil }
    let address = String(parts[1])
    let code: String
    if parts[0].lowercased() == "utf-8" {
      code = encodeUnicode(address)
    } else {
      guard address.utf8.allSatisfy({ $0 < 0x80 }) else { return nil }
      code = encode(address)
    }
    let argument = "\(parts[0]);\(code)"
    return argument.utf8.count <= 500 ? argument : nil
  }

  /// The form `utf-8-addr-xtext`: what is not plain stands as `\x{HEX}`, which any server can pass on.
  private static func encodeUnicode(_ address: String) -> String {
    var result = ""
    for scalar in address.unicodeScalars {
      let isPlain = scalar.value > 0x20 && scalar.value < 0x7f && scalar != "\\" && scalar != "+" && scalar != "="
      if isPlain {
        result.unicodeScalars.append(scalar)
      } else {
        result += "\\x{" + String(scalar.value, radix: 16, uppercase: true) + "}"
      }
    }
    return result
  }

  private static func append(_ byte: UInt8, to result: inout [UInt8]) {
    if byte > 0x20, byte < 0x7f, byte != UInt8(ascii: "+"), byte != UInt8(ascii: "=") {
      result.append(byte)
    } else {
      let digits = Array("0123456789ABCDEF".utf8)
      result += [UInt8(ascii: "+"), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
    }
  }
}

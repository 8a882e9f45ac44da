// SPDX-License-Identifier: Apache-2.0
internal import Octets

/// What a report may be written in.
enum ReportForm: Hashable, Sendable {
  /// Printable ASCII only.
  case ascii
  /// UTF-8 as well (RFC 6533).
  case unicode

  /// Whether a text can stand in a header field as it is.
  func permits(_ text: String) -> Bool {
    switch self {
    case .ascii: text.utf8.span.isPlain
    case .unicode: text.unicodeScalars.allSatisfy(\.isPrintable)
    }
  }

  /// The text with everything that cannot stand in a header field made a question mark.
  func clean(_ text: String) -> String {
    String(String.UnicodeScalarView(text.unicodeScalars.map { $0.isPrintable && (self == .unicode || $0.isASCII) ? $0 : "?" }))
  }

  /// An address with its type, as the fields of a report have it.
  func typed(_ mailbox: Mailbox) -> String {
    if mailbox.isASCII { return "rfc822; \(clean(mailbox.text))" }
    return switch self {
    case .ascii: "utf-8; \(UnicodeAddress.encode(mailbox.text))"
    case .unicode: "utf-8; \(clean(mailbox.text))"
    }
  }
}

/// The form `utf-8-addr-xtext` of an address beyond ASCII (RFC 6533 §3): what is not plain stands as `\x{HEX}`, which anything can carry.
package enum UnicodeAddress {
  /// The coded address.
  package static func encode(_ address: String) -> String {
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
}

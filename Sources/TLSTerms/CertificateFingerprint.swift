// SPDX-License-Identifier: Apache-2.0
/// The SHA-256 hash of a certificate, as `openssl x509 -fingerprint -sha256` shows it, or of its public key.
package struct CertificateFingerprint: Hashable, Sendable {
  private let bytes: [UInt8]

  /// A fingerprint from its 32 bytes; nil when they are fewer or more.
  package init?(_ bytes: [UInt8]) {
    guard bytes.count == CertificateFingerprint.length else { return nil }
    self.bytes = bytes
  }

  /// A fingerprint from 64 hexadecimal digits, with or without colons between the pairs and `sha256:` in front; nil when it is none.
  package init?(_ text: String) {
    let prefix = "sha256:"
    let digits = text.lowercased().hasPrefix(prefix) ? text.dropFirst(prefix.count) : Substring(text)
    let pairs = digits.contains(":") ? digits.split(separator: ":", omittingEmptySubsequences: false) : CertificateFingerprint.pairs(digits)
    guard pairs.allSatisfy({ $0.utf8.count == 2 && $0.allSatisfy(\.isHexDigit) }) else { return nil }
    self.init(pairs.compactMap { UInt8($0, radix: 16) })
  }

  private static func pairs(_ digits: Substring) -> [Substring] {
    guard digits.utf8.count == 2 * length, digits.allSatisfy(\.isASCII) else { return [] }
    return stride(from: 0, to: 2 * length, by: 2).map { start in
      digits.dropFirst(start).prefix(2)
    }
  }

  /// How many bytes a fingerprint has.
  package static let length = 32
}

extension CertificateFingerprint: CustomStringConvertible {
  /// `sha256:` and 64 digits, as the settings take it.
  package var description: String {
    "sha256:" + bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
  }
}

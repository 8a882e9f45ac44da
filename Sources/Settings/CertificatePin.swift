// SPDX-License-Identifier: Apache-2.0

/// The SHA-256 hash of a certificate or of its public key, as a setting.
package struct CertificatePin: Hashable, Sendable {
  /// The 32 bytes of the hash.
  package let bytes: [UInt8]
}

extension CertificatePin: SingleSettingValue {
  static var kind: String { "fingerprint" }

  init(written text: String) throws(ValueRefusal) {
    let refusal = ValueRefusal(
      "is not a SHA-256 fingerprint", "write sha256: and 64 hexadecimal digits, as openssl x509 -noout -fingerprint -sha256 shows them")
    let prefix = "sha256:"
    let digits = text.lowercased().hasPrefix(prefix) ? text.dropFirst(prefix.count) : text[...]
    let pairs = digits.contains(":") ? digits.split(separator: ":", omittingEmptySubsequences: false) : CertificatePin.pairs(digits)
    let bytes = pairs.compactMap { $0.utf8.count == 2 && $0.allSatisfy(\.isHexDigit) ? UInt8($0, radix: 16) : nil }
    guard pairs.count == CertificatePin.length, bytes.count == CertificatePin.length else { throw refusal }
    self.init(bytes: bytes)
  }

  var text: String { "sha256:" + bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined() }

  private static func pairs(_ digits: Substring) -> [Substring] {
    guard digits.utf8.count == 2 * length, digits.allSatisfy(\.isASCII) else { return [] }
    return stride(from: 0, to: 2 * length, by: 2).map { digits.dropFirst($0).prefix(2) }
  }

  private static let length = 32
}

// SPDX-License-Identifier: Apache-2.0
internal import Mail
internal import Octets

/// The address as it was first given, as the argument of ORCPT (RFC 3461 §4.2, RFC 6533 §3): whatever comes in, only printable ASCII
/// without a space comes out.
enum OriginalRecipient {
  /// The argument for `type;address`; nil when it cannot be expressed there, so that the parameter is left out.
  static func argument(_ original: String) -> String? {
    let parts = original.split(separator: ";", maxSplits: 1, omittingEmptySubsequences: false)
    guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else { return nil }
    guard parts[0].utf8.allSatisfy({ $0 == UInt8(ascii: "-") || $0.isASCIILetter || $0.isASCIIDigit }) else { return nil }
    let address = String(parts[1])
    let coded: String
    if parts[0].lowercased() == "utf-8" {
      coded = UnicodeAddress.encode(address)
    } else {
      guard address.utf8.allSatisfy({ $0 < 0x80 }) else { return nil }
      coded = Xtext.encode(address)
    }
    let argument = "\(parts[0]);\(coded)"
    return argument.utf8.count <= 500 ? argument : nil
  }
}

// SPDX-License-Identifier: Apache-2.0
internal import Octets

/// Our part of what makes two logins differ: 24 random bytes, written in base 64 so that no comma can stand among them (RFC 5802 §5.1).
package struct SASLNonce: Hashable, Sendable {
  let text: String

  /// A nonce from a generator, which must be unpredictable outside of tests.
  package init(using generator: inout some RandomNumberGenerator) {
    text = Base64.encode((0..<24).map { _ in UInt8.random(in: 0...255, using: &generator) })
  }

  /// A nonce that is known beforehand, for vectors; nil when it is none.
  package init?(_ text: String) {
    guard !text.isEmpty, text.utf8.allSatisfy({ (0x21...0x7e).contains($0) && $0 != UInt8(ascii: ",") }) else { return nil }
    self.text = text
  }
}

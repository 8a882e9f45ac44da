// SPDX-License-Identifier: Apache-2.0
/// The protocol a message came in by, as the `with` clause of a trace header names it (RFC 3848, RFC 6531 §4.3).
package struct TransferProtocol: Hashable, Sendable {
  /// Whether the client said EHLO.
  package var isExtended: Bool
  /// Whether the connection was encrypted.
  package var isEncrypted: Bool
  /// Whether somebody proved who they are.
  package var isAuthenticated: Bool
  /// Whether addresses or headers need SMTPUTF8.
  package var isInternationalized: Bool

  /// A protocol with these properties.
  package init(isExtended: Bool, isEncrypted: Bool = false, isAuthenticated: Bool = false, isInternationalized: Bool = false) {
    self.isExtended = isExtended
    self.isEncrypted = isEncrypted
    self.isAuthenticated = isAuthenticated
    self.isInternationalized = isInternationalized
  }
}

extension TransferProtocol: CustomStringConvertible {
  /// The registered name: `SMTP`, `ESMTP`, `ESMTPS`, `ESMTPA`, `ESMTPSA`, or the same with `UTF8SMTP`.
  package var description: String {
    guard isExtended else { return "SMTP" }
    return (isInternationalized ? "UTF8SMTP" : "ESMTP") + (isEncrypted ? "S" : "") + (isAuthenticated ? "A" : "")
  }
}

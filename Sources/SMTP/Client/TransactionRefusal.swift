// SPDX-License-Identifier: Apache-2.0
package import Mail
package import Octets

/// Why a message cannot go to an upstream, known before a command is sent; final for the whole message there.
package enum TransactionRefusal: Error, Hashable, Sendable {
  /// The upstream announced a smaller limit.
  case tooLarge(size: ByteCount, limit: ByteCount)
  /// An address or header needs SMTPUTF8.
  case internationalizationNotOffered
  /// The body has no lines, so that only BDAT could carry it.
  case binaryNotOffered
  /// The sender demands encryption on every hop.
  case requireTLSNotOffered
  /// An address cannot stand in a command; shown printable.
  case unsafeAddress(String)

  static let shownAddress = 80

  /// What becomes of every recipient.
  package var outcome: Outcome {
    Outcome(.failed, Outcome.Reason(code: 0, status: status.description, text: description))
  }

  /// The enhanced status code of a report (RFC 3463, RFC 6531, RFC 8689).
  package var status: EnhancedStatus {
    switch self {
    case .tooLarge: EnhancedStatus(5, 3, 4)
    case .internationalizationNotOffered: EnhancedStatus(5, 6, 7)
    case .binaryNotOffered: EnhancedStatus(5, 6, 3)
    case .requireTLSNotOffered: EnhancedStatus(5, 7, 30)
    case .unsafeAddress: EnhancedStatus(5, 1, 3)
    }
  }
}

extension TransactionRefusal: CustomStringConvertible {
  package var description: String {
    switch self {
    case .tooLarge(let size, let limit):
      "the message has \(size.bytes) bytes and the upstream takes \(limit.bytes) at most"
    case .internationalizationNotOffered:
      "the message needs SMTPUTF8, which the upstream does not offer; use ASCII addresses or another upstream"
    case .binaryNotOffered:
      "the message has a binary body, and the upstream does not offer BINARYMIME with CHUNKING; encode the body in base64"
    case .requireTLSNotOffered:
      "the sender requires TLS on every hop (REQUIRETLS), which the upstream does not offer"
    case .unsafeAddress(let shown):
      "the address \"\(shown)\" cannot stand in an SMTP command"
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
internal import Octets

/// The name of one message in this house, for as long as its spool exists.
///
/// Numbers grow: each is at least the microsecond of its making, so a later message has a larger one, also after a restart. As text
/// it is lower-case Crockford base 32 without leading zeros (`1k9d3f0v7q2`), which survives being read out over a telephone.
package struct MessageID: Hashable, Comparable, Sendable {
  /// The number itself; zero names no message.
  package let number: UInt64

  /// The message with this number.
  package init(number: UInt64) { self.number = number }

  /// The identifier that `text` shows, in either case; nil when it is none.
  package init?(_ text: some StringProtocol) {
    var number: UInt64 = 0
    guard !text.isEmpty, text.utf8.count <= 13 else { return nil }
    for byte in text.utf8 {
      guard let digit = MessageID.digits.firstIndex(of: byte | (byte >= 0x41 ? 0x20 : 0)) else { return nil }
      let (shifted, overflow) = number.multipliedReportingOverflow(by: 32)
      guard !overflow else { return nil }
      number = shifted | UInt64(digit)
    }
    guard number != 0 else { return nil }
    self.number = number
  }

  package static func < (left: MessageID, right: MessageID) -> Bool { left.number < right.number }

  private static let digits = Array("0123456789abcdefghjkmnpqrstvwxyz".utf8)
}

extension MessageID: CustomStringConvertible {
  package var description: String {
    String(capacity: MessageID.longestText) { append(to: &$0) }
  }

  /// The longest text of an identifier.
  package static let longestText = 13

  /// Adds the text of the identifier.
  package func append(to text: inout OutputSpan<UInt8>) {
    let digits = MessageID.digits
    var places = InlineArray<13, UInt8>(repeating: 0)
    var start = 13
    var rest = number
    repeat {
      start -= 1
      places[start] = digits[Int(rest & 31)]
      rest >>= 5
    } while rest > 0
    text.append(places.span.extracting(start..<13))
  }
}

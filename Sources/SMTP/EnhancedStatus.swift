// SPDX-License-Identifier: Apache-2.0
internal import Octets

/// An enhanced mail system status code (RFC 3463): class, subject and detail, such as `5.1.1`.
///
/// The class repeats the first digit of the reply code; the other two say what it is about, so that a program can tell a full
/// disk from a wrong address. Invariant: the class is 2, 4 or 5, and neither other number is above 999.
package struct EnhancedStatus: Hashable, Sendable {
  /// 2 for success, 4 for what may pass, 5 for what will not.
  package let severity: UInt8
  /// What it is about: addressing, mailbox, mail system, network, protocol, content or security.
  package let subject: UInt16
  /// What precisely.
  package let detail: UInt16

  /// The status `severity.subject.detail`.
  package init(_ severity: UInt8, _ subject: UInt16, _ detail: UInt16) {
    precondition(severity == 2 || severity == 4 || severity == 5, "a status is of class 2, 4 or 5")
    precondition(subject <= 999 && detail <= 999, "a part of a status has at most three digits")
    self.severity = severity
    self.subject = subject
    self.detail = detail
  }

  /// The status that `text` begins with, up to its end or a space, and how many bytes it takes without that space; nil when there is none.
  package static func leading(_ text: Span<UInt8>) -> (status: EnhancedStatus, length: Int)? {
    guard text.count >= 5, text[1] == UInt8(ascii: ".") else { return nil }
    let severity = text[0] &- 0x30
    guard severity == 2 || severity == 4 || severity == 5 else { return nil }
    guard let subject = number(text, at: 2), subject.end < text.count, text[subject.end] == UInt8(ascii: ".") else { return nil }
    guard let detail = number(text, at: subject.end + 1) else { return nil }
    guard detail.end == text.count || text[detail.end] == UInt8(ascii: " ") else { return nil }
    return (EnhancedStatus(severity, subject.value, detail.value), detail.end)
  }

  private static func number(_ text: Span<UInt8>, at start: Int) -> (value: UInt16, end: Int)? {
    var (value, index): (UInt16, Int) = (0, start)
    while index < text.count, index - start < 3, text[index].isASCIIDigit {
      value = value * 10 + UInt16(text[index] - 0x30)
      index += 1
    }
    return index == start ? nil : (value, index)
  }
}

extension EnhancedStatus: CustomStringConvertible {
  package var description: String { "\(severity).\(subject).\(detail)" }
}

// SPDX-License-Identifier: Apache-2.0
internal import Octets

/// The enhanced status code of an upstream's reply: class, subject, detail (RFC 3463 §2).
package struct UpstreamStatus: Hashable, Sendable {
  /// 2 for success, 4 for a persistent transient failure, 5 for a permanent one.
  package let kind: UInt8
  /// What the code is about.
  package let subject: UInt16
  /// Which case of the subject it is.
  package let detail: UInt16

  /// A status from its three numbers.
  package init(_ kind: UInt8, _ subject: UInt16, _ detail: UInt16) {
    self.kind = kind
    self.subject = subject
    self.detail = detail
  }

  /// The status at the start of `text`, when it is whole and followed by a space or nothing; and how many bytes it takes.
  static func parse(_ text: Span<UInt8>) -> (status: UpstreamStatus, length: Int)? {
    guard text.count >= 5, text[1] == UInt8(ascii: ".") else { return nil }
    let kind = text[0] &- UInt8(ascii: "0")
    guard kind == 2 || kind == 4 || kind == 5 else { return nil }
    guard let subject = number(text, from: 2), subject.end < text.count, text[subject.end] == UInt8(ascii: ".") else { return nil }
    guard let detail = number(text, from: subject.end + 1) else { return nil }
    guard detail.end == text.count || text[detail.end] == UInt8(ascii: " ") else { return nil }
    return (UpstreamStatus(kind, subject.value, detail.value), detail.end)
  }

  private static func number(_ text: Span<UInt8>, from start: Int) -> (value: UInt16, end: Int)? {
    var (value, end): (UInt16, Int) = (0, start)
    while end < text.count, text[end].isASCIIDigit {
      guard end < start + 3 else { return nil }
      value = value * 10 + UInt16(text[end] - UInt8(ascii: "0"))
      end += 1
    }
    return end > start ? (value, end) : nil
  }
}

extension UpstreamStatus: CustomStringConvertible {
  package var description: String { "\(kind).\(subject).\(detail)" }
}

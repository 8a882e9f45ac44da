// SPDX-License-Identifier: Apache-2.0
package import Octets

/// What we say to a client: a code, mostly an enhanced status, and words, in one line or several (RFC 5321 §4.2, RFC 2034).
///
/// Whatever its text is made of, no reply can break out of its line: bytes that are not printable ASCII leave as `?`, and a line is
/// cut at the 512 octets that RFC 5321 §4.5.3.1.5 allows. A one-line reply made from literals costs no allocation.
package struct Reply: Hashable, Sendable {
  /// The three digits, 200 to 599.
  package let code: UInt16
  /// The enhanced status, repeated in front of every line; nil for greetings and the continuations `334` and `354`.
  package let status: EnhancedStatus?
  /// The words of the first line.
  package let text: String
  /// The words of the lines behind it.
  package let furtherLines: [String]

  /// A reply; its enhanced status, where there is one, is of the code's class.
  package init(_ code: UInt16, _ status: EnhancedStatus?, _ text: String, furtherLines: [String] = []) {
    precondition(code >= 200 && code <= 599, "a reply has a code of three digits from 2 to 5")
    precondition(status == nil || UInt16(status!.severity) == code / 100, "a status is of its code's class")
    self.code = code
    self.status = status
    self.text = text
    self.furtherLines = furtherLines
  }

  /// A reply without an enhanced status: a greeting, or a continuation.
  package init(_ code: UInt16, _ text: String, furtherLines: [String] = []) {
    self.init(code, nil, text, furtherLines: furtherLines)
  }

  /// Whether the command succeeded, or may go on (2xx and 3xx).
  package var isPositive: Bool { code < 400 }

  /// Writes it behind what waits in `queue`: every line but the last with a hyphen behind the code, each ended by CRLF.
  package func append(to queue: inout ByteQueue) {
    appendLine(text, isLast: furtherLines.isEmpty, to: &queue)
    for (index, line) in furtherLines.enumerated() {
      appendLine(line, isLast: index == furtherLines.count - 1, to: &queue)
    }
  }

  private func appendLine(_ words: String, isLast: Bool, to queue: inout ByteQueue) {
    let bytes = words.utf8.span
    queue.append(addingCapacity: min(bytes.count + Reply.longestHead + 2, Reply.longestLine)) { line in
      line.append(decimal: code)
      line.append(isLast ? " " : "-")
      if let status {
        line.append(decimal: UInt16(status.severity))
        line.append(".")
        line.append(decimal: status.subject)
        line.append(".")
        line.append(decimal: status.detail)
        line.append(" ")
      }
      line.append(printable: bytes.extracting(first: Reply.longestLine - 2 - line.count))
      line.append("\r\n")
    }
  }

  /// The longest line of a reply, its CRLF included.
  private static let longestLine = 512
  /// What stands in front of the words is no longer: `250-5.999.999 `.
  private static let longestHead = 14
}

extension OutputSpan where Element == UInt8 {
  /// Adds a number of at most three digits.
  @_lifetime(self: copy self)
  fileprivate mutating func append(decimal number: UInt16) {
    if number >= 100 { append(UInt8(ascii: "0") + UInt8(number / 100)) }
    if number >= 10 { append(UInt8(ascii: "0") + UInt8(number / 10 % 10)) }
    append(UInt8(ascii: "0") + UInt8(number % 10))
  }

  /// Adds text of which nothing but printable ASCII is kept as it is.
  @_lifetime(self: copy self)
  fileprivate mutating func append(printable text: Span<UInt8>) {
    if text.isPlain { return append(text) }
    for index in text.indices { append(text[index] &- 0x20 < 0x5f ? text[index] : UInt8(ascii: "?")) }
  }
}

extension Reply: CustomStringConvertible {
  /// The reply as a log shows it, its lines joined by ` / `.
  package var description: String {
    let words = ([text] + furtherLines).joined(separator: " / ")
    return status.map { "\(code) \($0) \(words)" } ?? "\(code) \(words)"
  }
}

// SPDX-License-Identifier: Apache-2.0

/// A message as it arrived.
package struct DeliveredMessage: Sendable {
  /// All its bytes.
  package let bytes: [UInt8]

  /// A message with these bytes.
  package init(_ bytes: [UInt8]) { self.bytes = bytes }

  /// All of it as text, with LF for CRLF.
  package var text: String { String(decoding: bytes.filter { $0 != 13 }, as: UTF8.self) }

  /// What follows the first empty line.
  package var body: String {
    let text = self.text
    guard let gap = text.firstRange(of: "\n\n") else { return "" }
    return String(text[gap.upperBound...])
  }

  /// Every value of a header field, continuation lines joined by a blank.
  package func values(of field: String) -> [String] {
    var values: [String] = []
    var isInside = false
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      if line.isEmpty { break }
      if line.first == " " || line.first == "\t" {
        if isInside, let last = values.popLast() { values.append(last + " " + line.drop { $0 == " " || $0 == "\t" }) }
        continue
      }
      isInside = line.lowercased().hasPrefix(field.lowercased() + ":")
      if isInside { values.append(String(line.dropFirst(field.count + 1).drop { $0 == " " })) }
    }
    return values
  }

  /// The first value of a header field.
  package func value(of field: String) -> String? { values(of: field).first }
}

// SPDX-License-Identifier: Apache-2.0
internal import Octets

/// The message that a report is about: all of it, or its beginning with at least the header section.
package struct OriginalMessage: Sendable {
  /// The bytes that are known, in clean CRLF lines.
  package let bytes: [UInt8]
  /// Whether they are everything.
  package let extent: Envelope.ReportContent
  /// How many of them are the header section, the empty line not included.
  let headerLength: Int

  /// A message as it was stored.
  package init(_ bytes: [UInt8], _ extent: Envelope.ReportContent) {
    self.bytes = bytes
    self.extent = extent
    var survey = HeaderSurvey()
    survey.add(bytes.span)
    headerLength = survey.length
  }

  /// The header section, cut at the end of a line where it is longer than `limit`.
  func header(limit: ByteCount) -> ArraySlice<UInt8> {
    let all = bytes[..<headerLength]
    guard all.count > limit.bytes else { return all }
    return all.prefix(limit.bytes).lastIndex(of: 0x0a).map { all[...$0] } ?? []
  }

  /// The first header field of a name, given in lower case, on one line and in printable characters; nil where there is none or it is
  /// too long.
  func field(_ name: String, limit: Int) -> String? {
    var value: [UInt8]?
    for line in bytes[..<headerLength].split(separator: 0x0a) {
      let text = line.last == 0x0d ? line.dropLast() : line
      if let begun = value {
        guard text.first == 0x20 || text.first == 0x09 else { break }
        value = begun + text
      } else if let colon = text.firstIndex(of: UInt8(ascii: ":")) {
        let found = String(decoding: text[..<colon].map(\.asciiLowercased), as: UTF8.self)
        if found.prefix(while: { $0 != " " && $0 != "\t" }) == name { value = Array(text[(colon + 1)...]) }
      }
      guard value.map({ $0.count <= limit }) ?? true else { return nil }
    }
    guard let value, let text = String(validating: value, as: UTF8.self) else { return nil }
    let words = text.split { $0 == " " || $0 == "\t" }.joined(separator: " ")
    return words.isEmpty || words.unicodeScalars.contains { !$0.isPrintable } ? nil : words
  }
}

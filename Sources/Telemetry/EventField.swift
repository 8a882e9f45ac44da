// SPDX-License-Identifier: Apache-2.0
internal import Octets

/// One named part of an event, printable and bounded from the moment it is made.
package struct EventField: Hashable, Sendable {
  /// Its name: lower-case words joined by hyphens.
  package let name: String
  /// What it says; never a control character, never longer than ``valueLimit``.
  package let value: String

  /// A field from foreign or own words.
  init(_ name: StaticString, _ value: String) {
    self.name = name.description
    self.value = String(printable: value, limit: EventField.valueLimit)
  }

  /// A field from a number, an address, an identifier.
  init(_ name: StaticString, _ value: some CustomStringConvertible) { self.init(name, value.description) }

  /// A size in bytes.
  init(_ name: StaticString, _ size: ByteCount) { self.init(name, String(size.bytes)) }

  /// A length of time in seconds with three decimals.
  init(_ name: StaticString, _ time: Duration) {
    let milliseconds = max(0, time.components.seconds * 1000 + time.components.attoseconds / 1_000_000_000_000_000)
    let decimals = String(milliseconds % 1000)
    self.init(name, "\(milliseconds / 1000).\(String(repeating: "0", count: 3 - decimals.count))\(decimals)")
  }

  /// Its name in the journal: `POSTHOUSE_CLIENT`.
  package var journalName: String {
    "POSTHOUSE_" + String(decoding: name.utf8.map { $0 == UInt8(ascii: "-") ? UInt8(ascii: "_") : $0.asciiUppercased }, as: UTF8.self)
  }

  /// `name=value`, the value in quotes where it could be misread.
  package var text: String {
    let needsQuotes = value.isEmpty || value.utf8.contains { $0 == 0x20 || $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\\") }
    guard needsQuotes else { return "\(name)=\(value)" }
    var quoted = ""
    for character in value.unicodeScalars {
      if character == "\"" || character == "\\" { quoted += "\\" }
      quoted.unicodeScalars.append(character)
    }
    return "\(name)=\"\(quoted)\""
  }

  /// The most bytes of a value.
  package static let valueLimit = 1024
}

/// What a kind of event derives everything else from.
struct EventFacts: Sendable {
  let name: StaticString
  let severity: Severity
  let fields: [EventField]

  init(_ name: StaticString, _ severity: Severity, _ fields: [EventField] = []) {
    self.name = name
    self.severity = severity
    self.fields = fields
  }
}

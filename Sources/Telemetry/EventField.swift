// SPDX-License-Identifier: Apache-2.0
internal import Octets

/// One named part of an event, printable and bounded from the moment it is made.
package struct EventField: Hashable, Sendable {
  /// Its name: lower-case words joined by hyphens.
  package let name: String
  /// What it says; never a control character, never longer than ``valueLimit``.
  package let value: String

  /// A field from foreign or own words.
  init(_ name: String, _ value: String) {
    self.name = name
    self.value = EventField.isPlain(value) ? value : String(printable: value, limit: EventField.valueLimit)
  }

  /// Its name in the journal: `POSTHOUSE_CLIENT`.
  package var journalName: String {
    "POSTHOUSE_" + String(decoding: name.utf8.map { $0 == UInt8(ascii: "-") ? UInt8(ascii: "_") : $0.asciiUppercased }, as: UTF8.self)
  }

  /// `name=value`, the value in quotes where it could be misread.
  package var text: String {
    var line = EventLine()
    line.add(self)
    return line.text
  }

  /// Whether a value can be taken as it is: the common case, found out in one look.
  static func isPlain(_ value: String) -> Bool { value.utf8.count <= valueLimit && value.utf8.span.isPlain }

  /// The most bytes of a value.
  package static let valueLimit = 1024
}

/// Which fact it is: all that is asked before anybody wants to read it, and made of nothing that costs.
struct EventLabel: Sendable {
  let name: StaticString
  let severity: Severity

  init(_ name: StaticString, _ severity: Severity) {
    self.name = name
    self.severity = severity
  }
}

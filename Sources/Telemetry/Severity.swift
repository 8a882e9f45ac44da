// SPDX-License-Identifier: Apache-2.0
/// How soon a person should know; the numbers are those of syslog and the journal.
package enum Severity: UInt8, Hashable, Sendable, CaseIterable {
  /// Mail is at risk now.
  case error = 3
  /// A person should look within a day.
  case warning = 4
  /// The state of the service changed.
  case notice = 5
  /// Daily work: accepted, attempted, settled.
  case info = 6
  /// Only for those who look for something.
  case debug = 7

  /// Its name in settings and output.
  package var name: String {
    switch self {
    case .error: "error"
    case .warning: "warning"
    case .notice: "notice"
    case .info: "info"
    case .debug: "debug"
    }
  }

  /// The severity of that name.
  package init?(name: String) {
    guard let found = Severity.allCases.first(where: { $0.name == name }) else { return nil }
    self = found
  }
}

extension Severity: Comparable {
  /// Less is less urgent.
  package static func < (left: Severity, right: Severity) -> Bool { left.rawValue > right.rawValue }
}

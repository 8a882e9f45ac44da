// SPDX-License-Identifier: Apache-2.0
internal import Timekeeping

/// Times, sizes and counts as people say them.
struct HumanText {
  /// The present, in microseconds of civil time.
  let now: Int64

  /// How long ago something was: `3 min ago`; what lies ahead of a clock that was set back is `just now`.
  func ago(_ microseconds: Int64) -> String {
    let seconds = (now - microseconds) / 1_000_000
    return seconds < 1 ? "just now" : "\(HumanText.span(seconds)) ago"
  }

  /// How long it is until something: `in 3 min`, or `now` when it is due.
  func until(_ microseconds: Int64) -> String {
    let seconds = (microseconds - now + 999_999) / 1_000_000
    return seconds < 1 ? "now" : "in \(HumanText.span(seconds))"
  }

  /// A time of the clock that is past, and how long ago it was: `2026-01-02T03:04:05Z (3 min ago)`.
  func past(_ microseconds: Int64) -> String { "\(HumanText.clock(microseconds)) (\(ago(microseconds)))" }

  /// The same of a time to come.
  func future(_ microseconds: Int64) -> String { "\(HumanText.clock(microseconds)) (\(until(microseconds)))" }

  /// The day of a time: `2026-01-02`.
  func day(_ microseconds: Int64) -> String { String(HumanText.clock(microseconds).prefix(10)) }

  private static func clock(_ microseconds: Int64) -> String { CivilTime(WallTime(microseconds: microseconds)).iso8601 }

  /// A span of time in its largest unit, or in two where one says too little.
  static func span(_ seconds: Int64) -> String {
    switch seconds {
    case ..<60: return "\(seconds) s"
    case ..<3600: return "\(seconds / 60) min"
    case ..<36_000 where seconds / 60 % 60 != 0: return "\(seconds / 3600) h \(seconds / 60 % 60) min"
    case ..<172_800: return "\(seconds / 3600) h"
    default: return "\(seconds / 86_400) d"
    }
  }

  /// A size with one digit behind the point where that says something.
  static func size(_ bytes: Int64) -> String {
    var (tenths, unit) = (bytes * 10, 0)
    while tenths >= 10_240, unit < 4 {
      tenths /= 1024
      unit += 1
    }
    let name = ["B", "K", "M", "G", "T"][unit]
    return unit == 0 || tenths >= 100 ? "\(tenths / 10)\(name)" : "\(tenths / 10).\(tenths % 10)\(name)"
  }

  /// The name of a field as words: `messagesAccepted` is `messages accepted`.
  static func words(_ name: String) -> String {
    name.reduce(into: "") { $0 += $1.isUppercase ? " \($1.lowercased())" : String($1) }
  }

  /// A number with its noun: `1 message`, `2 messages`.
  static func count(_ count: Int, _ noun: String) -> String { count == 1 ? "1 \(noun)" : "\(count) \(noun)s" }
}

// SPDX-License-Identifier: Apache-2.0
internal import Octets
internal import Timekeeping

/// A span of time as systemd writes it: `500ms`, `30s`, `5min 30s`, `2d`; a bare number means seconds.
extension Duration: SingleSettingValue {
  static var kind: String { "duration" }

  init(written text: String) throws(ValueRefusal) {
    let refusal = ValueRefusal("is not a duration", "write it as 500ms, 30s, 5min 30s, 2h or 2d")
    var microseconds: Int64 = 0
    var rest = Substring(text.trimmingSpaces).utf8
    guard !rest.isEmpty else { throw refusal }
    while !rest.isEmpty {
      let digits = rest.prefix(while: \.isASCIIDigit)
      rest = rest.dropFirst(digits.count).drop(while: \.isSettingsSpace)
      let unit = rest.prefix(while: \.isASCIILetter)
      rest = rest.dropFirst(unit.count).drop(while: \.isSettingsSpace)
      guard let number = Int64(Substring(digits)), let size = Duration.microsecondsPerUnit(String(Substring(unit))) else { throw refusal }
      let (part, overflow) = number.multipliedReportingOverflow(by: size)
      let (sum, secondOverflow) = microseconds.addingReportingOverflow(part)
      guard !overflow, !secondOverflow else { throw refusal }
      microseconds = sum
    }
    self = .microseconds(microseconds)
  }

  var text: String {
    var rest = microseconds
    guard rest > 0 else { return "0" }
    var parts: [String] = []
    for (unit, size) in Duration.units where rest >= size {
      parts.append("\(rest / size)\(unit)")
      rest %= size
    }
    return parts.joined(separator: " ")
  }

  private static let units: [(String, Int64)] = [
    ("d", 86_400_000_000), ("h", 3_600_000_000), ("min", 60_000_000), ("s", 1_000_000), ("ms", 1000), ("us", 1),
  ]

  private static func microsecondsPerUnit(_ name: String) -> Int64? {
    switch name {
    case "us", "usec": 1
    case "ms", "msec": 1000
    case "", "s", "sec", "second", "seconds": 1_000_000
    case "m", "min", "minute", "minutes": 60_000_000
    case "h", "hr", "hour", "hours": 3_600_000_000
    case "d", "day", "days": 86_400_000_000
    case "w", "week", "weeks": 604_800_000_000
    default: nil
    }
  }
}

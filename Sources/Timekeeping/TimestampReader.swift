// SPDX-License-Identifier: Apache-2.0
/// Reads the date and time of RFC 3339, such as `2023-11-21T02:43:00.5+01:00`, from left to right.
///
/// A leap second (`:60`) counts as the second before it; digits of a fraction behind the microsecond are dropped.
struct TimestampReader {
  private var rest: Substring.UTF8View

  init(_ text: String) { rest = text[...].utf8 }

  /// The time that the whole text names; nil when it names none.
  mutating func time() -> WallTime? {
    guard let year = number(4), take("-"), let month = number(2), take("-"), let day = number(2) else { return nil }
    guard let start = CivilTime.startOfDay(year: year, month: month, day: day), take("T") || take("t") || take(" ") else { return nil }
    guard let hour = number(2), hour < 24, take(":"), let minute = number(2), minute < 60, take(":") else { return nil }
    guard let second = number(2), second <= 60, let fraction = fraction(), let offset = offset(), rest.isEmpty else { return nil }
    let seconds = Int64(hour * 3600 + minute * 60 + min(second, 59) - offset)
    return WallTime(microseconds: start + seconds * 1_000_000 + fraction)
  }

  private mutating func fraction() -> Int64? {
    guard take(".") else { return 0 }
    var (value, scale): (Int64, Int64) = (0, 1_000_000)
    while let digit = number(1) {
      scale /= 10
      value += Int64(digit) * scale
    }
    return scale == 1_000_000 ? nil : value
  }

  /// The seconds by which the clock shown is ahead of UTC.
  private mutating func offset() -> Int? {
    if take("Z") || take("z") { return 0 }
    let sign = take("+") ? 1 : take("-") ? -1 : 0
    guard sign != 0, let hours = number(2), hours < 24, take(":"), let minutes = number(2), minutes < 60 else { return nil }
    return sign * (hours * 3600 + minutes * 60)
  }

  private mutating func take(_ wanted: Unicode.Scalar) -> Bool {
    guard rest.first == UInt8(ascii: wanted) else { return false }
    rest.removeFirst()
    return true
  }

  private mutating func number(_ digits: Int) -> Int? {
    let text = rest.prefix(digits)
    guard text.count == digits, text.allSatisfy({ $0 &- 0x30 < 10 }) else { return nil }
    rest.removeFirst(digits)
    return text.reduce(0) { $0 * 10 + Int($1 - 0x30) }
  }
}

extension WallTime {
  /// The time that an RFC 3339 text names; nil when it names none.
  package init?(rfc3339 text: String) {
    var reader = TimestampReader(text)
    guard let time = reader.time() else { return nil }
    self = time
  }
}

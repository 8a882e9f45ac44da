// SPDX-License-Identifier: Apache-2.0
/// A time in the terms of the Gregorian calendar and the clock on the wall, always UTC: what headers, logs and records show.
///
/// The arithmetic is that of eras of 400 years, exact for every year a ``WallTime`` can name; there is no table of time zones and no
/// locale.
package struct CivilTime: Hashable, Sendable {
  /// The year; 1 BC is 0.
  package let year: Int
  /// 1 to 12.
  package let month: Int
  /// 1 to 31.
  package let day: Int
  /// 0 to 23.
  package let hour: Int
  /// 0 to 59.
  package let minute: Int
  /// 0 to 59; leap seconds do not exist here.
  package let second: Int
  /// 0 to 999,999.
  package let microsecond: Int
  /// 0 is Sunday, 6 is Saturday.
  package let weekday: Int

  /// The calendar's name for `time`.
  package init(_ time: WallTime) {
    let (days, rest) = CivilTime.floored(time.microseconds, by: 86_400_000_000)
    (year, month, day) = CivilTime.date(ofDay: days)
    microsecond = rest % 1_000_000
    let seconds = rest / 1_000_000
    (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60)
    weekday = CivilTime.floored(Int64(days) + 4, by: 7).remainder
  }

  /// The date and time of RFC 5322 §3.3, as `Date:` has it: `Tue, 21 Nov 2023 02:43:00 +0000`.
  package var rfc5322: String {
    String(decoding: [UInt8](capacity: CivilTime.longestText) { appendRFC5322(to: &$0) }, as: UTF8.self)
  }

  /// The most bytes that a date and time takes, whatever the year.
  package static let longestText = 50

  /// Adds the same to a text that is put together as bytes.
  package func appendRFC5322(to text: inout OutputSpan<UInt8>) {
    CivilTime.append(name: weekday, of: CivilTime.weekdays, to: &text)
    text.append(UInt8(ascii: ","))
    CivilTime.append(" ", day, 1, to: &text)
    text.append(UInt8(ascii: " "))
    CivilTime.append(name: month - 1, of: CivilTime.months, to: &text)
    CivilTime.append(" ", year, 4, to: &text)
    CivilTime.append(" ", hour, 2, to: &text)
    CivilTime.append(":", minute, 2, to: &text)
    CivilTime.append(":", second, 2, to: &text)
    text.append(UInt8(ascii: " "))
    CivilTime.append("+", 0, 4, to: &text)
  }

  /// The profile of ISO 8601 that RFC 3339 fixes, to the second: `2023-11-21T02:43:00Z`.
  package var iso8601: String { "\(date)T\(clock)Z" }

  /// The same to the microsecond: `2023-11-21T02:43:00.123456Z`.
  package var iso8601Precise: String { "\(date)T\(clock).\(CivilTime.digits(microsecond, 6))Z" }

  private var date: String { "\(CivilTime.digits(year, 4))-\(CivilTime.digits(month, 2))-\(CivilTime.digits(day, 2))" }

  private var clock: String { "\(CivilTime.digits(hour, 2)):\(CivilTime.digits(minute, 2)):\(CivilTime.digits(second, 2))" }

  private static func digits(_ number: Int, _ width: Int) -> String {
    let text = String(number)
    return String(repeating: "0", count: max(0, width - text.utf8.count)) + text
  }

  private static func append(name index: Int, of names: [UInt8], to text: inout OutputSpan<UInt8>) {
    for place in 3 * index..<3 * index + 3 { text.append(names[place]) }
  }

  private static let weekdays = Array("SunMonTueWedThuFriSat".utf8)
  private static let months = Array("JanFebMarAprMayJunJulAugSepOctNovDec".utf8)

  /// Adds a separator and a number of so many digits; years before 1 BC have a sign.
  private static func append(_ separator: Unicode.Scalar, _ number: Int, _ width: Int, to text: inout OutputSpan<UInt8>) {
    text.append(UInt8(ascii: separator))
    guard number >= 0, number < 10_000 else {
      for byte in digits(number, width).utf8 { text.append(byte) }
      return
    }
    if width >= 4 || number >= 1000 { text.append(UInt8(ascii: "0") + UInt8(number / 1000)) }
    if width >= 3 || number >= 100 { text.append(UInt8(ascii: "0") + UInt8(number / 100 % 10)) }
    if width >= 2 || number >= 10 { text.append(UInt8(ascii: "0") + UInt8(number / 10 % 10)) }
    text.append(UInt8(ascii: "0") + UInt8(number % 10))
  }

  private static func floored(_ value: Int64, by divisor: Int64) -> (quotient: Int, remainder: Int) {
    let (quotient, remainder) = value.quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? (Int(quotient - 1), Int(remainder + divisor)) : (Int(quotient), Int(remainder))
  }

  /// Years begin in March here, so that the leap day is the last of its year; an era is 146,097 days.
  private static func date(ofDay day: Int) -> (year: Int, month: Int, day: Int) {
    let (era, dayOfEra) = floored(Int64(day) + 719_468, by: 146_097)
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let march = (5 * dayOfYear + 2) / 153
    let month = march < 10 ? march + 3 : march - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * march + 2) / 5 + 1)
  }

  private static func day(ofYear year: Int, month: Int, day: Int) -> Int {
    let shifted = month <= 2 ? year - 1 : year
    let (era, yearOfEra) = floored(Int64(shifted), by: 400)
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }
}

extension CivilTime {
  /// The microseconds since the epoch at the start of a day; nil when the calendar has no such day.
  static func startOfDay(year: Int, month: Int, day: Int) -> Int64? {
    guard month >= 1, month <= 12, day >= 1, day <= 31 else { return nil }
    let number = self.day(ofYear: year, month: month, day: day)
    guard date(ofDay: number) == (year, month, day) else { return nil }
    return Int64(number) * 86_400_000_000
  }
}

// SPDX-License-Identifier: Apache-2.0
import Testing
import Timekeeping

/// The calendar, checked at the days where calendars break.
@Suite struct CivilTimeTests {
  @Test(
    arguments: [
      (0, "Thu, 1 Jan 1970 00:00:00 +0000", "1970-01-01T00:00:00Z"),
      (951_782_399, "Mon, 28 Feb 2000 23:59:59 +0000", "2000-02-28T23:59:59Z"),
      (951_782_400, "Tue, 29 Feb 2000 00:00:00 +0000", "2000-02-29T00:00:00Z"),
      (951_868_800, "Wed, 1 Mar 2000 00:00:00 +0000", "2000-03-01T00:00:00Z"),
      (1_709_210_096, "Thu, 29 Feb 2024 12:34:56 +0000", "2024-02-29T12:34:56Z"),
      (4_107_542_399, "Sun, 28 Feb 2100 23:59:59 +0000", "2100-02-28T23:59:59Z"),
      (4_107_542_400, "Mon, 1 Mar 2100 00:00:00 +0000", "2100-03-01T00:00:00Z"),
      (-1, "Wed, 31 Dec 1969 23:59:59 +0000", "1969-12-31T23:59:59Z"),
      (253_402_300_799, "Fri, 31 Dec 9999 23:59:59 +0000", "9999-12-31T23:59:59Z"),
    ] as [(Int64, String, String)])
  func `a time is shown as headers and records have it`(seconds: Int64, rfc5322: String, iso8601: String) {
    let time = WallTime(microseconds: seconds * 1_000_000)
    #expect(CivilTime(time).rfc5322 == rfc5322)
    #expect(CivilTime(time).iso8601 == iso8601)
    #expect(WallTime(rfc3339: iso8601) == time)
  }

  @Test func `every day of four centuries follows the one before it and reads back`() {
    var previous = CivilTime(WallTime(microseconds: -86_400_000_000))
    for day in 0..<146_097 {
      let time = WallTime(microseconds: Int64(day) * 86_400_000_000)
      let civil = CivilTime(time)
      let isNextDay = civil.month == previous.month ? civil.day == previous.day + 1 : civil.day == 1
      if !isNextDay || civil.weekday != (previous.weekday + 1) % 7 { Issue.record("day \(day) is \(civil)") }
      if day.isMultiple(of: 13), WallTime(rfc3339: civil.iso8601) != time { Issue.record("day \(day) does not read back") }
      previous = civil
    }
  }

  @Test func `microseconds are kept`() {
    let time = WallTime(microseconds: 1_700_534_580_000_042)
    #expect(CivilTime(time).iso8601Precise == "2023-11-21T02:43:00.000042Z")
    #expect(WallTime(rfc3339: "2023-11-21T02:43:00.000042Z") == time)
  }

  @Test(arguments: [
    ("2023-11-21T03:43:00+01:00", "2023-11-21T02:43:00Z"), ("2023-11-20T21:13:00-05:30", "2023-11-21T02:43:00Z"),
    ("2023-11-21t02:43:00z", "2023-11-21T02:43:00Z"), ("2016-12-31T23:59:60Z", "2016-12-31T23:59:59Z"),
    ("2023-11-21T02:43:00.9999999Z", "2023-11-21T02:43:00Z"),
  ])
  func `other spellings of RFC 3339 are read`(text: String, iso8601: String) throws {
    #expect(CivilTime(try #require(WallTime(rfc3339: text))).iso8601 == iso8601)
  }

  @Test(arguments: [
    "", "2023", "2023-11-21", "2023-11-21T02:43Z", "2023-11-21T02:43:00", "2023-02-29T00:00:00Z", "2023-13-01T00:00:00Z",
    "2023-00-01T00:00:00Z", "2023-11-31T00:00:00Z", "2023-11-00T00:00:00Z", "2023-11-21T24:00:00Z", "2023-11-21T00:60:00Z",
    "2023-11-21T00:00:61Z", "2023-11-21T00:00:00.Z", "2023-11-21T00:00:00+1:00", "2023-11-21T00:00:00Zx", "2023-11-21T00:00:00+24:00",
    "٢٠٢٣-11-21T00:00:00Z",
  ])
  func `what names no time is refused`(text: String) {
    #expect(WallTime(rfc3339: text) == nil)
  }
}

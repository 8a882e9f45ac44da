// SPDX-License-Identifier: Apache-2.0
import Testing
import Timekeeping

@testable import Delivery

/// When the date of a certificate is worth a word.
@Suite struct CertificateWatchTests {
  private let now = WallTime(microseconds: 1_800_000_000_000_000)
  private let day = Duration.seconds(86_400)

  @Test func `a certificate is told about once a day from two weeks before its end`() {
    var watch = CertificateWatch()
    let end = now + day * 20
    var told: [Int] = []
    for hour in 0..<(21 * 24) {
      if let days = watch.note(end, warning: day * 14, at: now + .seconds(3600 * hour)) { told.append(days) }
    }
    #expect(told == [13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 0])
  }

  @Test func `a new certificate is looked at anew, and nobody hears of one that is good for long`() {
    var watch = CertificateWatch()
    #expect(watch.note(now + day * 3, warning: day * 14, at: now) == 3)
    #expect(watch.note(now + day * 3, warning: day * 14, at: now) == nil)
    #expect(watch.note(now + day * 5, warning: day * 14, at: now) == 5)
    #expect(watch.note(now + day * 90, warning: day * 14, at: now) == nil)
    #expect(watch.sentence("mx", within: day * 14, at: now) == nil)
    #expect(watch.note(now, warning: .zero, at: now) == nil)
  }

  @Test func `the sentence names upstream, days, date and what to do`() {
    var watch = CertificateWatch()
    _ = watch.note(now + day * 3, warning: day, at: now)
    #expect(
      watch.sentence("mx.example.com", within: day * 14, at: now)
        == "the certificate of mx.example.com expires in 3 days, at 2027-01-18T08:00:00Z; its administrator must renew it, "
        + "or mail will be held")
    #expect(
      watch.sentence("mx.example.com", within: day * 14, at: now + day * 4)
        == "the certificate of mx.example.com expired at 2027-01-18T08:00:00Z; its administrator must renew it")
  }
}

// SPDX-License-Identifier: Apache-2.0
package import Timekeeping

/// Keeps an eye on the date of an upstream's certificate: a warning a day from some time before its end.
package struct CertificateWatch: Sendable {
  /// When the certificate that was shown last expires; nil before one was shown.
  package private(set) var end: WallTime?
  private var told: WallTime?

  /// Nothing was shown yet.
  init() {}

  /// Takes note of a certificate; answers how many whole days it has left, when that is worth telling now.
  mutating func note(_ end: WallTime, warning: Duration, at now: WallTime) -> Int? {
    if end != self.end { told = nil }
    self.end = end
    guard isEnding(within: warning, at: now) else { return nil }
    if let told, now - told < CertificateWatch.day, now >= told { return nil }
    told = now
    return CertificateWatch.days(from: now, to: end)
  }

  /// Whether the end is so near that somebody should know.
  package func isEnding(within warning: Duration, at now: WallTime) -> Bool {
    guard let end, warning > .zero else { return false }
    return end - now < warning
  }

  /// What to tell about the certificate of `upstream`; nil while there is nothing to worry about.
  package func sentence(_ upstream: String, within warning: Duration, at now: WallTime) -> String? {
    guard let end, isEnding(within: warning, at: now) else { return nil }
    let days = CertificateWatch.days(from: now, to: end)
    let date = CivilTime(end).iso8601
    if end <= now { return "the certificate of \(upstream) expired at \(date); its administrator must renew it" }
    let left = days == 0 ? "within a day" : days == 1 ? "in 1 day" : "in \(days) days"
    return "the certificate of \(upstream) expires \(left), at \(date); its administrator must renew it, or mail will be held"
  }

  private static func days(from now: WallTime, to end: WallTime) -> Int { max(0, Int((end - now).components.seconds / 86_400)) }

  private static let day = Duration.seconds(86_400)
}

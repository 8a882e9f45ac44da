// SPDX-License-Identifier: Apache-2.0
import Scheduling
import Settings

/// How long to wait, as the settings have it.
extension BackoffPolicy {
  /// When messages are tried again.
  init(_ settings: RetrySettings) {
    self.init(
      firstDelay: settings.first, growth: settings.growth, ceiling: max(settings.first, settings.max),
      jitter: Double(settings.jitter.hundredths) / 100, maximumAge: settings.maxAge)
  }

  /// When a troubled upstream is tried again: sooner than a message, since nobody is to blame but the wire.
  init(probing settings: RetrySettings) {
    let first = min(settings.first, .seconds(10))
    self.init(
      firstDelay: first, growth: 2, ceiling: max(first, min(settings.max, .seconds(300))),
      jitter: Double(settings.jitter.hundredths) / 100)
  }
}

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
}

// SPDX-License-Identifier: Apache-2.0
/// A fact about the daemon itself.
package enum ServiceEvent: Hashable, Sendable {
  /// It was started.
  case starting(version: String)
  /// It takes mail at this address.
  case listening(address: String)
  /// It is recovered and takes mail.
  case ready(queued: Int, after: Duration)
  /// New settings are in force.
  case reloaded(changed: Int)
  /// New settings were refused; the old ones stay.
  case reloadRefused(why: String)
  /// A setting takes effect only at the next start.
  case restartNeeded(setting: String)
  /// A setting works but is dangerous.
  case riskySetting(setting: String, why: String)
  /// It takes no new mail and finishes what is under way.
  case stopping(why: String, inFlight: Int)
  /// It ends.
  case stopped(queued: Int)
  /// It cannot start or go on.
  case failed(why: String)

  var facts: EventFacts {
    switch self {
    case .starting(let version): EventFacts("starting", .notice, [EventField("version", version)])
    case .listening(let address): EventFacts("listening", .notice, [EventField("address", address)])
    case .ready(let queued, let time): EventFacts("ready", .notice, [EventField("queued", queued), EventField("after", time)])
    case .reloaded(let changed): EventFacts("reloaded", .notice, [EventField("changed", changed)])
    case .reloadRefused(let why): EventFacts("reload-refused", .warning, [EventField("why", why)])
    case .restartNeeded(let setting): EventFacts("restart-needed", .warning, [EventField("setting", setting)])
    case .riskySetting(let setting, let why):
      EventFacts("risky-setting", .warning, [EventField("setting", setting), EventField("why", why)])
    case .stopping(let why, let inFlight):
      EventFacts("stopping", .notice, [EventField("why", why), EventField("in-flight", inFlight)])
    case .stopped(let queued): EventFacts("stopped", .notice, [EventField("queued", queued)])
    case .failed(let why): EventFacts("failed", .error, [EventField("why", why)])
    }
  }
}

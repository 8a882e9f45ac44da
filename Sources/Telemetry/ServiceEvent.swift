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

  var label: EventLabel {
    switch self {
    case .starting: EventLabel("starting", .notice)
    case .listening: EventLabel("listening", .notice)
    case .ready: EventLabel("ready", .notice)
    case .reloaded: EventLabel("reloaded", .notice)
    case .reloadRefused: EventLabel("reload-refused", .warning)
    case .restartNeeded: EventLabel("restart-needed", .warning)
    case .riskySetting: EventLabel("risky-setting", .warning)
    case .stopping: EventLabel("stopping", .notice)
    case .stopped: EventLabel("stopped", .notice)
    case .failed: EventLabel("failed", .error)
    }
  }

  func describe(to sink: inout some EventSink) {
    switch self {
    case .starting(let version): sink.add("version", version)
    case .listening(let address): sink.add("address", address)
    case .ready(let queued, let time):
      sink.add("queued", queued)
      sink.add("after", time)
    case .reloaded(let changed): sink.add("changed", changed)
    case .reloadRefused(let why): sink.add("why", why)
    case .restartNeeded(let setting): sink.add("setting", setting)
    case .riskySetting(let setting, let why):
      sink.add("setting", setting)
      sink.add("why", why)
    case .stopping(let why, let inFlight):
      sink.add("why", why)
      sink.add("in-flight", inFlight)
    case .stopped(let queued): sink.add("queued", queued)
    case .failed(let why): sink.add("why", why)
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
internal import Mail
internal import Octets

/// The numbers of the house: counters, which only grow, and gauges, which follow a state.
///
/// The table of names is the enums themselves: status, metrics and manual read it from there. Counters follow from events, in one
/// place, so that log and numbers cannot disagree; gauges are set by who owns the state.
package struct Counters: Hashable, Sendable {
  private var counts = [UInt64](repeating: 0, count: Counter.allCases.count)
  private var states = [Int64](repeating: 0, count: Gauge.allCases.count)

  /// All zero.
  package init() {}

  /// How often something happened since the start.
  package subscript(_ counter: Counter) -> UInt64 { counts[counter.rawValue] }

  /// How things stand.
  package subscript(_ gauge: Gauge) -> Int64 {
    get { states[gauge.rawValue] }
    set { states[gauge.rawValue] = newValue }
  }

  /// Counts something that no event tells.
  package mutating func add(_ counter: Counter, _ amount: UInt64 = 1) { counts[counter.rawValue] &+= amount }

  /// Counts what an event tells.
  package mutating func note(_ event: RelayEvent) {
    switch event {
    case .service(let event): note(event)
    case .submission(let event): note(event)
    case .delivery(let event): note(event)
    case .upstream(let event): note(event)
    case .spool(let event): note(event)
    case .control(.commanded): add(.commands)
    case .control(.denied): add(.commandsDenied)
    }
  }

  private mutating func note(_ event: ServiceEvent) {
    switch event {
    case .reloaded: add(.reloads)
    case .reloadRefused: add(.reloadsRefused)
    case .starting, .listening, .ready, .restartNeeded, .riskySetting, .stopping, .stopped, .failed: break
    }
  }

  private mutating func note(_ event: SubmissionEvent) {
    switch event {
    case .connectionAccepted: add(.connections)
    case .connectionRefused: add(.connectionsRefused)
    case .connectionClosed: break
    case .accepted(_, _, let size, let recipients, _):
      add(.messagesAccepted)
      add(.recipientsAccepted, UInt64(recipients))
      add(.bytesAccepted, UInt64(size.bytes))
    case .refused: add(.commandsRefused)
    }
  }

  private mutating func note(_ event: DeliveryEvent) {
    switch event {
    case .attempted(_, _, let outcome, _, _, _):
      switch outcome.verdict {
      case .delivered: add(.recipientsDelivered)
      case .deferred: add(.recipientsDeferred)
      case .failed: add(.recipientsFailed)
      }
    case .settled: add(.messagesSettled)
    case .expired(_, let recipients, _): add(.recipientsExpired, UInt64(recipients))
    case .reported: add(.reports)
    case .postponed, .held, .reportRefused, .reportsCapped, .removed, .redirected: break
    }
  }

  private mutating func note(_ event: UpstreamEvent) {
    switch event {
    case .connected: add(.upstreamConnections)
    case .connectionFailed: add(.upstreamConnectionFailures)
    case .connectionLost: add(.upstreamConnectionsLost)
    case .authenticationFailed: add(.upstreamLoginFailures)
    case .held: add(.upstreamHolds)
    case .throttled: add(.upstreamThrottles)
    case .tlsEstablished(_, _, _, let isResumed): add(isResumed ? .upstreamSessionsResumed : .upstreamHandshakes)
    case .tlsUnverified, .plaintext, .corrected, .recovered, .certificateExpiring: break
    }
  }

  private mutating func note(_ event: SpoolEvent) {
    switch event {
    case .damaged: add(.spoolDamages)
    case .problem: add(.spoolProblems)
    case .recovered, .tornTailDropped, .problemOver: break
    }
  }
}

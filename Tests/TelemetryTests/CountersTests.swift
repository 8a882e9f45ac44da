// SPDX-License-Identifier: Apache-2.0
import Mail
import Octets
import Telemetry
import Testing
import Timekeeping

/// Numbers follow from facts.
struct CountersTests {
  private let id = MessageID(number: 5)
  private let client = Submitter(peer: "unix", greeting: "")
  private let box = Mailbox(verifiedLocalPart: "a", domain: "b")

  @Test func `an accepted message counts once, with its recipients and bytes`() {
    var counters = Counters()
    for _ in 0..<2 {
      counters.note(.submission(.accepted(id: id, sender: nil, size: .kibibytes(3), recipients: 4, client: client)))
    }
    #expect(counters[.messagesAccepted] == 2)
    #expect(counters[.recipientsAccepted] == 8)
    #expect(counters[.bytesAccepted] == 6144)
    #expect(counters[.messagesSettled] == 0)
  }

  static let outcomes: [(Outcome.Verdict, Counter)] = [
    (.delivered, .recipientsDelivered), (.deferred, .recipientsDeferred), (.failed, .recipientsFailed),
  ]

  @Test(arguments: outcomes) func `an attempt counts by its verdict and nothing else`(verdict: Outcome.Verdict, counter: Counter) {
    var counters = Counters()
    let outcome = Outcome(verdict, Outcome.Reason(code: 0, status: "", text: ""))
    counters.note(.delivery(.attempted(id: id, recipient: box, outcome: outcome, upstream: "d", attempt: 1, age: .zero)))
    for other in Counter.allCases { #expect(counters[other] == (other == counter ? 1 : 0)) }
  }

  static let single: [(RelayEvent, Counter)] = [
    (.service(.reloaded(changed: 1)), .reloads), (.service(.reloadRefused(why: "")), .reloadsRefused),
    (.submission(.connectionAccepted(client: Submitter(peer: "", greeting: ""))), .connections),
    (.submission(.connectionRefused(client: "", why: "")), .connectionsRefused),
    (.upstream(.connected(upstream: "", address: "")), .upstreamConnections),
    (.upstream(.connectionFailed(upstream: "", why: "")), .upstreamConnectionFailures),
    (.upstream(.connectionLost(upstream: "", stage: "", why: "")), .upstreamConnectionsLost),
    (.upstream(.authenticationFailed(upstream: "", user: "", why: "")), .upstreamLoginFailures),
    (.upstream(.held(upstream: "", fault: "", why: "", remedy: "")), .upstreamHolds),
    (.upstream(.throttled(upstream: "", wait: .zero, why: "")), .upstreamThrottles),
    (.spool(.damaged(why: "")), .spoolDamages), (.spool(.problem(why: "")), .spoolProblems),
    (.control(.commanded(command: "", subject: "", user: 0)), .commands), (.control(.denied(command: "", user: 0)), .commandsDenied),
  ]

  @Test(arguments: single) func `a fact that is counted counts once`(event: RelayEvent, counter: Counter) {
    var counters = Counters()
    counters.note(event)
    for other in Counter.allCases { #expect(counters[other] == (other == counter ? 1 : 0)) }
  }

  @Test func `gauges go up and down and are no counters`() {
    var counters = Counters()
    counters[.queued] = 7
    counters[.queued] -= 9
    #expect(counters[.queued] == -2)
    #expect(counters[.held] == 0)
    counters.add(.commandsRefused, 5)
    #expect(counters[.commandsRefused] == 5)
  }

  @Test func `names are unique and fit for metrics`() {
    let names = Counter.allCases.map(\.metricName) + Gauge.allCases.map(\.metricName)
    #expect(Set(names).count == names.count)
    #expect(names.allSatisfy { $0.utf8.allSatisfy { (0x61...0x7a).contains($0) || $0 == 0x5f } })
    #expect(Counter.messagesAccepted.metricName == "posthouse_messages_accepted_total")
    #expect(Gauge.inFlight.metricName == "posthouse_in_flight")
    #expect(Counter.messagesAccepted.name == "messagesAccepted")
  }
}

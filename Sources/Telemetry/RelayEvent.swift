// SPDX-License-Identifier: Apache-2.0
/// One fact worth telling: everything that log, journal, history, subscribers and counters hear of goes through here.
///
/// Whoever notices something names the fact with its parts; severity, text and fields are derived, so that one fact always reads the
/// same and a peer's words never become a line of their own. Secrets and bodies have no place in any case.
package enum RelayEvent: Hashable, Sendable {
  /// About the daemon itself.
  case service(ServiceEvent)
  /// About the apps' side.
  case submission(SubmissionEvent)
  /// About a message on its way out.
  case delivery(DeliveryEvent)
  /// About an upstream.
  case upstream(UpstreamEvent)
  /// About what is stored.
  case spool(SpoolEvent)
  /// About what a person asked for.
  case control(ControlEvent)

  /// The fact's name: the first word of its text, lower-case words joined by hyphens.
  package var name: String { facts.name.description }

  /// How soon a person should know.
  package var severity: Severity { facts.severity }

  /// The parts, in the order in which people read them.
  package var fields: [EventField] { facts.fields }

  /// The fact on one line: its name, then `name=value` for each part.
  package var text: String {
    let facts = facts
    return facts.fields.reduce(into: facts.name.description) { $0 += " " + $1.text }
  }

  private var facts: EventFacts {
    switch self {
    case .service(let event): event.facts
    case .submission(let event): event.facts
    case .delivery(let event): event.facts
    case .upstream(let event): event.facts
    case .spool(let event): event.facts
    case .control(let event): event.facts
    }
  }
}

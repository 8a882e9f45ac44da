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
  package var name: String { label.name.description }

  /// How soon a person should know. Asking costs a few nanoseconds, so that who filters by it asks first.
  package var severity: Severity { label.severity }

  /// The parts, in the order in which people read them.
  package var fields: [EventField] {
    var fields = EventFields()
    describe(to: &fields)
    return fields.fields
  }

  /// The fact on one line: its name, then `name=value` for each part.
  package var text: String {
    var line = EventLine(label)
    describe(to: &line)
    return line.text
  }

  /// Adds the same line, without its end, to bytes that leave together with others.
  package func append(to bytes: inout [UInt8]) {
    // Taken out, so that nothing is copied.
    var earlier: [UInt8] = []
    swap(&earlier, &bytes)
    var line = EventLine(label, behind: consume earlier)
    describe(to: &line)
    bytes = line.bytes
  }

  private var label: EventLabel {
    switch self {
    case .service(let event): event.label
    case .submission(let event): event.label
    case .delivery(let event): event.label
    case .upstream(let event): event.label
    case .spool(let event): event.label
    case .control(let event): event.label
    }
  }

  private func describe(to sink: inout some EventSink) {
    switch self {
    case .service(let event): event.describe(to: &sink)
    case .submission(let event): event.describe(to: &sink)
    case .delivery(let event): event.describe(to: &sink)
    case .upstream(let event): event.describe(to: &sink)
    case .spool(let event): event.describe(to: &sink)
    case .control(let event): event.describe(to: &sink)
    }
  }
}

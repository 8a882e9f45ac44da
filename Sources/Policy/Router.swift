// SPDX-License-Identifier: Apache-2.0
package import Mail
package import Settings

/// Which way a message goes to each of its recipients.
///
/// A course is one of the ways that the settings know: each set of upstreams that a route names, and the rest. Course 0 is the rest: the
/// upstreams that no route names. Routes are asked in their order and the first whose conditions all hold decides.
package struct Router: Hashable, Sendable {
  /// The upstreams of each course, by their places in ``RelaySettings/upstreams``.
  package let courses: [[Int]]
  private let routes: [RouteSettings]
  private let courseOfRoute: [Int]

  /// The router that the settings make.
  package init(_ settings: RelaySettings) {
    let names = settings.upstreams.map(\.name)
    let routed = Set(settings.routes.flatMap { $0.upstreams.map(\.name) })
    var courses = [names.indices.filter { !routed.contains(names[$0]) }]
    courseOfRoute = settings.routes.map { route in
      guard !route.upstreams.isEmpty else { return 0 }
      let upstreams = route.upstreams.compactMap { names.firstIndex(of: $0.name) }.sorted()
      if let known = courses.firstIndex(of: upstreams) { return known }
      courses.append(upstreams)
      return courses.count - 1
    }
    self.courses = courses
    routes = settings.routes
  }

  /// Whether all mail goes the same way, so that nobody needs to be asked.
  package var isTrivial: Bool { routes.isEmpty }

  /// The course of a message to one of its recipients.
  package func course(of envelope: Envelope, to recipient: Mailbox) -> Int {
    route(of: envelope, to: recipient).map { courseOfRoute[$0] } ?? 0
  }

  /// Whether other mail passes a message to this recipient.
  package func isBulk(_ envelope: Envelope, to recipient: Mailbox) -> Bool {
    route(of: envelope, to: recipient).flatMap { routes[$0].isBulk } ?? envelope.isBulk
  }

  private func route(of envelope: Envelope, to recipient: Mailbox) -> Int? {
    if routes.isEmpty { return nil }
    let (sender, recipient) = (ComparableAddress(envelope.sender), ComparableAddress(recipient))
    let submitter = envelope.submitter
    let users = Set([submitter.user.map { "\($0)" }, submitter.userName].compactMap { $0 })
    return routes.firstIndex { route in
      (route.senders.isEmpty || route.senders.contains(where: sender.belongs))
        && (route.recipients.isEmpty || route.recipients.contains(where: recipient.belongs))
        && (route.users.isEmpty || route.users.contains { users.contains($0.name) })
        && (route.units.isEmpty || route.units.contains { unit in submitter.unit.map(unit.matches) ?? false })
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
/// A fact about what a person asked for through the control socket.
package enum ControlEvent: Hashable, Sendable {
  /// A command that changes something was carried out; `subject` says on what, or is empty.
  case commanded(command: String, subject: String, user: UInt32)
  /// A command was not allowed to this user.
  case denied(command: String, user: UInt32)

  var facts: EventFacts {
    switch self {
    case .commanded(let command, let subject, let user):
      let what = [EventField("command", command)] + (subject.isEmpty ? [] : [EventField("subject", subject)])
      return EventFacts("commanded", .notice, what + [EventField("uid", user)])
    case .denied(let command, let user):
      return EventFacts("command-denied", .warning, [EventField("command", command), EventField("uid", user)])
    }
  }
}

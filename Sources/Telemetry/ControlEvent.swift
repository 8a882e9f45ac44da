// SPDX-License-Identifier: Apache-2.0
/// A fact about what a person asked for through the control socket.
package enum ControlEvent: Hashable, Sendable {
  /// A command that changes something was carried out; `subject` says on what, or is empty.
  case commanded(command: String, subject: String, user: UInt32)
  /// A command was not allowed to this user.
  case denied(command: String, user: UInt32)

  var label: EventLabel {
    switch self {
    case .commanded: EventLabel("commanded", .notice)
    case .denied: EventLabel("command-denied", .warning)
    }
  }

  func describe(to sink: inout some EventSink) {
    switch self {
    case .commanded(let command, let subject, let user):
      sink.add("command", command)
      if !subject.isEmpty { sink.add("subject", subject) }
      sink.add("uid", user)
    case .denied(let command, let user):
      sink.add("command", command)
      sink.add("uid", user)
    }
  }
}

// SPDX-License-Identifier: Apache-2.0

/// A fact about what is stored.
package enum SpoolEvent: Hashable, Sendable {
  /// Everything stored was read again at start.
  case recovered(messages: Int, segments: Int, after: Duration)
  /// An unfinished record at the end of the journal was dropped, as it should be after a crash: nobody was told that it was safe.
  case tornTailDropped
  /// Something stored is damaged and was set aside.
  case damaged(why: String)
  /// The disk refuses; new mail gets 452, delivery goes on.
  case problem(why: String)
  /// The disk serves again.
  case problemOver

  var label: EventLabel {
    switch self {
    case .recovered: EventLabel("spool-recovered", .notice)
    case .tornTailDropped: EventLabel("spool-torn-tail", .notice)
    case .damaged: EventLabel("spool-damaged", .error)
    case .problem: EventLabel("spool-problem", .error)
    case .problemOver: EventLabel("spool-problem-over", .notice)
    }
  }

  func describe(to sink: inout some EventSink) {
    switch self {
    case .recovered(let messages, let segments, let time):
      sink.add("messages", messages)
      sink.add("segments", segments)
      sink.add("after", time)
    case .damaged(let why), .problem(let why): sink.add("why", why)
    case .tornTailDropped, .problemOver: break
    }
  }
}

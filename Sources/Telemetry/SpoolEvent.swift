// SPDX-License-Identifier: Apache-2.0
package import Octets

/// A fact about what is stored.
package enum SpoolEvent: Hashable, Sendable {
  /// Everything stored was read again at start.
  case recovered(messages: Int, segments: Int, after: Duration)
  /// An unfinished record at the end of the journal was dropped, as it should be after a crash: nobody was told that it was safe.
  case tornTailDropped(file: String, size: ByteCount)
  /// Something stored is damaged and was set aside.
  case damaged(file: String, offset: Int, why: String)
  /// The disk refuses; new mail gets 452, delivery goes on.
  case problem(why: String, remedy: String)
  /// The disk serves again.
  case problemOver(after: Duration)

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
    case .tornTailDropped(let file, let size):
      sink.add("file", file)
      sink.add("size", size)
    case .damaged(let file, let offset, let why):
      sink.add("file", file)
      sink.add("offset", offset)
      sink.add("why", why)
    case .problem(let why, let remedy):
      sink.add("why", why)
      sink.add("remedy", remedy)
    case .problemOver(let time): sink.add("after", time)
    }
  }
}

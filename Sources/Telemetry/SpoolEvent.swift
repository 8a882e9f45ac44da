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

  var facts: EventFacts {
    switch self {
    case .recovered(let messages, let segments, let time):
      EventFacts(
        "spool-recovered", .notice,
        [EventField("messages", messages), EventField("segments", segments), EventField("after", time)])
    case .tornTailDropped(let file, let size):
      EventFacts("spool-torn-tail", .notice, [EventField("file", file), EventField("size", size)])
    case .damaged(let file, let offset, let why):
      EventFacts("spool-damaged", .error, [EventField("file", file), EventField("offset", offset), EventField("why", why)])
    case .problem(let why, let remedy):
      EventFacts("spool-problem", .error, [EventField("why", why), EventField("remedy", remedy)])
    case .problemOver(let time): EventFacts("spool-problem-over", .notice, [EventField("after", time)])
    }
  }
}

// SPDX-License-Identifier: Apache-2.0

/// Decides from a log of system calls whether every acknowledged message was on stable storage before the client heard so.
///
/// For each acknowledgement there must be a write with the message's mark to a file below the spool, and after the end of that write, the
/// beginning of a sync of the same file that ended well before the reply began to leave. This is POSIX read strictly: a sync that was under
/// way when the write was made promises nothing about it.
package struct DurabilityJudge {
  private let writes: [String: [SystemCalls.Call]]
  private let syncs: [SystemCalls.Call]
  private let replies: [String: SystemCalls.Call]

  /// The calls that must be in the log.
  package static let calls = "write,pwrite64,writev,pwritev,pwritev2,fsync,fdatasync,sendto,sendmsg"

  /// A judge over what was logged for a daemon with this spool.
  package init(_ log: SystemCalls, spool: String) {
    let done = log.calls.filter(\.succeeded)
    let below = done.filter { $0.subject.hasPrefix(spool + "/") }
    writes = DurabilityJudge.words(of: below.filter { $0.name.hasPrefix("pwrite") || $0.name.hasPrefix("write") })
    syncs = below.filter { $0.name == "fsync" || $0.name == "fdatasync" }
    var replies: [String: SystemCalls.Call] = [:]
    for call in done where call.subject.hasPrefix("TCP") || call.subject.hasPrefix("socket:") {
      for range in call.arguments.ranges(of: "queued as ") {
        let id = String(call.arguments[range.upperBound...].prefix { $0.isLetter || $0.isNumber })
        replies[id] = replies[id] ?? call
      }
    }
    self.replies = replies
  }

  /// How many syncs of files in the spool there were.
  package var syncCount: Int { syncs.count }

  /// A message that a client was promised.
  package struct Promise: Sendable {
    /// What the final reply called it.
    package let id: String
    /// A word of letters, digits and hyphens that only this message contains, between blanks or line ends.
    package let mark: String
    /// A promise that was heard.
    package init(id: String, mark: String) {
      self.id = id
      self.mark = mark
    }
  }

  /// A sentence for each promise that was not yet true when it was made.
  package func brokenPromises(among promises: [Promise]) -> [String] {
    promises.compactMap { promise in
      guard let reply = replies[promise.id] else {
        return "no reply named \(promise.id), which a client heard"
      }
      guard let stored = writes[promise.mark] else { return "\(promise.id) was never written to the spool" }
      let isCovered = stored.contains { write in
        syncs.contains { $0.subject == write.subject && $0.began > write.ended && $0.ended < reply.began }
      }
      return isCovered ? nil : "the 250 for \(promise.id) left on line \(reply.began), before any sync that covers its write"
    }
  }

  /// The calls by every word with a hyphen in what they write.
  private static func words(of calls: [SystemCalls.Call]) -> [String: [SystemCalls.Call]] {
    var found: [String: [SystemCalls.Call]] = [:]
    for call in calls {
      var word: [UInt8] = []
      for byte in call.arguments.utf8 {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"),
          UInt8(ascii: "-"):
          word.append(byte)
        default:
          if word.contains(UInt8(ascii: "-")) { found[String(decoding: word, as: UTF8.self), default: []].append(call) }
          word.removeAll(keepingCapacity: true)
        }
      }
    }
    return found
  }
}

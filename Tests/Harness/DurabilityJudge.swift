// SPDX-License-Identifier: Apache-2.0

/// Decides from a log of system calls whether every acknowledged message was on stable storage before the client heard so.
///
/// For each acknowledgement there must be a write with the message's mark to a file below the spool, and after the end of that write, the
/// beginning of a sync of the same file that ended well before the reply began to leave. This is POSIX read strictly: a sync that was under
/// way when the write was made promises nothing about it.
package struct DurabilityJudge {
  private let writes: [SystemCalls.Call]
  private let syncs: [SystemCalls.Call]
  private let sends: [SystemCalls.Call]

  /// The calls that must be in the log.
  package static let calls = "write,pwrite64,writev,pwritev,pwritev2,fsync,fdatasync,sendto,sendmsg"

  /// A judge over what was logged for a daemon with this spool.
  package init(_ log: SystemCalls, spool: String) {
    let done = log.calls.filter(\.succeeded)
    let below = done.filter { $0.subject.hasPrefix(spool + "/") }
    writes = below.filter { $0.name.hasPrefix("pwrite") || $0.name.hasPrefix("write") }
    syncs = below.filter { $0.name == "fsync" || $0.name == "fdatasync" }
    sends = done.filter { $0.subject.hasPrefix("TCP") || $0.subject.hasPrefix("socket:") }
  }

  /// How many syncs of files in the spool there were.
  package var syncCount: Int { syncs.count }

  /// A message that a client was promised.
  package struct Promise: Sendable {
    /// What the final reply called it.
    package let id: String
    /// A text that only this message contains.
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
      guard let reply = sends.first(where: { $0.arguments.contains("queued as \(promise.id)") }) else {
        return "no reply named \(promise.id), which a client heard"
      }
      let stored = writes.filter { $0.arguments.contains(promise.mark) }
      guard !stored.isEmpty else { return "\(promise.id) was never written to the spool" }
      let isCovered = stored.contains { write in
        syncs.contains { $0.subject == write.subject && $0.began > write.ended && $0.ended < reply.began }
      }
      return isCovered ? nil : "the 250 for \(promise.id) left on line \(reply.began), before any sync that covers its write"
    }
  }
}

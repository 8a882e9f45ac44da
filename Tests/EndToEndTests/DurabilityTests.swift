// SPDX-License-Identifier: Apache-2.0
internal import Harness
internal import Synchronization
internal import Testing

/// The first promise: `250` means on stable storage.
@Suite struct DurabilityTests {
  /// What clients were promised, from many threads.
  private final class Promises: Sendable {
    private let list = Mutex<[DurabilityJudge.Promise]>([])
    var all: [DurabilityJudge.Promise] { list.withLock { $0 } }
    func hear(_ reply: MailClient.Reply, _ mark: String) throws {
      let words = reply.lines.last?.split(separator: " ") ?? []
      guard reply.code == 250, let id = words.last else { throw HarnessFailure("\(mark) was answered \(reply)") }
      list.withLock { $0.append(DurabilityJudge.Promise(id: String(id), mark: mark)) }
    }
  }

  private static func letter(_ mark: String) -> String { "Subject: \(mark)\n\nbody of \(mark)\n" }

  @Test func `no 250 after DATA leaves before the sync that covers it, and fifty clients share syncs`() throws {
    try Rig.use { rig in
      let log = rig.directory["calls"]
      var options = Daemon.Options()
      options.wrapper = SystemCalls.strace(DurabilityJudge.calls, to: log)
      let upstream = try ScriptedUpstream(rig)
      let daemon = try rig.daemon(options) { $0.useUpstream(port: upstream.port) }
      let port = try daemon.port
      let promises = Promises()
      try Crew.run(50) { index in
        let client = try MailClient(port: port)
        for round in 0..<4 {
          let mark = "mark-\(index)-\(round)-end"
          let reply = try client.send(from: "ann@example.org", to: ["bob@example.net"], DurabilityTests.letter(mark))
          try promises.hear(reply, mark)
        }
        try client.quit()
      }
      _ = try upstream.taken(atLeast: 200)
      try daemon.stop()

      let judge = DurabilityJudge(try SystemCalls(path: log), spool: daemon.spool)
      #expect(promises.all.count == 200)
      #expect(judge.brokenPromises(among: promises.all) == [])
      #expect(judge.syncCount < 200, "fifty clients must share syncs: \(judge.syncCount) for 200 messages")
      #expect(judge.syncCount > 0)
    }
  }

  @Test func `killed ten times under load, every acknowledged message arrives`() throws {
    try Rig.use { rig in
      let upstream = try ScriptedUpstream(rig)
      let daemon = try rig.preparedDaemon { $0.useUpstream(port: upstream.port) }
      let promises = Promises()
      for round in 0..<10 {
        try daemon.start()
        let port = try daemon.port
        let before = promises.all.count
        let killer = KillAfter(20 + round * 17) {
          do { try daemon.kill9() } catch { print("\(error)") }
        }
        try Crew.run(8) { index in
          // Until the daemon dies under the client, whatever it is doing then.
          var number = 0
          do {
            let client = try MailClient(port: port)
            while true {
              let mark = "mark-\(round)-\(index)-\(number)-end"
              try promises.hear(try client.send(from: "ann@example.org", to: ["bob@example.net"], DurabilityTests.letter(mark)), mark)
              try killer.count()
              number += 1
            }
          } catch {}
        }
        #expect(promises.all.count >= before + 20 + round * 17)
      }
      try daemon.start()
      try daemon.drain(.in(.seconds(60)))
      let arrived = Set(upstream.taken.compactMap { $0.message.value(of: "Subject") })
      let lost = promises.all.map(\.mark).filter { !arrived.contains($0) }
      #expect(lost == [], "\(promises.all.count) were promised")
      try daemon.stop()
    }
  }

  /// Does something on a thread of its own when enough has been counted.
  private final class KillAfter: Sendable {
    private let left: Mutex<Int>
    private let action: @Sendable () -> Void

    init(_ count: Int, _ action: @escaping @Sendable () -> Void) {
      left = Mutex(count)
      self.action = action
    }

    func count() throws {
      let isTime = left.withLock { left in
        left -= 1
        return left == 0
      }
      if isTime { try Crew.detach(action) }
    }
  }
}

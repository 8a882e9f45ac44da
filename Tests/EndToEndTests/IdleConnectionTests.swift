// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import Harness
internal import Testing
internal import Varlink

/// Ten thousand clients that say nothing, or as many as this machine has descriptors for.
@Suite(.serialized) struct IdleConnectionTests {
  @Test func `ten thousand idle connections cost little, and others are served`() throws {
    try Rig.use { rig in
      let count = IdleConnectionTests.room()
      let daemon = try rig.daemon {
        $0["Listen.MaxConnections"] = "20000"
        $0["Listen.MaxConnectionsPerClient"] = "20000"
        $0["Log.Level"] = "notice"
      }
      let port = try daemon.port
      try daemon.client().quit()
      let before = try ProcessFacts(try daemon.pid).residentKibibytes
      var clients: [MailClient] = []
      for _ in 0..<count { clients.append(try MailClient(port: port)) }
      let perConnection = Double(try ProcessFacts(try daemon.pid).residentKibibytes - before) / Double(count)
      print("\(count) idle connections take \(perConnection) KiB each")
      // The frames of a debug build are several times as large as those that are shipped; the benchmark has the figure that counts.
      #expect(perConnection < 64)
      #expect(try daemon.control.status().listeners.first?.connections == count)

      try daemon.client().send(from: "a@b.example", to: ["c@d.example"], "Subject: through the crowd\n\nhello\n")
      _ = try daemon.captured.messages(atLeast: 1)
      for client in clients { #expect(try client.say("NOOP").code == 250) }
      #expect(try daemon.stop() == .exited(0))
      for client in clients.prefix(100) { #expect(try client.reply().code == 421) }
    }
  }

  /// How many connections both sides have descriptors for; raises the soft limit as far as it goes.
  private static func room() -> Int {
    var limit = rlimit()
    guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return 256 }
    limit.rlim_cur = limit.rlim_max
    _ = unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    return min(10_000, max(256, Int(clamping: limit.rlim_max) - 1000))
  }
}

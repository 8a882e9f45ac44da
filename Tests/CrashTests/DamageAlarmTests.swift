// SPDX-License-Identifier: Apache-2.0
internal import Harness
internal import Testing
internal import Varlink

/// What a person hears of a spool that is damaged, and of one that takes long to read.
@Suite struct DamageAlarmTests {
  @Test func `damage is an alarm with path and remedy until somebody has moved the pieces away`() throws {
    try Rig.use { rig in
      let port = try LoopbackListener.freePort()
      let daemon = try rig.daemon { $0.useUpstream(port: port) }
      let client = try daemon.client()
      for number in 0..<3 {
        #expect(try client.send(from: "ann@a.test", to: ["bob@a.test"], CrashGround.letter("mark-\(number)-end", 200)).code == 250)
      }
      try daemon.kill9()
      let segments = try Files.names(in: daemon.spool + "/journal").map { "\(daemon.spool)/journal/\($0)" }
      try rig.output(of: "sed", ["-i", "s/end of mark-1-end/end of mark-1-eme/"] + segments)
      try daemon.start()

      let status = try daemon.control.status()
      #expect(status.hasProblem && status.spool.messages == 2)
      #expect(status.warnings.contains { $0.contains("journal/000") && $0.contains("set aside as \"corrupt/") })
      let shown = try daemon.command("status")
      #expect(shown.end == .exited(1))
      #expect(shown.output.contains("PROBLEM  spool: a damaged piece of the spool was set aside in \"\(daemon.spool)/corrupt\""))
      #expect(shown.output.contains("move them away to end this alarm"))
      #expect(daemon.log.contains("spool-damaged"))
      #expect(daemon.notifications.all.contains { $0.hasPrefix("STATUS=2 queued; spool: a damaged piece") })
      let pieces = try Files.names(in: daemon.spool + "/corrupt")
      #expect(pieces.count == 2)
      try rig.output(of: "mv", [daemon.spool + "/corrupt", rig.directory["looked-at"]])
      _ = try daemon.status("the alarm is over") { $0.spool.problem == nil }
      #expect(try daemon.control.status().warnings == [])
      try daemon.stop()
    }
  }

  @Test func `a start that takes long asks for more time and tells how far it is`() throws {
    try Rig.use { rig in
      let port = try LoopbackListener.freePort()
      let daemon = try rig.daemon { settings in
        settings.useUpstream(port: port)
        settings["Spool.SegmentSize"] = "1M"
      }
      let client = try daemon.client()
      for number in 0..<9 {
        #expect(
          try client.send(from: "ann@a.test", to: ["bob@a.test"], CrashGround.letter("\(number)", 250_000)).code == 250)
      }
      try daemon.kill9()
      let before = daemon.notifications.all.count
      // The disk is slow.
      let process = try daemon.launch(wrapper: ["strace"] + Injection("pread64", "delay_enter=150000").strace(to: "/dev/null"))
      try daemon.notifications.wait(for: "READY=1", after: before - 1, .in(.seconds(120))) { process.isRunning }
      let words = daemon.notifications.all[before...]
      let ready = try #require(words.firstIndex(of: "READY=1"))
      let early = words[..<ready]
      #expect(early.contains("EXTEND_TIMEOUT_USEC=30000000"))
      let progress = early.filter { $0.hasPrefix("STATUS=Recovering the spool: ") && $0.hasSuffix(" of 2 MiB") }
      #expect(progress.count >= 2 && Set(progress).count >= 2, "\(early)")
      try daemon.stop()
    }
  }
}

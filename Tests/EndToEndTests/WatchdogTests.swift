// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import Harness
internal import Testing

/// The service manager's watchdog is fed only while the daemon really works.
@Suite struct WatchdogTests {
  private static let alive = "WATCHDOG=1"

  private func watched(_ rig: Rig, milliseconds limit: Int) throws -> Daemon {
    var options = Daemon.Options()
    options.environment = ["WATCHDOG_USEC": "\(limit * 1000)"]
    return try rig.daemon(options)
  }

  @Test func `a healthy daemon feeds the watchdog, a stopped process does not`() throws {
    try Rig.use { rig in
      let daemon = try watched(rig, milliseconds: 800)
      let process = try daemon.process
      try daemon.notifications.wait(for: WatchdogTests.alive) { process.isRunning }
      #expect(daemon.notifications.count(of: WatchdogTests.alive, within: .milliseconds(1600)) >= 2)
      process.signal(SIGSTOP)
      let before = daemon.notifications.all.count
      #expect(daemon.notifications.count(of: WatchdogTests.alive, within: .milliseconds(1600)) <= 1)
      process.signal(SIGCONT)
      try daemon.notifications.wait(for: WatchdogTests.alive, after: before) { process.isRunning }
    }
  }

  @Test func `a disk that does not answer stops the feeding, and it begins again when the disk answers`() throws {
    try Rig.use { rig in
      let daemon = try watched(rig, milliseconds: 1000)
      let process = try daemon.process
      let log = rig.directory["strace"]
      let delay = "inject=fdatasync:delay_enter=6000000:when=1"
      let strace = try rig.start("strace", ["-f", "-o", log, "-e", "trace=fdatasync", "-e", delay, "-p", "\(try daemon.pid)"])
      try Deadline.usual.wait(until: "strace is attached") { strace.errors.contains("attached") }
      let client = try daemon.client()
      for line in ["MAIL FROM:<a@example.org>", "RCPT TO:<b@example.org>", "DATA"] { _ = try client.say(line) }
      try client.connection.send("Subject: stuck\r\n\r\nx\r\n.\r\n")
      try Deadline.usual.wait(until: "the watchdog was not fed for two seconds") {
        daemon.notifications.count(of: WatchdogTests.alive, within: .seconds(2)) == 0
      }
      let before = daemon.notifications.all.count
      #expect(try client.reply().code == 250)
      try daemon.notifications.wait(for: WatchdogTests.alive, after: before - 1) { process.isRunning }
    }
  }

  @Test func `without a watchdog nothing is fed`() throws {
    try Rig.use { rig in
      let daemon = try rig.daemon()
      #expect(!daemon.notifications.all.contains(WatchdogTests.alive))
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
internal import Harness
internal import Testing
internal import Varlink

/// What an operator does about single messages, with the command and the real daemon.
@Suite struct QueueTests {
  /// Refuses `nobody` for good and `later` for now.
  private static let script = UpstreamScript { point in
    guard point.stage == .recipient else { return nil }
    if point.line.contains("nobody@") { return .reply("550 5.1.1 no such user here") }
    return point.line.contains("later@") ? .reply("450 4.2.0 not now") : nil
  }

  private func daemon(_ rig: Rig) throws -> (Daemon, ScriptedUpstream) {
    let upstream = try ScriptedUpstream(rig, QueueTests.script)
    let daemon = try rig.daemon {
      $0.useUpstream(port: upstream.port)
      $0["Retry.First"] = "600s"
      $0["Retry.Max"] = "600s"
    }
    return (daemon, upstream)
  }

  /// Hands in a message and waits until it is in a state; answers its name.
  private func message(_ daemon: Daemon, to recipient: String, _ state: QueuedMessage.State) throws -> String {
    try daemon.client().send(from: "ann@example.org", to: [recipient], "Subject: an order\n\nHello.\n")
    return try Deadline.usual.first("a message that is \(state)") {
      try daemon.control.queue().first { $0.state == state && $0.recipients[0].address == recipient }?.id
    }
  }

  /// Waits until so many messages have reached somebody; this upstream also takes bodies that nobody wants.
  private func taken(_ count: Int, by upstream: ScriptedUpstream) throws -> [ScriptedUpstream.Taken] {
    try Deadline.usual.wait(until: "\(count) messages have reached somebody") { upstream.taken.count { !$0.recipients.isEmpty } >= count }
    return upstream.taken.filter { !$0.recipients.isEmpty }
  }

  private func expect(
    _ daemon: Daemon, _ words: [String], prints output: String, code: Int32 = 0, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let run = try daemon.command(words)
    #expect(run.end == .exited(code), "\(words): \(run.output)\(run.errors)", sourceLocation: sourceLocation)
    #expect((run.output + run.errors).contains(output), "\(run.output)\(run.errors)", sourceLocation: sourceLocation)
  }

  @Test func `a message is held over a restart, released, and removed`() throws {
    try Rig.use { rig in
      let (daemon, upstream) = try daemon(rig)
      let id = try message(daemon, to: "later@example.net", .deferred)
      try expect(daemon, ["queue", "release", id], prints: "message \(id) is not held but deferred", code: 1)
      try expect(daemon, ["queue", "hold", id], prints: "message \(id) is held; posthouse queue release \(id) lets it go")
      try expect(daemon, ["queue", "hold", id], prints: "is held already", code: 1)
      try daemon.kill9()
      try daemon.start()
      try expect(daemon, ["queue", "list", "held"], prints: "1 message: 1 held")
      try expect(daemon, ["queue", "retry", id], prints: "posthouse queue release \(id) lets it go", code: 1)
      try expect(daemon, ["flush", id], prints: "posthouse queue release \(id) lets it go", code: 1)
      let before = upstream.commands.count
      try expect(daemon, ["queue", "release", id], prints: "is released, and due now")
      try Deadline.usual.wait(until: "it was tried") { upstream.commands.count > before }
      try Deadline.usual.wait(until: "it waits again") { try daemon.control.queue().first?.state == .deferred }
      try expect(daemon, ["queue", "remove", id, "--json"], prints: "\"id\": \"\(id)\"")
      try expect(daemon, ["queue"], prints: "the queue is empty")
      try expect(daemon, ["queue", "remove", id], prints: "no message \"\(id)\" is in the spool", code: 1)
      try expect(daemon, ["status"], prints: "empty")
      try daemon.kill9()
      try daemon.start()
      #expect(try daemon.control.queue().isEmpty)
    }
  }

  @Test func `a failed message is listed, exported, tried again and redirected`() throws {
    try Rig.use { rig in
      let (daemon, upstream) = try daemon(rig)
      let id = try message(daemon, to: "nobody@example.net", .failed)
      // The report to the sender.
      #expect(try taken(1, by: upstream).map(\.recipients) == [["ann@example.org"]])
      try expect(daemon, ["status"], prints: "WARNING  1 message failed for good, from just now, and is kept")
      let exported = try daemon.command(["queue", "export", id])
      #expect(exported.end == .exited(0) && exported.output.hasSuffix("Subject: an order\r\n\r\nHello.\r\n"))
      try expect(daemon, ["queue", "export", id, "--json"], prints: "\"data\": \"")
      try expect(daemon, ["queue", "retry", id], prints: "message \(id) is due now")
      #expect(try taken(2, by: upstream).map(\.recipients) == [["ann@example.org"], ["ann@example.org"]])
      _ = try daemon.status("it has failed again") { $0.spool.failed == 1 && $0.spool.messages == 1 }
      try expect(daemon, ["queue", "redirect", id, "some body"], prints: "\"some body\" is no mail address", code: 2)
      try expect(daemon, ["queue", "redirect", id, "bob@example.net"], prints: "message \(id) goes to bob@example.net as message ")
      let taken = try taken(3, by: upstream)
      #expect(taken[2].recipients == ["bob@example.net"] && taken[2].message.body == "Hello.\n")
      try daemon.drain()
      #expect(try daemon.control.queue().isEmpty)
    }
  }

  @Test func `a message on the road cannot be called back`() throws {
    try Rig.use { rig in
      let upstream = try ScriptedUpstream(rig, UpstreamScript { $0.stage == .end ? .stall : nil })
      let daemon = try rig.daemon { $0.useUpstream(port: upstream.port) }
      let id = try message(daemon, to: "bob@example.net", .active)
      for order in [["hold", id], ["remove", id], ["redirect", id, "a@example.net"]] {
        try expect(daemon, ["queue"] + order, prints: "message \(id) is being transmitted; try again in a moment", code: 1)
      }
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
internal import Harness
internal import Testing
internal import Varlink

/// Upstreams that are away, slow or die at the wrong moment.
@Suite struct OutageTests {
  private func send(_ daemon: Daemon, _ subject: String) throws {
    #expect(try daemon.client().send(from: "ann@example.org", to: ["bob@example.net"], "Subject: \(subject)\n\nx\n").code == 250)
  }

  @Test func `mail waits while the upstream is down and goes out when it is back`() throws {
    try Rig.use { rig in
      let upstream = try ScriptedUpstream(rig)
      upstream.stop()
      let daemon = try rig.daemon { $0.useUpstream(port: upstream.port) }
      try send(daemon, "patience")
      let status = try daemon.status("the upstream is failing") { $0.upstreams.first?.state == .failing }
      #expect(status.spool.messages == 1)
      try upstream.start()
      #expect(try upstream.taken(atLeast: 1).first?.message.value(of: "Subject") == "patience")
      try daemon.drain()
      _ = try daemon.status("the upstream is well again") { $0.hasProblem == false }
    }
  }

  @Test func `flush does not wait for the next attempt`() throws {
    try Rig.use { rig in
      let upstream = try ScriptedUpstream(rig)
      upstream.stop()
      let daemon = try rig.daemon {
        $0.useUpstream(port: upstream.port)
        $0["Retry.First"] = "1h"
        $0["Retry.Max"] = "1h"
      }
      try send(daemon, "now")
      _ = try daemon.status("the upstream is failing") { $0.upstreams.first?.state == .failing }
      try upstream.start()
      let flush = try daemon.command("flush")
      #expect(flush.end == .exited(0))
      #expect(try upstream.taken(atLeast: 1).count == 1)
    }
  }

  @Test func `the queue shows who waits, and why, for people and for machines`() throws {
    try Rig.use { rig in
      let upstream = try ScriptedUpstream(rig, UpstreamScript { $0.stage == .sender ? .reply("451 4.3.0 later, please") : nil })
      let daemon = try rig.daemon {
        $0.useUpstream(port: upstream.port)
        $0["Retry.First"] = "1h"
        $0["Retry.Max"] = "1h"
      }
      try send(daemon, "later")
      _ = try daemon.status("the message is deferred") { $0.spool.deferred == 1 }
      let message = try #require(try daemon.control.queue().first)
      #expect(message.lastReply?.contains("451 4.3.0 later, please") == true)
      #expect(message.attempts == 1)
      let people = try daemon.command("queue")
      #expect(people.output.contains(message.id))
      #expect(people.output.contains("ann@example.org"))
      let machines = try daemon.command("queue", "--json")
      #expect(try JSON(parsing: machines.output.utf8.span).mentions("id", message.id), "\(machines.output)")
    }
  }

  @Test(arguments: [UpstreamScript.Stage.greeting, .hello, .sender, .recipient, .data, .end])
  func `a connection that dies at any stage loses nothing`(_ stage: UpstreamScript.Stage) throws {
    try Rig.use { rig in
      let upstream = try ScriptedUpstream(rig, UpstreamScript { $0.stage == stage && $0.earlier == 0 ? .cut : nil })
      let daemon = try rig.daemon { $0.useUpstream(port: upstream.port) }
      try send(daemon, "survivor")
      #expect(try upstream.taken(atLeast: 1).first?.message.value(of: "Subject") == "survivor")
      try daemon.drain()
      #expect(upstream.taken.count == 1)
    }
  }

  @Test(arguments: [UpstreamScript.Stage.greeting, .hello, .sender, .recipient, .data, .end])
  func `a temporary refusal at any stage is repeated until it is over`(_ stage: UpstreamScript.Stage) throws {
    try Rig.use { rig in
      let upstream = try ScriptedUpstream(
        rig, UpstreamScript { $0.stage == stage && $0.earlier == 0 ? .reply("421 4.3.2 not just now") : nil })
      let daemon = try rig.daemon { $0.useUpstream(port: upstream.port) }
      try send(daemon, "again")
      #expect(try upstream.taken(atLeast: 1).count == 1)
      try daemon.drain()
    }
  }

  @Test func `an upstream that speaks a byte at a time is understood`() throws {
    try Rig.use { rig in
      let script = UpstreamScript { point in
        switch point.stage {
        case .greeting: .trickle("220-slowly\n220 but surely")
        case .hello: .trickle("250-slow.test\n250-8BITMIME\n250 SIZE 1000000")
        case .end: .trickle("250-2.0.0 it is\n250 2.0.0 taken")
        default: nil
        }
      }
      let upstream = try ScriptedUpstream(rig, script)
      let daemon = try rig.daemon { $0.useUpstream(port: upstream.port) }
      try send(daemon, "patient")
      try daemon.drain()
      #expect(upstream.taken.count == 1)
    }
  }

  @Test func `a refusal for good makes the message failed and keeps it visible`() throws {
    try Rig.use { rig in
      let upstream = try ScriptedUpstream(rig, UpstreamScript { $0.stage == .end ? .reply("554 5.6.0 not this message") : nil })
      let daemon = try rig.daemon { $0.useUpstream(port: upstream.port) }
      try send(daemon, "unwanted")
      // The report about it is refused too, and nobody is told of that.
      let status = try daemon.status("message and report are failed") { $0.spool.failed == 2 }
      #expect(status.spool.messages == 2 && status.spool.oldestFailedUSec != nil)
      let messages = try daemon.control.queue()
      #expect(messages.map(\.state) == [.failed, .failed] && messages.map(\.sender) == ["ann@example.org", ""])
      try daemon.stop()
      try daemon.start()
      #expect(try daemon.control.queue().map(\.id) == messages.map(\.id))
    }
  }
}

extension JSON {
  /// Whether a member with this name and text is anywhere in it.
  fileprivate func mentions(_ name: String, _ text: String) -> Bool {
    switch self {
    case .object(let object): object.members.contains { ($0.name == name && $0.value == .string(text)) || $0.value.mentions(name, text) }
    case .array(let elements): elements.contains { $0.mentions(name, text) }
    case .null, .boolean, .integer, .number, .string: false
    }
  }
}

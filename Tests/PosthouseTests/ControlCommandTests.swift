// SPDX-License-Identifier: Apache-2.0
import Foundation
import Octets
import Testing
import Varlink

@Suite struct ControlCommandTests {
  let directory: TemporaryDirectory
  let now = Int64(Date().timeIntervalSince1970) * 1_000_000

  init() throws { directory = try TemporaryDirectory() }

  private func run(_ arguments: String..., answered script: ScriptedService.Script) throws -> (run: CommandRun, call: VarlinkCall?) {
    let service = try ScriptedService(in: directory, script)
    return (try CommandRun(arguments + ["--socket", service.path]), service.call)
  }

  private var status: RelayStatus {
    var upstream = UpstreamStatus(name: "default", host: "smtp.example.com", port: 587, tls: "starttls", isVerified: true)
    upstream.lastSuccessUSec = now - 185_000_000
    var spool = SpoolStatus(directory: "/var/lib/posthouse")
    spool.queued = 2
    spool.bytes = 3000
    return RelayStatus(
      version: "0.1.0", state: .running, hostname: "app1.example.com", startedUSec: now - 7_500_000_000,
      listeners: [.init(address: "127.0.0.1:25", connections: 3), .init(address: "[::1]:25", connections: 0)], upstreams: [upstream],
      spool: spool,
      counters: [.init(name: "messagesAccepted", count: 12), .init(name: "refused", count: 0)], warnings: [])
  }

  private func reply(_ status: RelayStatus) -> ScriptedService.Script {
    .replies([.done(JSONObject(["status": .object(status.json)]))])
  }

  @Test func `a healthy status is told in a few lines`() throws {
    let (run, call) = try run("status", answered: reply(status))
    #expect(call == VarlinkCall("io.posthouse.Relay.GetStatus"))
    #expect(
      run.output == """
        posthoused 0.1.0 on app1.example.com: running, started 2 h 5 min ago
          Upstream   smtp.example.com:587, TLS starttls, idle, last success 3 min ago
          Listening  127.0.0.1:25 (3 connections), [::1]:25
          Spool      /var/lib/posthouse: 2 messages, 2.9K (2 queued)
          Counted    messages accepted 12

        """)
    #expect(run.code == 0 && run.complaint == "")
  }

  @Test func `faults come first, with their remedy, and the exit status tells`() throws {
    var status = status
    status.upstreams[0].state = .held
    status.upstreams[0].fault = "the password of \"apikey\" was refused; correct it and run posthouse flush"
    status.upstreams[0].faultSinceUSec = now - 200_000_000
    status.upstreams[0].nextAttemptUSec = now + 600_000_000
    status.spool.failed = 1
    status.spool.problem = "no space left; free some"
    status.warnings = ["Upstream.Verify=no: take it away"]
    let (run, _) = try run("status", answered: reply(status))
    let lines = run.output.split(separator: "\n")
    #expect(lines[0] == "PROBLEM  spool: no space left; free some")
    #expect(
      lines[1]
        == "PROBLEM  upstream smtp.example.com:587 is held, and its mail waits, since 3 min: the password of \"apikey\" was refused; "
        + "correct it and run posthouse flush"
    )
    #expect(lines[2] == "WARNING  Upstream.Verify=no: take it away")
    #expect(lines[3] == "WARNING  1 message failed for good and is kept; posthouse queue shows why")
    #expect(run.code == 1)
  }

  @Test(arguments: [UpstreamStatus.State.failing, .held]) func `an upstream in trouble is a problem`(state: UpstreamStatus.State) throws {
    var status = status
    status.upstreams[0].state = state
    #expect(try run("status", answered: reply(status)).run.code == 1)
  }

  @Test func `machines get the status as it was sent, later fields included`() throws {
    var json = status.json
    json["later"] = 1
    let (run, _) = try run("status", "--json", answered: .replies([.done(JSONObject(["status": .object(json)]))]))
    #expect(try run.json() == .object(json))
  }

  @Test func `what a stranger wrote cannot steer the terminal`() throws {
    var status = status
    status.upstreams[0].fault = "535 \u{1b}]0;owned\u{7}\u{202e}evil\nPROBLEM  forged"
    status.upstreams[0].state = .held
    let output = try run("status", answered: reply(status)).run.output
    #expect(!output.unicodeScalars.contains { $0 == "\u{1b}" || $0 == "\u{7}" || $0 == "\u{202e}" })
    #expect(!output.contains("\nPROBLEM  forged"))
  }

  private func message(_ id: String, _ state: QueuedMessage.State) -> QueuedMessage {
    QueuedMessage(
      id: id, state: state, sizeBytes: 2048, sender: "app@example.com", recipients: [.init(address: "a@example.net", state: .waiting)],
      acceptedUSec: now - 65_000_000, peer: "127.0.0.1:50000")
  }

  @Test func `the queue is a table with reasons`() throws {
    var deferred = message("1k9d3f0v7q2", .deferred)
    deferred.sender = ""
    deferred.recipients += [.init(address: "b@example.net", state: .delivered), .init(address: "c@example.net", state: .deferred)]
    deferred.lastReply = "451 4.3.0 later"
    deferred.nextAttemptUSec = now + 3_600_000_000
    let replies: [VarlinkReply] = [
      .continued(JSONObject(["message": .object(deferred.json)])), .done(JSONObject(["message": .object(message("2", .failed).json)])),
    ]
    let (run, call) = try run("queue", answered: .replies(replies))
    #expect(call == VarlinkCall("io.posthouse.Relay.List", answers: .many))
    let lines = run.output.split(separator: "\n")
    #expect(lines[0] == "ID           STATE     AGE    SIZE  SENDER           RECIPIENTS                NEXT TRY")
    #expect(lines[1].hasPrefix("1k9d3f0v7q2  deferred  1 min  2.0K  <>               a@example.net and 2 more  in "))
    #expect(lines[2] == "             451 4.3.0 later")
    #expect(lines[3].hasSuffix("never"))
    #expect(lines[4] == "2 messages: 1 deferred, 1 failed")
    #expect(run.code == 0)
  }

  @Test func `an empty queue says so`() throws {
    #expect(try run("queue", "list", answered: .replies([.done(JSONObject())])).run.output == "the queue is empty\n")
  }

  @Test(arguments: [0, 1, 1200]) func `machines get the queue as one array`(count: Int) throws {
    var replies: [VarlinkReply] = (0..<count).map { .continued(JSONObject(["message": .object(message("m\($0)", .queued).json)])) }
    replies.append(.done(JSONObject()))
    let run = try run("queue", "--json", answered: .replies(replies)).run
    guard case .array(let messages) = try run.json() else {
      Issue.record("no array")
      return
    }
    #expect(messages.count == count)
  }

  @Test func `one message is shown with all its recipients`() throws {
    var message = message("1k9d3f0v7q2", .deferred)
    message.peerUID = 0
    message.peerUnit = "app.service"
    message.greeting = "app1"
    message.extensions = ["8BITMIME", "SMTPUTF8"]
    message.envelopeID = "QQ1"
    message.report = .headers
    message.attempts = 2
    message.nextAttemptUSec = now + 3_600_000_000
    message.holdUntilUSec = now + 3_600_000_000
    message.lastReply = "450 4.2.1 busy"
    message.recipients.append(.init(address: "b@example.net", state: .delivered))
    message.recipients[1].notify = []
    message.recipients[0].notify = [.success, .delay]
    message.recipients[0].original = "rfc822;A@example.net"
    message.recipients[0].reply = "450 4.2.1 busy"
    let (run, call) = try run("queue", "show", "1k9d3f0v7q2", answered: .replies([.done(JSONObject(["message": .object(message.json)]))]))
    #expect(call == VarlinkCall("io.posthouse.Relay.List", JSONObject(["id": "1k9d3f0v7q2"]), answers: .many))
    let lines = run.output.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    #expect(lines[0...1] == ["Message     1k9d3f0v7q2", "State       deferred"])
    #expect(lines[2].hasPrefix("Accepted    20") && lines[2].hasSuffix("Z (1 min ago)"))
    #expect(
      lines[3...6] == [
        "Size        2.0K", "Sender      app@example.com", "Handed in   from 127.0.0.1:50000 as app1 by user root (0) in app.service",
        "Attempts    2",
      ])
    #expect(lines[7].hasPrefix("Next try    20") && lines[7].contains("Z (in "))
    #expect(lines[8].hasPrefix("Not before  20"))
    #expect(
      lines[9...13] == [
        "Needs       8BITMIME, SMTPUTF8", "ENVID       QQ1", "Report      with the headers", "Last reply  450 4.2.1 busy", "",
      ])
    #expect(lines[15].hasPrefix("a@example.net  waiting    450 4.2.1 busy"))
    #expect(lines[16].hasSuffix("to be reported: success, delay; first written rfc822;A@example.net"))
    #expect(lines[17].hasPrefix("b@example.net  delivered"))
    #expect(lines[18].hasSuffix("never to be reported"))
  }

  @Test func `a message that is not there is a problem`() throws {
    for script in [ScriptedService.Script.replies([.refused(RelayInterface.noSuchMessage("zz"))]), .replies([.done(JSONObject())])] {
      let directory = try TemporaryDirectory()
      let service = try ScriptedService(in: directory, script)
      let run = try CommandRun(["queue", "show", "zz", "--socket", service.path])
      #expect(run.complaint == "posthouse: no message \"zz\" is in the spool; posthouse queue lists those that are\n")
      #expect(run.code == 1)
    }
  }

  static let orders: [(words: [String], method: String, output: String)] = [
    (["retry", "abc"], "Retry", "message abc is due now\n"),
    (["hold", "abc"], "Hold", "message abc is held; posthouse queue release abc lets it go\n"),
    (["release", "abc"], "Release", "message abc is released, and due now\n"),
    (["remove", "abc"], "Remove", "message abc is removed\n"),
    (["redirect", "abc", "you@b.example"], "Redirect", "message abc goes to you@b.example as message abc\n"),
    (["redirect", "abc", "a@b.example", "b@b.example"], "Redirect", "message abc goes to 2 recipients as message abc\n"),
  ]

  @Test(arguments: orders) func `an order is passed on and its end told`(words: [String], method: String, output: String) throws {
    let replies = ScriptedService.Script.replies([.done(JSONObject(["id": "abc"]))])
    let service = try ScriptedService(in: directory, replies)
    #expect(try CommandRun(["queue"] + words + ["--socket", service.path]).output == output)
    #expect(service.call?.method == "io.posthouse.Relay.\(method)")
    #expect(try service.call?.parameters.string("id") == "abc")
    if words.count > 2 { #expect(try service.call?.parameters.strings("recipients") == Array(words.dropFirst(2))) }
    let other = try TemporaryDirectory()
    let json = try CommandRun(["queue"] + words + ["--json", "--socket", try ScriptedService(in: other, replies).path])
    #expect(try json.json() == .object(JSONObject(["id": "abc"])))
  }

  static let misfits: [(words: [String], error: VarlinkError, complaint: String, code: Int32)] = [
    (["hold", "abc"], RelayInterface.messageIsActive("abc"), "message abc is being transmitted; try again in a moment", 1),
    (["hold", "abc"], RelayInterface.wrongState("abc", .held), "message abc is held already", 1),
    (
      ["hold", "abc"], RelayInterface.wrongState("abc", .failed),
      "message abc has failed and is not tried by itself; posthouse queue retry abc tries it again", 1
    ),
    (
      ["release", "abc"], RelayInterface.wrongState("abc", .deferred),
      "message abc is not held but deferred; posthouse queue retry abc makes it due now", 1
    ),
    (["retry", "abc"], RelayInterface.wrongState("abc", .held), "message abc is held; posthouse queue release abc lets it go", 1),
    (
      ["remove", "abc"], RelayInterface.noSuchMessage("abc"), "no message \"abc\" is in the spool; posthouse queue lists those that are", 1
    ),
    (
      ["redirect", "abc", "x"], RelayInterface.invalidRecipient("x", "it has no domain"),
      "\"x\" is no mail address: it has no domain; write one such as you@example.com", 2
    ),
    (
      ["redirect", "abc", "x@y"], RelayInterface.spoolRefused("no space left"),
      "the spool cannot do it now: no space left; see posthouse status", 1
    ),
    (
      ["export", "abc"], RelayInterface.noSuchMessage("abc"), "no message \"abc\" is in the spool; posthouse queue lists those that are", 1
    ),
  ]

  @Test(arguments: misfits) func `an order that cannot be carried out is told with its remedy`(
    words: [String], error: VarlinkError, complaint: String, code: Int32
  ) throws {
    let service = try ScriptedService(in: directory, .replies([.refused(error)]))
    let run = try CommandRun(["queue"] + words + ["--socket", service.path])
    #expect(run.complaint == "posthouse: \(complaint)\n")
    #expect(run.code == code)
  }

  static let mistakes: [([String], String)] = [
    (["queue", "remove"], "posthouse queue remove needs the name of a message; posthouse queue lists them"),
    (["queue", "remove", "a", "b"], "posthouse queue remove does not know what to do with \"b\"; see posthouse help"),
    (["queue", "redirect", "a"], "posthouse queue redirect needs the addresses that shall have the message, behind its name"),
    (["queue", "relase", "a"], "\"relase\" is not a queue command; did you mean release?"),
    (["queue", "list", "faild"], "\"faild\" is not a state of messages; did you mean failed?"),
  ]

  @Test(arguments: mistakes) func `an order that is not understood goes nowhere`(words: [String], complaint: String) throws {
    let run = try CommandRun(words + ["--socket", "\(directory.path)/nobody"])
    #expect(run.complaint == "posthouse: \(complaint)\n")
    #expect(run.code == 2)
  }

  @Test func `a list can be of one state`() throws {
    let (run, call) = try run("queue", "list", "failed", answered: .replies([.done(JSONObject())]))
    #expect(run.output == "no message is failed\n")
    #expect(call == VarlinkCall("io.posthouse.Relay.List", JSONObject(["state": "failed"]), answers: .many))
  }

  @Test func `a message is exported byte for byte, and as JSON with its text`() throws {
    let text = Array("Subject: x\r\n\r\n\u{1b}[31m".utf8) + [0xff, 0x00]
    let replies: [VarlinkReply] = [
      .continued(JSONObject(["message": .object(message("abc", .failed).json)])),
      .continued(JSONObject(["data": .string(Base64.encode(Array(text[..<5])))])),
      .continued(JSONObject(["data": .string(Base64.encode(Array(text[5...])))])), .done(JSONObject()),
    ]
    let (run, call) = try run("queue", "export", "abc", answered: .replies(replies))
    #expect(run.bytes == text && run.code == 0)
    #expect(call == VarlinkCall("io.posthouse.Relay.Export", JSONObject(["id": "abc"]), answers: .many))
    let other = try TemporaryDirectory()
    let json = try CommandRun(["queue", "export", "abc", "--json", "--socket", try ScriptedService(in: other, .replies(replies)).path])
    #expect(try json.json().object?.string("data") == Base64.encode(text))
    #expect(try json.json().object?.string("id") == "abc")
  }

  @Test func `a text that ends in the middle is told`() throws {
    let replies: [VarlinkReply] = [
      .continued(JSONObject(["message": .object(message("abc", .failed).json)])), .continued(JSONObject(["data": "U3Vi"])),
      .refused(RelayInterface.spoolRefused("the body of message abc is damaged")),
    ]
    let run = try run("queue", "export", "abc", answered: .replies(replies)).run
    #expect(run.output == "Sub" && run.code == 1)
    #expect(run.complaint.contains("the body of message abc is damaged"))
  }

  @Test func `flush tells how many are due`() throws {
    let (run, call) = try run("flush", answered: .replies([.done(JSONObject(["scheduled": 3]))]))
    #expect(call == VarlinkCall("io.posthouse.Relay.Flush"))
    #expect(run.output == "3 messages due now\n")
    let other = try TemporaryDirectory()
    let service = try ScriptedService(in: other, .replies([.done(JSONObject(["scheduled": 1]))]))
    #expect(try CommandRun(["flush", "abc"], environment: ["POSTHOUSE_SOCKET": service.path]).output == "message abc is due now\n")
    #expect(service.call?.parameters == JSONObject(["id": "abc"]))
  }

  @Test(arguments: [
    [UInt8]("HTTP/1.1 400 Bad Request\r\n\r\n\0".utf8), [UInt8]("{}\0".utf8), [UInt8]("{\"parameters\":{\"status\":{}}}\0".utf8),
    [UInt8]("{\"error\":7}\0".utf8),
    [UInt8]("[1]\0".utf8), [UInt8](repeating: 0x41, count: 1_100_000),
  ])
  func `nonsense is called so`(bytes: [UInt8]) throws {
    let run = try run("status", answered: .bytes(bytes)).run
    #expect(run.complaint.contains("does not answer like posthoused"), "\(run.complaint)")
    #expect(run.code == 3)
  }

  @Test(arguments: [[UInt8](), [UInt8]("{\"parameters\"".utf8)]) func `a connection that ends early is told`(bytes: [UInt8]) throws {
    let run = try run("status", answered: .bytes(bytes)).run
    #expect(run.complaint.contains("closed the connection without an answer"))
    #expect(run.code == 3)
  }

  @Test func `a daemon that does not answer is not waited for`() throws {
    let run = try run("status", "--timeout", "1", answered: .silence(after: Array("{".utf8))).run
    #expect(run.complaint.contains("did not answer within 1 s; it may hang"))
    #expect(run.code == 3)
  }

  @Test func `a missing daemon is told, in words and in JSON`() throws {
    let path = "\(directory.path)/nothing"
    let run = try CommandRun(["status", "--json", "--socket", path])
    #expect(run.complaint.hasPrefix("posthouse: posthoused is not there: no socket \"\(path)\"; start it with systemctl start posthoused"))
    #expect(try run.json().object?["exitCode"] == 3)
    #expect(run.code == 3)
    let file = try directory.file("stale", "")
    #expect(try CommandRun(["status", "--socket", file]).complaint.contains("nobody listens on"))
    #expect(try CommandRun(["status", "--socket", "/\(String(repeating: "x", count: 200))"]).code == 2)
  }

  @Test func `refused access has its own exit status`() throws {
    let run = try run("flush", answered: .replies([.refused(.permissionDenied)])).run
    #expect(run.complaint == "posthouse: posthoused refuses this to you; run it as root\n")
    #expect(run.code == 4)
  }

  @Test(
    .enabled(
      if: getuid() == 0 && FileManager.default.isExecutableFile(atPath: CommandRun.switcher.path), "only root can become nobody"))
  func `a socket that one may not use is told with the remedy`() throws {
    let locked = try TemporaryDirectory()
    let run = try CommandRun(asNobody: ["status", "--socket", "\(locked.path)/control"], in: directory)
    #expect(run.complaint.contains("access to \"\(locked.path)/control\" is refused; join the group that owns the socket"))
    #expect(run.code == 4)
    let file = try locked.file("posthouse.conf", "[Upstream]\nHost=a.example\n")
    let other = try TemporaryDirectory()
    #expect(try CommandRun(asNobody: ["config", "check", "--config", file], in: other).code == 4)
  }

  @Test func `a daemon that is too old is told`() throws {
    let run = try run("flush", answered: .replies([.refused(.methodNotFound("io.posthouse.Relay.Flush"))])).run
    #expect(run.complaint.contains("does not know io.posthouse.Relay.Flush; update it"))
    #expect(run.code == 1)
  }

  @Test func `the socket is found in the configuration`() throws {
    let service = try ScriptedService(in: directory, .replies([.done(JSONObject(["scheduled": 0]))]))
    let file = try directory.file("posthouse.conf", "[Control]\nSocket=\(service.path)\n[Upstream]\nHost=a.example\n")
    #expect(try CommandRun(["flush", "--config", file]).output == "nothing waits to be tried again\n")
  }
}

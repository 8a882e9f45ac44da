// SPDX-License-Identifier: Apache-2.0
import Foundation
import Harness
import Testing

@Suite struct SendmailRefusalTests {
  private func run(_ script: UpstreamScript, _ recipients: [String] = ["a@x.example", "b@x.example"], message: String = "S: x\n\nt\n")
    throws
    -> (ending: Sendmail.Ending, taken: [ScriptedUpstream.Taken])
  {
    var answer: (Sendmail.Ending, [ScriptedUpstream.Taken])?
    try Rig.use { rig throws in
      let relay = try ScriptedUpstream(rig, script)
      let sendmail = try Sendmail(rig).handing(to: "127.0.0.1:\(relay.port)")
      answer = (try sendmail.run(["-i"] + recipients, Array(message.utf8)), relay.taken)
    }
    return try #require(answer)
  }

  @Test(arguments: [
    (UpstreamScript.Stage.greeting, "421 4.3.2 full", 75), (.greeting, "554 no", 75), (.greeting, "554 5.7.1 not you", 77),
    (.hello, "421 4.3.2 no", 75), (.sender, "452 4.3.1 no room", 75), (.sender, "550 5.7.1 not you", 77), (.sender, "553 5.1.8 no", 69),
    (.recipient, "450 4.2.1 later", 75), (.recipient, "550 5.1.1 unknown", 67), (.recipient, "550 5.7.1 denied", 77),
    (.recipient, "550 no", 69), (.data, "451 4.3.0 no", 75), (.data, "554 5.5.1 no", 69), (.end, "451 4.3.0 disk", 75),
    (.end, "554 5.6.0 bad lines", 65), (.end, "552 5.3.4 too large", 69), (.end, "550 5.7.1 no", 77),
  ])
  func `what the relay refuses is told with its words and the fitting exit status`(
    _ stage: UpstreamScript.Stage, _ reply: String, _ code: Int32
  ) throws {
    let (ending, taken) = try run(UpstreamScript { $0.stage == stage ? .reply(reply) : nil })
    #expect(ending.code == code && ending.complaint.hasPrefix("sendmail: the relay refuses "), "\(ending)")
    #expect(ending.complaint.contains(reply.dropFirst(4)) && taken.isEmpty)
  }

  @Test func `when one recipient is refused, nobody gets the message`() throws {
    let script = UpstreamScript { $0.line.contains("b@x.example") ? .reply("550 5.1.1 unknown") : nil }
    let (ending, taken) = try run(script, ["a@x.example", "b@x.example", "c@x.example"])
    #expect(ending.code == 67 && ending.complaint.contains("the recipient <b@x.example>") && taken.isEmpty)
  }

  @Test func `more recipients than the relay takes at a time go in several transactions`() throws {
    var script = UpstreamScript { point in
      point.stage == .recipient && point.earlier % 3 == 2 ? .reply("452 4.5.3 too many recipients") : nil
    }
    let all = (1...5).map { "r\($0)@x.example" }
    let refused = try run(script, all)
    #expect(refused.ending.code == 0)
    #expect(refused.taken.map(\.recipients) == [["r1@x.example", "r2@x.example"], ["r3@x.example", "r4@x.example"], ["r5@x.example"]])
    script = .friendly
    script.extensions.append("LIMITS RCPTMAX=3")
    #expect(try run(script, all).taken.map(\.recipients.count) == [3, 2])
  }

  @Test func `a later transaction that fails names who is not served`() throws {
    var script = UpstreamScript { $0.stage == .end && $0.earlier == 1 ? .reply("451 4.3.0 disk") : nil }
    script.extensions.append("LIMITS RCPTMAX=1")
    let (ending, taken) = try run(script)
    #expect(ending.code == 75 && taken.count == 1)
    #expect(ending.complaint.contains("the first 1 recipients are served, those from <b@x.example> on are not"))
  }

  @Test func `a message larger than the relay takes is not sent`() throws {
    var script = UpstreamScript.friendly
    script.extensions = ["SIZE 1000"]
    let (ending, taken) = try run(script, message: "S: x\n\n" + String(repeating: "x\n", count: 1000))
    #expect(ending.code == 69 && ending.complaint.contains("takes 1000 at most (Listen.MaxMessageSize)") && taken.isEmpty)
  }

  @Test func `an endless message is read only as far as the relay would take it`() throws {
    try Rig.use { rig throws in
      var script = UpstreamScript.friendly
      script.extensions = ["SIZE 40000000"]
      let relay = try ScriptedUpstream(rig, script)
      let sendmail = try Sendmail(rig).handing(to: "127.0.0.1:\(relay.port)")
      let child = try rig.run(
        "/bin/sh", ["-c", "yes \(String(repeating: "x", count: 1000)) | exec \"$0\" -i a@x.example", "\(rig.directory.path)/sendmail"],
        environment: sendmail.environment)
      #expect(child.end == .exited(69) && relay.taken.isEmpty)
    }
  }

  @Test(arguments: [
    (UpstreamScript.Act.raw(Array("HTTP/1.1 400 Bad Request\r\n\r\n".utf8)), 76, "does not speak SMTP"),
    (.raw([0x16, 3, 1, 2]), 76, "does not speak SMTP"), (.close, 75, "closed the connection"), (.cut, 75, "the relay "),
  ])
  func `what answers otherwise than the relay is told`(_ act: UpstreamScript.Act, _ code: Int32, _ words: String) throws {
    let (ending, _) = try run(UpstreamScript { $0.stage == .greeting ? act : nil })
    #expect(ending.code == code && ending.complaint.contains(words), "\(ending)")
  }

  @Test(arguments: [UpstreamScript.Stage.sender, .data, .end]) func `a relay that hangs up has not taken the message`(
    stage: UpstreamScript.Stage
  ) throws {
    for act in [UpstreamScript.Act.close, .cut, .lastWords("421 4.3.2 going down")] {
      let (ending, taken) = try run(UpstreamScript { $0.stage == stage ? act : nil }, message: String(repeating: "x\n", count: 500_000))
      #expect(ending.code == 75 && taken.isEmpty)
    }
  }

  @Test func `a relay that knows no extensions is spoken to in the old way`() throws {
    let script = UpstreamScript { $0.line.hasPrefix("EHLO") ? .reply("502 5.5.1 what?") : nil }
    let (ending, taken) = try run(script)
    #expect(ending.code == 0 && taken.count == 1)
  }

  @Test func `a relay that starts only now is waited for`() throws {
    try Rig.use { rig throws in
      // A socket that listens while nobody serves it yet is what systemd holds for a daemon that is starting.
      let listener = try LoopbackListener()
      let sendmail = try Sendmail(rig).handing(to: "127.0.0.1:\(listener.port)")
      let input = try rig.write("S: x\n\n", to: "message")
      let child = try rig.start("\(rig.directory.path)/sendmail", ["-i", "a@x.example"], environment: sendmail.environment, input: input)
      let connection = try #require(listener.accept())
      #expect(child.isRunning)
      for reply in ["220 late.test", "250 late.test", "250 ok", "250 ok", "354 go", "250 taken", "221 bye"] {
        try connection.send("\(reply)\r\n")
        if reply.hasPrefix("221") { break }
        let end = reply.hasPrefix("354") ? "\r\n.\r\n" : "\r\n"
        _ = try connection.bytes(through: Array(end.utf8))
      }
      #expect(try child.wait() == .exited(0))
    }
  }

  @Test(arguments: [
    ("127.0.0.1:1", 75, "the relay is not there"), ("unix:/nowhere/smtp", 75, "no such file"), ("/nowhere/smtp", 75, "no such file"),
    ("[::1]:1", 75, "the relay is not there"), ("localhost:1", 75, "[::1]:1"), ("relay", 78, "has no port"),
    ("relay:25", 78, "is no address"),
    ("127.0.0.1:0", 78, "has no port"), ("127.0.0.1:99999", 78, "has no port"), ("/\(String(repeating: "x", count: 200))", 78, "too long"),
  ])
  func `a relay that is not there is to be tried later, and nothing is kept`(_ place: String, _ code: Int32, _ words: String) throws {
    try Rig.use { rig throws in
      let ending = try Sendmail(rig).handing(to: place)("-i", "a@x.example")
      #expect(ending.code == code && ending.complaint.contains(words), "\(ending)")
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
import Foundation
import Harness
import Testing
import Varlink

@Suite struct SendmailNamesTests {
  @Test(arguments: ["\r\n", "\n"]) func `a dialogue written into the pipe beforehand is held at the pace of the relay`(end: String) throws {
    try Rig.use { rig throws in
      let relay = try ScriptedUpstream(rig)
      let sendmail = try Sendmail(rig).handing(to: "127.0.0.1:\(relay.port)")
      let lines = [
        "EHLO app", "STARTTLS", "MAIL FROM:<a@x.example>", "RCPT TO:<b@x.example>", "DATA", "Subject: bs", "", "..dot", "text", ".",
        "MAIL FROM:<>", "RCPT TO:<c@x.example>", "DATA", ".", "NOOP", "QUIT", "never said",
      ]
      let ending = try sendmail("-bs", message: lines.joined(separator: end) + end)
      #expect(ending.code == 0 && ending.complaint.isEmpty)
      let codes = ending.output.split(separator: "\r\n").map { $0.prefix(4) }
      let wanted = [
        "220 ", "250-", "250-", "250-", "250-", "250-", "250 ", "502 ", "250 ", "250 ", "354 ", "250 ", "250 ", "250 ", "354 ", "250 ",
      ]
      #expect(codes.map(String.init) == wanted + ["502 ", "221 "])
      #expect(relay.taken.map(\.recipients) == [["b@x.example"], ["c@x.example"]])
      #expect(relay.taken.first?.message.text == "Subject: bs\n\n.dot\ntext\n")
      #expect(relay.commands.suffix(2) == ["NOOP", "QUIT"])
    }
  }

  @Test func `a bare line feed inside a message that ends its lines well goes on as it is`() throws {
    try Rig.use { rig throws in
      let relay = try ScriptedUpstream(rig)
      let sendmail = try Sendmail(rig).handing(to: "127.0.0.1:\(relay.port)")
      let dialogue =
        "HELO app\r\nMAIL FROM:<a@x>\r\nRCPT TO:<b@x>\r\nDATA\r\nS: x\r\n\r\na\n.\nMAIL FROM:<evil@x>\r\nb\n.\r\n\r\n.\r\nQUIT\r\n"
      #expect(try sendmail("-bs", message: dialogue).code == 0)
      #expect(relay.taken.count == 1)
      #expect(relay.taken.first?.message.bytes.firstRange(of: Array("\r\nMAIL".utf8)) == nil)
      #expect(relay.taken.first?.message.bytes.firstRange(of: Array("\nMAIL FROM:<evil@x>\r\nb\n".utf8)) != nil)
    }
  }

  @Test func `a message that is cut off in the pipe is not taken`() throws {
    try Rig.use { rig throws in
      let relay = try ScriptedUpstream(rig)
      let sendmail = try Sendmail(rig).handing(to: "127.0.0.1:\(relay.port)")
      let ending = try sendmail("-bs", message: "HELO app\r\nMAIL FROM:<a@x>\r\nRCPT TO:<b@x>\r\nDATA\r\nhalf")
      #expect(ending.code == 65 && relay.taken.isEmpty)
    }
  }

  @Test func `the relay's last words pass through the pipe`() throws {
    try Rig.use { rig throws in
      let relay = try ScriptedUpstream(rig, UpstreamScript { $0.stage == .sender ? .lastWords("421 4.3.2 going down") : nil })
      let sendmail = try Sendmail(rig).handing(to: "127.0.0.1:\(relay.port)")
      let ending = try sendmail("-bs", message: "HELO app\r\nMAIL FROM:<a@x>\r\nRCPT TO:<b@x>\r\n")
      #expect(ending.code == 0 && ending.output.hasSuffix("421 4.3.2 going down\r\n"))
    }
  }

  @Test(arguments: [["-bs"], ["-i", "a@x.example"]]) func `a pipe that is not there is told, and no socket takes its place`(
    _ arguments: [String]
  ) throws {
    try Rig.use { rig throws in
      let relay = try ScriptedUpstream(rig)
      let sendmail = try Sendmail(rig).handing(to: "127.0.0.1:\(relay.port)")
      let words = ["-c", "exec \"$@\" <&-", "sh", "\(rig.directory.path)/sendmail"] + arguments
      let child = try rig.run("/bin/sh", words, environment: sendmail.environment)
      #expect(child.end == .exited(74) && child.errors.contains("cannot read from \"standard input\""), "\(child.errors)")
      #expect(relay.taken.isEmpty)
    }
  }

  @Test func `newaliases does nothing, politely`() throws {
    try Rig.use { rig throws in
      let ending = try Sendmail(rig, as: "newaliases")()
      #expect(ending.code == 0 && ending.output.isEmpty && ending.complaint.isEmpty)
      #expect(try Sendmail(rig)("-bi").code == 0)
      #expect(try Sendmail(rig, as: "send-mail")("-I").code == 0)
    }
  }

  @Test func `mailq lists what waits, and -q tries it again`() throws {
    let directory = try TemporaryDirectory()
    let service = try ScriptedService(in: directory, .replies([.done(JSONObject())]))
    try Rig.use { rig throws in
      var mailq = try Sendmail(rig, as: "mailq")
      mailq.environment["POSTHOUSE_SOCKET"] = service.path
      let ending = try mailq()
      #expect(ending.code == 0 && ending.output == "the queue is empty\n")
      #expect(service.call == VarlinkCall("io.posthouse.Relay.List", answers: .many))
      mailq.environment["POSTHOUSE_SOCKET"] = "\(directory.path)/nothing"
      #expect(try mailq().code == 75)
    }
    let other = try TemporaryDirectory()
    let flushed = try ScriptedService(in: other, .replies([.done(JSONObject(["scheduled": 2]))]))
    try Rig.use { rig throws in
      var sendmail = try Sendmail(rig)
      sendmail.environment["POSTHOUSE_SOCKET"] = flushed.path
      let ending = try sendmail("-qI1k9d3f0v7q2")
      #expect(ending.code == 0 && ending.output.isEmpty)
      #expect(flushed.call == VarlinkCall("io.posthouse.Relay.Flush", JSONObject(["id": "1k9d3f0v7q2"])))
    }
  }

  @Test func `posthouse sendmail is the same program`() throws {
    try Rig.use { rig throws in
      let relay = try ScriptedUpstream(rig)
      let environment = ["POSTHOUSE_SUBMIT": "127.0.0.1:\(relay.port)"]
      let input = try rig.write("To: a@x.example\n\n", to: "message")
      let child = try rig.run(
        try Environment.program("posthouse"), ["--config", try rig.write("[Relay]\nHostname=app.test\n", to: "c"), "sendmail", "-t", "-i"],
        environment: environment, input: input)
      #expect(child.end == .exited(0) && relay.taken.first?.sender == "\(Sendmail.user)@app.test")
    }
  }
}

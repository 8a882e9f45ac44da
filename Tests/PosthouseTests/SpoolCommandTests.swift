// SPDX-License-Identifier: Apache-2.0
import Foundation
import Harness
import Octets
import Testing
import Varlink

@Suite struct SpoolCommandTests {
  private func posthouse(_ rig: Rig, _ arguments: String..., environment: [String: String] = [:]) throws -> ChildProcess {
    try rig.run(try Environment.program("posthouse"), arguments, environment: environment)
  }

  private func json(_ child: ChildProcess) throws -> JSONObject { try #require(try JSON(parsing: child.output.utf8.span).object) }

  /// A daemon with three messages that nobody takes, one of them large, that has ended.
  private func filled(_ rig: Rig) throws -> Daemon {
    let upstream = try ScriptedUpstream(
      rig, UpstreamScript { $0.line.contains("ok@") ? nil : $0.stage == .recipient ? .reply("450 4.2.1 busy") : nil })
    let daemon = try rig.daemon { settings in
      settings.useUpstream(port: upstream.port)
      settings["Retry.First"] = "1h"
      settings["Retry.Max"] = "1h"
    }
    let sendmail = try Sendmail(rig).handing(to: "127.0.0.1:\(try daemon.port)")
    #expect(try sendmail("-i", "-f", "me@app.test", "wait@x.example", "ok@x.example", message: "Subject: one\n\n.\nbody\n").code == 0)
    #expect(try sendmail("-i", "-f", "<>", "wait@x.example", message: "Subject: f\u{fc}r\n\n\u{fc}\n").code == 0)
    #expect(try sendmail("-i", "wait@x.example", message: "Subject: large\n\n" + String(repeating: "y\n", count: 200_000)).code == 0)
    _ = try daemon.status("all were tried") { $0.spool.deferred == 3 }
    try daemon.stop()
    return daemon
  }

  @Test func `a spool is checked, listed and saved without the daemon`() throws {
    try Rig.use { rig throws in
      let daemon = try filled(rig)
      let verified = try posthouse(rig, "spool", "verify", "--spool", daemon.spool, "--json")
      #expect(verified.end == .exited(0) && verified.errors.isEmpty)
      #expect(try json(verified)["valid"] == true && json(verified)["messages"] == 3)
      #expect(try posthouse(rig, "spool", "verify", daemon.spool).output.contains("\(daemon.spool): good ("))
      #expect(try posthouse(rig, "--config", daemon.configurationPath, "spool", "verify").end == .exited(0))
      let list = try posthouse(rig, "spool", "list", daemon.spool)
      #expect(list.end == .exited(0) && list.output.hasSuffix("3 messages: 3 deferred\n") && list.output.contains("450 4.2.1 busy"))

      let saved = rig.directory["saved"]
      let export = try posthouse(rig, "spool", "export", saved, "--spool", daemon.spool)
      #expect(export.end == .exited(0) && export.output == "3 messages saved in \"\(saved)\"\n")
      let names = try FileManager.default.contentsOfDirectory(atPath: saved).sorted()
      #expect(names.count == 6 && names.filter { $0.hasSuffix(".eml") }.count == 3)
      let objects = try names.filter { $0.hasSuffix(".json") }.map { name in
        try #require(try JSON(parsing: try Data(contentsOf: URL(fileURLWithPath: "\(saved)/\(name)")).span).object)
      }
      let first = try #require(objects.first)
      #expect(first["sender"] == "me@app.test" && first["exportVersion"] == 1 && first["state"] == "deferred")
      #expect(try first.objects("recipients").map { $0["state"] } == ["deferred", "delivered"])
      #expect(try first.objects("recipients")[0]["reply"] == "450 4.2.1 busy")
      #expect(objects[1]["sender"] == "" && objects[1]["extensions"] == ["8BITMIME"])
      let text = try String(contentsOfFile: "\(saved)/\(try first.string("textFile"))", encoding: .utf8)
      #expect(text.hasPrefix("Received: ") && text.hasSuffix("Subject: one\r\n\r\n.\r\nbody\r\n"))
      #expect(try Data(contentsOf: URL(fileURLWithPath: "\(saved)/\(try objects[2].string("textFile"))")).count > 600_000)
      let again = try posthouse(rig, "spool", "export", saved, "--spool", daemon.spool, "--json")
      #expect(try json(again)["exported"] == 0 && json(again)["alreadyThere"] == 3)
    }
  }

  @Test func `saved mail goes back to those who have not had it, once`() throws {
    try Rig.use { rig throws in
      let daemon = try filled(rig)
      let saved = rig.directory["saved"]
      #expect(try posthouse(rig, "spool", "export", saved, "--spool", daemon.spool).end == .exited(0))
      let other = try rig.daemon()
      let environment = ["POSTHOUSE_SUBMIT": "127.0.0.1:\(try other.port)"]
      let restored = try posthouse(rig, "spool", "import", saved, environment: environment)
      #expect(restored.end == .exited(0), "\(restored.output) \(restored.errors)")
      #expect(restored.output == "3 messages handed to the relay, 0 left, 0 failed\n")
      let messages = try other.captured.messages(atLeast: 3)
      let first = try #require(messages.first { $0.value(of: "subject") == "one" })
      #expect(first.values(of: "delivered-to") == ["wait@x.example"] && first.value(of: "return-path") == "<me@app.test>")
      #expect(first.values(of: "received").count == 2 && first.body == ".\nbody\n")
      #expect(messages.contains { $0.value(of: "return-path") == "<>" && $0.body == "\u{fc}\n" })
      let again = try posthouse(rig, "spool", "import", saved, "--json", environment: environment)
      #expect(try json(again)["imported"] == 0 && again.end == .exited(0))
    }
  }

  @Test func `what cannot or shall not go back is named, and the rest goes`() throws {
    try Rig.use { rig throws in
      let daemon = try rig.daemon()
      let saved = rig.directory["saved"]
      func save(_ name: String, _ change: (inout QueuedMessage) -> Void = { _ in }, text: String = "Subject: x\n\nedited\n") throws {
        var message = QueuedMessage(
          id: name, state: .queued, sizeBytes: 1, sender: "a@x.example", recipients: [.init(address: "b@x.example", state: .waiting)],
          acceptedUSec: 1, peer: "unix")
        change(&message)
        var json = message.json
        json["exportVersion"] = 1
        json["textFile"] = .string("\(name).eml")
        _ = try rig.write(JSON.object(json).pretty, to: "saved/\(name).json")
        _ = try rig.write(text, to: "saved/\(name).eml")
      }
      try FileManager.default.createDirectory(atPath: saved, withIntermediateDirectories: true)
      try save("good")
      try save("held") { $0.state = .held }
      try save("later") { $0.holdUntilUSec = .max / 2 }
      try save("over") { $0.recipients[0].state = .delivered }
      try save("odd") { $0.recipients[0].address = "b x" }
      try save("textless")
      try FileManager.default.removeItem(atPath: "\(saved)/textless.eml")
      _ = try rig.write("{}", to: "saved/foreign.json")
      _ = try rig.write("no JSON", to: "saved/torn.json")
      let environment = ["POSTHOUSE_SUBMIT": "127.0.0.1:\(try daemon.port)"]
      let run = try posthouse(rig, "spool", "import", saved, environment: environment)
      #expect(run.end == .exited(1))
      for line in [
        "LEFT     held.json: an operator held it; import it with --held", "LEFT     later.json: it is not to be sent before ",
        "LEFT     over.json: none of its recipients", "FAILED   odd.json: \"b x\" is no address", "FAILED   textless.json: cannot open",
        "FAILED   foreign.json: its field \"exportVersion\"", "FAILED   torn.json: it is not the JSON of an export",
        "1 message handed to the relay, 3 left, 4 failed",
      ] { #expect(run.output.contains(line), "\(run.output)") }
      #expect(try daemon.captured.messages(atLeast: 1)[0].body == "edited\n")
      let held = try json(try posthouse(rig, "spool", "import", saved, "--held", "--json", environment: environment))
      #expect(held["imported"] == 2)
    }
  }

  @Test func `a spool in use is looked at with a warning, and damage is told by exit status`() throws {
    try Rig.use { rig throws in
      let daemon = try filled(rig)
      let journal = try FileManager.default.contentsOfDirectory(atPath: "\(daemon.spool)/journal").map { "\(daemon.spool)/journal/\($0)" }
      let segment = try #require(try journal.first { try Data(contentsOf: URL(fileURLWithPath: $0))[8192] != 0 })
      var bytes = try Data(contentsOf: URL(fileURLWithPath: segment))
      bytes[8192 + 40] ^= 1
      try bytes.write(to: URL(fileURLWithPath: segment))
      let damaged = try posthouse(rig, "spool", "verify", daemon.spool)
      #expect(damaged.end == .exited(1) && damaged.output.contains("DAMAGED  bytes 8192 to "), "\(damaged.output)")
      let export = try posthouse(rig, "spool", "export", rig.directory["saved"], "--spool", daemon.spool)
      #expect(export.end == .exited(1) && export.output.hasPrefix("2 messages saved") && export.errors.contains("are damaged"))
      bytes[8192 + 40] ^= 1
      try bytes.write(to: URL(fileURLWithPath: segment))
      try daemon.start()
      let pid = try daemon.pid
      let watched = try posthouse(rig, "spool", "verify", daemon.spool)
      #expect(watched.end == .exited(0) && watched.errors.contains("process \(pid) has this spool open"))
    }
  }

  @Test(arguments: [
    (["spool"], 2, "say what to do with the spool: verify, list, export, import"), (["spool", "verfy"], 2, "did you mean verify?"),
    (["spool", "export"], 2, "needs the directory"), (["spool", "verify", "/a", "--spool", "/b"], 2, "named twice"),
    (["spool", "import", "/a", "--spool", "/b"], 2, "leave --spool out"), (["status", "--spool", "/a"], 2, "--spool goes with"),
    (["spool", "list", "--held"], 2, "--held goes with"), (["spool", "verify", "/nowhere"], 1, "name the spool's directory with --spool"),
    (["spool", "verify", "/usr"], 1, "\"/usr\" is no spool"), (["spool", "import", "/nowhere"], 1, "name the directory of an export"),
  ])
  func `what cannot be meant is told`(_ arguments: [String], _ code: Int32, _ complaint: String) throws {
    let run = try CommandRun(arguments)
    #expect(run.code == code && run.complaint.contains(complaint), "\(run)")
  }

  @Test func `an import without a daemon says so, and loses nothing`() throws {
    try Rig.use { rig throws in
      let daemon = try filled(rig)
      let saved = rig.directory["saved"]
      #expect(try posthouse(rig, "spool", "export", saved, "--spool", daemon.spool).end == .exited(0))
      let run = try posthouse(rig, "spool", "import", saved, environment: ["POSTHOUSE_SUBMIT": "127.0.0.1:1"])
      #expect(run.end == .exited(3) && run.errors.contains("the relay is not there"))
      #expect(try FileManager.default.contentsOfDirectory(atPath: saved).filter { $0.hasSuffix(".json") }.count == 3)
    }
  }

  @Test func `the command starts without OpenSSL and speaks to a Unix listener that the configuration names`() throws {
    try Rig.use { rig throws in
      let path = rig.directory["smtp"]
      let daemon = try rig.daemon { $0["Listen.Address"] = "127.0.0.1:0 unix:\(path)" }
      var sendmail = try Sendmail(rig)
      sendmail.environment = ["POSTHOUSE_CONFIG": daemon.configurationPath]
      let ending = try sendmail("-i", "a@x.example")
      #expect(ending.code == 0, "\(ending.complaint)")
      let message = try daemon.captured.messages(atLeast: 1)[0]
      #expect(message.value(of: "from") == "\(Sendmail.user)@relay.test")
      let libraries = try rig.output(of: "/usr/bin/ldd", [try Environment.program("posthouse")])
      #expect(!libraries.contains("ssl") && !libraries.contains("crypto") && !libraries.contains("systemd"))
    }
  }
}

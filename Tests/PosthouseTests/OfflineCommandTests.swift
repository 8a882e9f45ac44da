// SPDX-License-Identifier: Apache-2.0
import Foundation
import Octets
import Testing
import Varlink

@Suite struct OfflineCommandTests {
  let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  static let misunderstandings: [([String], String)] = [
    ([], "say what to do: status, queue, flush, config, captured, spool, sendmail, version, help; see posthouse help"),
    (["staus"], "\"staus\" is not a command; did you mean status?"),
    (["frobnicate"], "\"frobnicate\" is not a command; there are status, queue, flush, config, captured, spool, sendmail, version, help"),
    (["--jsn", "status"], "\"--jsn\" is not an option; did you mean --json?"), (["status", "--json=yes"], "--json takes no value"),
    (["status", "--socket"], "--socket needs a value behind it; see posthouse help"),
    (["status", "--socket="], "--socket needs a value behind it; see posthouse help"),
    (["status", "now"], "posthouse status does not know what to do with \"now\"; see posthouse help"),
    (["queue", "lst"], "\"lst\" is not a queue command; did you mean list?"),
    (["queue", "show"], "posthouse queue show needs the name of a message; posthouse queue lists them"),
    (["config"], "say what to do with the configuration: check, show, sample, manual"),
    (["config", "chek"], "\"chek\" is not a config command; did you mean check?"),
    (["captured", "zero"], "\"zero\" is not the number of a captured message; posthouse captured lists them, or say last"),
    (["captured", "0"], "\"0\" is not the number of a captured message; posthouse captured lists them, or say last"),
    (["flush", "a", "b"], "posthouse flush does not know what to do with \"b\"; see posthouse help"),
    (["status", "--directory", "/x"], "--directory goes with posthouse captured only"),
    (["status", "--timeout", "soon"], "\"soon\" is no time to wait; write a number of seconds from 1 to 3600"),
    (["sta\u{1b}tus"], "\"sta?tus\" is not a command; did you mean status?"),
  ]

  @Test(arguments: misunderstandings) func `a command line that is not understood is answered with the nearest that is`(
    arguments: [String], complaint: String
  ) throws {
    let run = try CommandRun(arguments)
    #expect(run.complaint == "posthouse: \(complaint)\n")
    #expect(run.code == 2 && run.output.isEmpty)
  }

  @Test(arguments: [["help"], ["--help"], ["-h"], ["status", "--help"]])
  func `help names every command and exit status`(arguments: [String]) throws {
    let run = try CommandRun(arguments)
    for word in ["status", "queue show", "flush", "captured", "config check", "--json", "--socket", "--config", "Exit status: 0"] {
      #expect(run.output.contains(word))
    }
    #expect(run.code == 0)
  }

  @Test func `the version is told`() throws {
    #expect(try CommandRun(["version"]).output == "posthouse \(Release.version)\n")
    #expect(try CommandRun(["--version", "--json"]).json() == ["version": .string(Release.version)])
  }

  @Test func `a good configuration is called good`() throws {
    let file = try directory.file("posthouse.conf", "[Relay]\nHostname=a.example\n[Upstream]\nHost=smtp.example.com\n")
    try directory.file("posthouse.conf.d/10.conf", "[Log]\nLevel=debug\n")
    let run = try CommandRun(["config", "check", "--config", file])
    #expect(run.output == "\(file): good (2 files read)\n")
    #expect(run.code == 0)
    let json = try CommandRun(["config", "check", "--json"], environment: ["POSTHOUSE_CONFIG": file]).json()
    #expect(json == ["valid": true, "errors": [], "warnings": []])
  }

  @Test func `every mistake of a configuration is named`() throws {
    let file = try directory.file("posthouse.conf", "[Upstream]\nHost=smtp.example.com\nPort=0\nTSL=implicit\n")
    let run = try CommandRun(["config", "check", "--config", file])
    #expect(
      run.output.contains(
        "ERROR    \(file):3: Upstream.Port \"0\" is not a port (1–65535); use 587 for submission or 465 for implicit TLS\n"))
    #expect(run.output.contains("ERROR    \(file):4: \"TSL\" is not a setting of [Upstream]; did you mean TLS=?\n"))
    #expect(run.output.hasSuffix("2 mistakes\n"))
    #expect(run.code == 1)
    let json = try CommandRun(["config", "check", "--config", file, "--json"]).json().object
    #expect(json?["valid"] == false)
  }

  @Test func `files that settings name and that are not there are warned of`() throws {
    let there = try directory.file("authorities.pem", "")
    let file = try directory.file(
      "posthouse.conf",
      "[Relay]\nHostname=relay.example.com\n[Upstream]\nHost=smtp.example.com\nUser=app\nCAFile=\(there)\nPasswordFile=/no/such/password\n")
    let run = try CommandRun(["config", "check", "--config", file])
    #expect(
      run.output
        == "WARNING  \(file):7: Upstream.PasswordFile names \"/no/such/password\", which is not there; make it, or correct the path\n"
        + "\(file): good (1 file read)\n")
    #expect(run.code == 0)
  }

  @Test func `a configuration that is not there is named`() throws {
    let run = try CommandRun(["config", "check", "--config", "\(directory.path)/none.conf"])
    #expect(
      run.complaint == "posthouse: cannot open \"\(directory.path)/none.conf\": no such file or directory; name another file "
        + "with --config\n")
    #expect(run.code == 1)
  }

  @Test func `settings are shown with their origin and without secrets`() throws {
    let file = try directory.file("posthouse.conf", "[Upstream]\nHost=smtp.example.com\nUser=u\nPassword=hunter2\n", mode: 0o644)
    let environment = ["POSTHOUSE_LISTEN_MAX_HOPS": "7"]
    let run = try CommandRun(["config", "show", "--config", file], environment: environment)
    func line(_ start: String) -> String? { run.output.split(separator: "\n").first { $0.hasPrefix(start) }.map(String.init) }
    #expect(line("Password=(hidden)")?.hasSuffix("# \(file):4") == true)
    #expect(line("MaxHops=7")?.hasSuffix("# environment POSTHOUSE_LISTEN_MAX_HOPS") == true)
    #expect(line("MaxErrors=10")?.hasSuffix("# default") == true)
    #expect(line("#Port=")?.hasSuffix("# not set: 587 with TLS=starttls, 465 with TLS=implicit, otherwise 25") == true)
    #expect(run.code == 0)
    for arguments in [["config", "show"], ["config", "show", "--json"], ["config", "check"], ["config", "check", "--json"]] {
      let run = try CommandRun(arguments + ["--config", file], environment: environment)
      #expect(!run.output.contains("hunter2") && !run.complaint.contains("hunter2"))
      _ = arguments.contains("--json") ? try run.json() : nil
    }
    let check = try CommandRun(["config", "check", "--config", file])
    #expect(check.output.contains("run: chmod o= \(file)"))
    #expect(check.code == 1)
  }

  @Test func `what is shown can be read as a configuration`() throws {
    let text = "[Upstream]\nHost=smtp.example.com\nUser=\"#1\"\nPasswordFile=\"/a #b\"\n[Relay]\nHostname=a.example\n"
    let file = try directory.file("posthouse.conf", text)
    let shown = try CommandRun(["config", "show", "--config", file])
    let copy = try directory.file("copy.conf", shown.output)
    #expect(try CommandRun(["config", "check", "--config", copy]).output.hasSuffix("\(copy): good (1 file read)\n"))
  }

  @Test func `the sample and the manual are printed`() throws {
    #expect(try CommandRun(["config", "sample"]).output.contains("[Upstream]\n"))
    #expect(try CommandRun(["config", "manual"]).output.hasPrefix(".\\\""))
    #expect(try CommandRun(["config", "sample", "--json"]).json().object?["sample"] != nil)
  }

  @Test func `captured mail is listed and shown`() throws {
    let maildir = "\(directory.path)/mail"
    let first = "From: App <app@example.com>\r\nTo: a@example.net,\r\n b@example.net\r\nSubject: one\r\n\r\nbody \u{1b}[31m\r\n"
    try directory.file("mail/new/1.app", first)
    try directory.file("mail/cur/2.app:2,S", "From: second@example.com\n\nSubject: not a header\n")
    try directory.file("mail/new/.hidden", "x")
    for (name, time) in [("new/1.app", 1000.0), ("cur/2.app:2,S", 2000.0)] {
      try FileManager.default.setAttributes([.modificationDate: Date(timeIntervalSince1970: time)], ofItemAtPath: "\(maildir)/\(name)")
    }
    let list = try CommandRun(["captured", "--directory", maildir]).output.split(separator: "\n")
    #expect(list.count == 4)
    #expect(list[1].contains("App <app@example.com>  a@example.net, b@example.net  one"))
    #expect(list[2].hasPrefix("2  ") && list[2].contains("second@example.com"))
    #expect(list[3] == "2 messages; posthouse captured N shows one")
    #expect(try CommandRun(["captured", "1", "--directory", maildir]).output == first)
    let file = try directory.file("posthouse.conf", "[Upstream]\nHost=capture:\(maildir)\n")
    #expect(try CommandRun(["captured", "last", "--config", file]).output.hasPrefix("From: second"))
    let json = try CommandRun(["captured", "1", "--json", "--config", file]).json().object
    #expect(json?["subject"] == "one" && json?["content"] == .string(first))
    guard case .array(let messages)? = try? CommandRun(["captured", "--json", "--config", file]).json() else {
      Issue.record("no array")
      return
    }
    #expect(messages.map { $0.object?["number"] } == [1, 2])
    let missing = try CommandRun(["captured", "3", "--config", file])
    #expect(missing.complaint == "posthouse: there is no captured message 3: \"\(maildir)\" has 2\n")
    #expect(missing.code == 1)
  }

  @Test func `captured mail without From: or To: shows its envelope`() throws {
    let maildir = "\(directory.path)/mail"
    let envelope = "Return-Path: <cron@app.example>\r\nDelivered-To: a@example.net\r\nDelivered-To: b@example.net\r\n"
    try directory.file("mail/new/1.bare", envelope + "Received: from app\r\n\tby relay\r\nSubject: bare\r\n\r\nx\r\n")
    try directory.file("mail/new/2.report", "Return-Path: <>\r\nDelivered-To: c@example.net\r\nSubject: report\r\n\r\nx\r\n")
    try directory.file("mail/new/3.told", envelope + "From: App <app@example.com>\r\nSubject: half\r\n\r\nx\r\n")
    let forged = "Return-Path: <x@example.org>\r\nSubject: forged\r\nReturn-Path: <y@example.org>\r\nDelivered-To: y@example.org\r\n\r\n"
    try directory.file("mail/new/4.forged", forged)
    for number in 1...4 {
      let name = ["bare", "report", "told", "forged"][number - 1]
      try FileManager.default.setAttributes(
        [.modificationDate: Date(timeIntervalSince1970: 1000 * Double(number))], ofItemAtPath: "\(maildir)/new/\(number).\(name)")
    }
    let rows = try CommandRun(["captured", "--directory", maildir]).output.split(separator: "\n").dropFirst().map { row in
      row.split(separator: " ", omittingEmptySubsequences: true).joined(separator: " ")
    }
    #expect(rows[0].hasSuffix(" cron@app.example a@example.net, b@example.net bare"))
    #expect(rows[1].hasSuffix(" <> c@example.net report"))
    #expect(rows[2].hasSuffix(" App <app@example.com> a@example.net, b@example.net half"))
    #expect(rows[3].hasSuffix(" x@example.org forged"))
    let json = try CommandRun(["captured", "1", "--json", "--directory", maildir]).json().object
    #expect(json?["from"] == nil && json?["sender"] == "cron@app.example")
    #expect(json?["recipients"] == .array(["a@example.net", "b@example.net"]))
  }

  @Test func `a link in a maildir is not followed`() throws {
    let secret = try directory.file("secret", "Subject: secret\n\n")
    try directory.file("mail/new/1.app", "Subject: good\n\n")
    try FileManager.default.createSymbolicLink(atPath: "\(directory.path)/mail/new/0.app", withDestinationPath: secret)
    let run = try CommandRun(["captured", "--directory", "\(directory.path)/mail"])
    #expect(run.output.contains("good") && !run.output.contains("secret"))
  }

  @Test func `captured mail that is not there is explained`() throws {
    let file = try directory.file("posthouse.conf", "[Upstream]\nHost=smtp.example.com\n")
    #expect(try CommandRun(["captured", "--config", file]).complaint.contains("captures no mail"))
    let run = try CommandRun(["captured", "--directory", "\(directory.path)/none"])
    #expect(run.complaint.contains("has anything been sent yet?"))
    #expect(run.code == 1)
  }
}

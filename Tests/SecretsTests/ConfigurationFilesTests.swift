// SPDX-License-Identifier: Apache-2.0
import Glibc
import LinuxSystem
import SMTP
import Secrets
import Settings
import Testing

@Suite struct ConfigurationFilesTests {
  let directory: TemporaryDirectory
  var main: String { "\(directory.path)/posthouse.conf" }

  init() throws { directory = try TemporaryDirectory() }

  @Test func `drop-ins follow the file in the order of their names`() throws {
    try directory.file("posthouse.conf", "main")
    _ = try directory.directory("posthouse.conf.d")
    for (name, text) in [("20-b.conf", "b"), ("10-a.conf", "a"), ("notes.txt", "no"), (".hidden.conf", "no"), ("Z.conf", "z")] {
      try directory.file("posthouse.conf.d/\(name)", text)
    }
    let files = try ConfigurationFiles(reading: main, .required).files
    #expect(files.map { String(decoding: $0.bytes, as: UTF8.self) } == ["main", "a", "b", "z"])
    #expect(files.map(\.name) == [main, "\(main).d/10-a.conf", "\(main).d/20-b.conf", "\(main).d/Z.conf"])
  }

  @Test func `a missing file is a failure or nothing, as the caller says`() throws {
    #expect(throws: SystemFailure(call: "open", subject: main, number: ENOENT)) { try ConfigurationFiles(reading: main, .required) }
    #expect(try ConfigurationFiles(reading: main, .optional).files.isEmpty)
    _ = try directory.directory("posthouse.conf.d")
    try directory.file("posthouse.conf.d/a.conf", "x")
    #expect(try ConfigurationFiles(reading: main, .optional).files.count == 1)
  }

  @Test func `a file that is none, or too large, is a failure`() throws {
    #expect(throws: SystemFailure(call: "read", subject: directory.path, number: EISDIR)) {
      try ConfigurationFiles(reading: directory.path, .optional)
    }
    try directory.file("posthouse.conf", [UInt8](repeating: 0x23, count: 1_048_577))
    #expect(throws: SystemFailure(call: "read", subject: main, number: EFBIG)) { try ConfigurationFiles(reading: main, .required) }
  }

  static let rules: [(lines: String, complaints: [String])] = [
    ("Rule=550 5.4.5 \"daily limit # not yet\" means quota 24h # theirs\nRule=4xx means retry", []),
    ("Rule=550 \"daily\" quota 24h", [#"4: Reply.Rule "550 "daily" quota 24h" has "quota" where "means" must stand; write CODE"#]),
    (
      "Rule=250 means retry\nRule=4xx means retry\nRule=5xx means party",
      [
        #"4: Reply.Rule "250 means retry" begins with "250", which is no refusal"#,
        #"6: Reply.Rule "5xx means party" means "party"; use retry, throttle"#,
      ]
    ),
    ("Rule=250 means retry\nRule=\nRule=4xx means retry", []),
  ]

  @Test(arguments: rules) func `a rule about replies that says nothing is complained about at its place`(
    lines: String, complaints: [String]
  ) throws {
    try directory.file("posthouse.conf", "[Upstream]\nHost=a.example\n[Reply]\n\(lines)\n")
    let configuration = try ConfigurationFiles(reading: main, .required)
    let settings = try RelaySettings(files: configuration.files, environment: [:], systemHostname: "a.example")
    let found = configuration.complaints(about: settings).map(\.description)
    #expect(found.count == complaints.count)
    for (found, wanted) in zip(found, complaints) { #expect(found.hasPrefix("\(main):\(wanted)"), "\(found)") }
  }

  @Test func `rules from the environment stand on lines of their own, and replace those of the files`() throws {
    try directory.file("posthouse.conf", "[Upstream]\nHost=a.example\n[Reply]\nRule=nonsense\n")
    let configuration = try ConfigurationFiles(reading: main, .required)
    let environment = ["POSTHOUSE_REPLY_RULE": "4xx means retry\n 5xx means nothing \n"]
    let settings = try RelaySettings(files: configuration.files, environment: environment, systemHostname: "a.example")
    #expect(settings.reply.rules.map(\.text) == ["4xx means retry", "5xx means nothing"])
    #expect(settings.upstream.replyRules == settings.reply.rules)
    #expect(configuration.complaints(about: settings).map(\.text).first?.hasPrefix("Reply.Rule \"5xx means nothing\" means") == true)
  }

  @Test func `the manual names every fault that a rule can name`() {
    let manual = ManualPage.text.replacing("\\-", with: "-")
    for fault in OperatorFault.allCases {
      switch fault {
      case .upstreamHeldByRule, .messageHeldByRule: continue
      default: #expect(manual.contains("\(fault.word)"), "\(fault.word)")
      }
    }
  }

  @Test(arguments: [("socks5://a:b@p:1", false), ("socks5://a@p:1", true)])
  func `so is one inside the address of a proxy`(proxy: String, isGood: Bool) throws {
    try directory.file("posthouse.conf", "[Upstream]\nHost=a.example\nProxy=\(proxy)\n", mode: 0o644)
    let configuration = try ConfigurationFiles(reading: main, .required)
    let settings = try RelaySettings(files: configuration.files, environment: [:], systemHostname: "a.example")
    #expect(configuration.complaints(about: settings).isEmpty == isGood)
  }

  @Test(arguments: [(0o600, true), (0o640, true), (0o644, false), (0o604, false)] as [(mode_t, Bool)])
  func `a password in a file that everybody can read is complained about`(mode: mode_t, isGood: Bool) throws {
    try directory.file("posthouse.conf", "[Upstream]\nHost=a.example\nUser=u\nPassword=hunter2\n", mode: mode)
    let configuration = try ConfigurationFiles(reading: main, .required)
    let settings = try RelaySettings(files: configuration.files, environment: [:], systemHostname: "a.example")
    let complaints = configuration.complaints(about: settings).map(\.description)
    #expect(complaints.isEmpty == isGood)
    if let complaint = complaints.first {
      #expect(complaint.hasPrefix("\(main):4: Upstream.Password stands in a file that every user of this machine can read"))
      #expect(complaint.contains("run: chmod o= \(main)"))
      #expect(!complaint.contains("hunter2"))
    }
  }

  @Test func `an open file without a password is fine`() throws {
    try directory.file("posthouse.conf", "[Upstream]\nHost=a.example\n", mode: 0o644)
    let configuration = try ConfigurationFiles(reading: main, .required)
    let environment = ["POSTHOUSE_UPSTREAM_USER": "u", "POSTHOUSE_UPSTREAM_PASSWORD": "p"]
    let settings = try RelaySettings(files: configuration.files, environment: environment, systemHostname: "a.example")
    #expect(configuration.complaints(about: settings) == [])
  }
}

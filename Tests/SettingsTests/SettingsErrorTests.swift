// SPDX-License-Identifier: Apache-2.0
import Settings
import Testing

@Suite struct SettingsErrorTests {
  struct Mistake: Sendable, CustomTestStringConvertible {
    let section: String
    let line: String
    let complaint: String
    var testDescription: String { "[\(section)] \(line)" }
    init(_ section: String, _ line: String, _ complaint: String) { (self.section, self.line, self.complaint) = (section, line, complaint) }
  }

  static let values: [Mistake] = [
    Mistake("Upstream", "Port=0", #"Upstream.Port "0" is not a port (1–65535); use 587 for submission or 465 for implicit TLS"#),
    Mistake("Upstream", "Port=65536", #"Upstream.Port "65536" is not a port (1–65535); use 587 for submission or 465 for implicit TLS"#),
    Mistake("Upstream", "Port=+25", #"Upstream.Port "+25" is not a port (1–65535); use 587 for submission or 465 for implicit TLS"#),
    Mistake("Upstream", "Verify=maybe", #"Upstream.Verify "maybe" is neither yes nor no; write yes or no"#),
    Mistake(
      "Upstream", "TLS=startls",
      #"Upstream.TLS "startls" is not a way to use TLS; did you mean starttls? use one of starttls, implicit, opportunistic, none"#),
    Mistake(
      "Upstream", "Auth=PLAIN CRAM",
      #"Upstream.Auth "CRAM" is not a mechanism this program knows; use one of SCRAM-SHA-256-PLUS, SCRAM-SHA-1-PLUS, "#
        + "SCRAM-SHA-256, SCRAM-SHA-1, OAUTHBEARER, XOAUTH2, CRAM-MD5, PLAIN, LOGIN"),
    Mistake("Upstream", "Auth=PLAIN PLAIN", #"Upstream.Auth "PLAIN" stands there twice; name it once"#),
    Mistake(
      "Upstream", "Host=smtp.example.com:465",
      #"Upstream.Host "smtp.example.com:465" has the port in it; write Host=smtp.example.com and Port=465"#),
    Mistake(
      "Upstream", "Host=smtps://a.example", #"Upstream.Host "smtps://a.example" is not a host; write the name alone, without a scheme"#),
    Mistake(
      "Upstream", "Host=300.1.2.3",
      #"Upstream.Host "300.1.2.3" is not a host; write a name such as smtp.example.com, an address, or capture:/directory"#),
    Mistake(
      "Upstream", "Host=capture:mail",
      #"Upstream.Host "capture:mail" names no directory; write capture: and an absolute path, such as "#
        + #"capture:/var/lib/posthouse/captured"#),
    Mistake("Upstream", "CAFile=ca.pem", #"Upstream.CAFile "ca.pem" is not an absolute path; begin it with a slash"#),
    Mistake(
      "Upstream", "PasswordCredential=../x", #"Upstream.PasswordCredential "../x" is not a plain name; write one word without a slash"#),
    Mistake(
      "Upstream", "PasswordCommand=pass show mail",
      #"Upstream.PasswordCommand "pass show mail" does not begin with an absolute path; write the whole path of the program; no shell "#
        + #"is involved"#
    ),
    Mistake(
      "Bounce", "To=Ops <ops@a.example>",
      #"Bounce.To "Ops <ops@a.example>" is not a mail address; write one such as postmaster@example.com, without a name or brackets"#),
    Mistake(
      "Bounce", "To=postmaster",
      #"Bounce.To "postmaster" is not a mail address; write one such as postmaster@example.com, without a name or brackets"#),
    Mistake(
      "Bounce", "To=.a..b@x.example",
      #"Bounce.To ".a..b@x.example" is not a mail address; write one such as postmaster@example.com, without a name or brackets"#),
    Mistake(
      "Bounce", "WarnAfter=5s",
      #"Bounce.WarnAfter "5s" would warn of nearly all mail; use a minute or more, such as 4h"#),
    Mistake("Bounce", "MaxPerHour=-1", #"Bounce.MaxPerHour "-1" is not a whole number; write digits only"#),
    Mistake("Upstream", "Connections=0", #"Upstream.Connections "0" is outside its limits; write a number from 1 to 100"#),
    Mistake("Upstream", "Connections=two", #"Upstream.Connections "two" is not a whole number; write digits only"#),
    Mistake(
      "Upstream", "Password=\"\"", #"Upstream.Password (hidden) is empty; leave nothing at all behind the = to return to the default"#),
    Mistake(
      "Upstream", "Password=\"x\" y",
      #"Upstream.Password (hidden) goes on behind its closing quote; put the whole value between quotes, and write \" for a quote inside"#),
    Mistake(
      "Listen", "MaxMessageSize=25X",
      #"Listen.MaxMessageSize "25X" is not a size; write a number of bytes, or one with K, M, G or T behind it, such as 25M"#),
    Mistake("Listen", "MaxMessageSize=1K", #"Listen.MaxMessageSize "1K" is outside its limits; write a size from 64K to 2G"#),
    Mistake(
      "Listen", "CommandTimeout=5 parsecs",
      #"Listen.CommandTimeout "5 parsecs" is not a duration; write it as 500ms, 30s, 5min 30s, 2h or 2d"#),
    Mistake("Listen", "CommandTimeout=2d", #"Listen.CommandTimeout "2d" is outside its limits; write a duration from 1s to 1h"#),
    Mistake("Listen", "Address=25", #"Listen.Address "25" has no port; write 127.0.0.1:25, [::1]:25 or unix:/path"#),
    Mistake(
      "Listen", "Address=localhost:25",
      #"Listen.Address "localhost:25" is not a listening address; write a numeric address; write 127.0.0.1:25, [::1]:25 or unix:/path"#),
    Mistake(
      "Listen", "Address=127.0.0.1:25 127.0.0.1:99999",
      #"Listen.Address "127.0.0.1:99999" has no port between 0 and 65535; write a number behind the colon; 0 takes any free port"#),
    Mistake(
      "Listen", "Address=unix:run",
      #"Listen.Address "unix:run" is not the path of a Unix socket; write unix: and an absolute path of at most 107 bytes"#),
    Mistake(
      "Listen", "Networks=10.0.0.1/8",
      #"Listen.Networks "10.0.0.1/8" has bits behind its prefix; write 10.0.0.0/8, or the one address alone"#),
    Mistake(
      "Listen", "Networks=10.0.0.0/33",
      #"Listen.Networks "10.0.0.0/33" is not a network; write an address and a prefix length, such as 10.0.0.0/8 or fd00::/8"#),
    Mistake("Relay", "Hostname=two words", #"Relay.Hostname "two words" is not a host name; write a name such as app1.example.com"#),
    Mistake("Retry", "Growth=fast", #"Retry.Growth "fast" is not a factor; write a number such as 2 or 1.5"#),
    Mistake("Retry", "Jitter=20", #"Retry.Jitter "20" is not a percentage; write a number and a percent sign, such as 20%"#),
    Mistake("Control", "Mode=rw", #"Control.Mode "rw" is not a file mode; write it as chmod takes it, such as 0660"#),
    Mistake("Log", "Level=warn", #"Log.Level "warn" is not a log level; use one of error, warning, notice, info, debug"#),
  ]

  @Test(arguments: values) func `a bad value is named with its place and a remedy`(mistake: Mistake) {
    let host = mistake.line.hasPrefix("Host=") ? "" : "[Upstream]\nHost=smtp.example.com\n"
    let reading = read("\(host)[\(mistake.section)]\n\(mistake.line)\n")
    let line = host.isEmpty ? 2 : 4
    #expect(reading.complaints == ["posthouse.conf:\(line): \(mistake.complaint)"])
  }

  static let forms: [(String, String)] = [
    ("Host=x", #"posthouse.conf:1: "Host" stands before any section; begin with a line such as [Upstream]"#),
    ("[Upstream", #"posthouse.conf:1: "[Upstream" is not a section; write [Name] or [Name "instance"]"#),
    ("[Upstream] x", #"posthouse.conf:1: "[Upstream] x" is not a section; write [Name] or [Name "instance"]"#),
    ("[Upsteam]", "posthouse.conf:1: [Upsteam] is not a section; did you mean [Upstream]?"),
    ("[listen]", "posthouse.conf:1: [listen] is not a section; did you mean [Listen]?"),
    (
      "[Queue and more]", #"posthouse.conf:1: "[Queue and more]" is not a section; write [Name] or [Name "instance"]"#
    ),
    (
      "[Filters]",
      "posthouse.conf:1: [Filters] is not a section; the sections are "
        + "[Relay] [Listen] [Policy] [Upstream] [Route] [Retry] [Reply] [Bounce] [Spool] [Control] [Log]"
    ),
    ("[Log \"x\"]", "posthouse.conf:1: [Log] takes no name; write [Log]"),
    (
      "[Upstream \"backup\"]\nHost=b.example\nAnything=goes",
      #"posthouse.conf:3: "Anything" is not a setting of [Upstream "backup"]; posthouse.conf(5) lists those there are"#
    ),
    ("[Upstream \"backup\"]", #"posthouse.conf:1: [Upstream "backup"] has no host; write Host=smtp.example.com under it"#),
    (
      "[Upstream \"default\"]\nHost=b.example",
      #"posthouse.conf:1: [Upstream "default"] is the name of the section without a name; write [Upstream]"#
    ),
    (
      "[Upstream \"a b\"]\nHost=b.example",
      #"posthouse.conf:1: [Upstream "a b"] has a name that is no plain word; use up to 64 letters, digits, dots, hyphens and underscores"#
    ),
    (
      "[Upstream \"b\"]\nHost=b.example\nPort=0",
      #"posthouse.conf:3: Upstream.Port "0" is not a port (1–65535); use 587 for submission or 465 for implicit TLS"#
    ),
    (
      "[Upstream \"b\"]\nHost=b.example\nUser=u",
      #"posthouse.conf:3: Upstream "b".User is set without a password; "#
        + #"set PasswordFile=, PasswordCredential=, PasswordCommand= or Password=, or take User= away"#
    ),
    ("[Route]\nUpstreams=default", #"posthouse.conf:1: [Route] has no name; write [Route "name"]"#),
    ("[Route \"bulk\"]\nUpstreams=ses", #"posthouse.conf:2: Route "bulk".Upstreams "ses" is no upstream; there are default"#),
    (
      "[Route \"bulk\"]\nSenders=news@*\nUpstreams=default",
      #"posthouse.conf:3: every upstream belongs to a route, so mail that no route fits has no way out; "#
        + #"end with a [Route "rest"] that has Upstreams= and no conditions, or take the name of one upstream out of the routes"#
    ),
    ("[Log]\nLevel", #"posthouse.conf:2: this line in [Log] has no "="; write Key=value, or begin a comment with #"#),
    ("[Log]\n=info", #"posthouse.conf:2: nothing stands before "=" in [Log]; write Key=value"#),
    ("[Log]\nLevle=info", #"posthouse.conf:2: "Levle" is not a setting of [Log]; did you mean Level=?"#),
    ("[Log]\nlevel=info", #"posthouse.conf:2: "level" is not a setting of [Log]; did you mean Level=?"#),
    ("[Log]\nPort=25", #"posthouse.conf:2: "Port" is not a setting of [Log]; Port= belongs under [Upstream]"#),
    ("[Log]\nZebra=25", #"posthouse.conf:2: "Zebra" is not a setting of [Log]; posthouse.conf(5) lists those there are"#),
    (
      "[Log]\nLevel=\"info",
      #"posthouse.conf:2: Log.Level has a quote that nothing closes; close it, or put the whole value between double quotes"#
    ),
    ("[Log]\nLevel=info \\", #"posthouse.conf:2: the last line ends with "\" and nothing follows; take the "\" away"#),
    ("[Log]\nLevel=in\u{7}fo", "posthouse.conf:2: this line has a control character in it; take it out"),
  ]

  @Test(arguments: forms) func `a mistake of form is named with its line`(text: String, complaint: String) {
    let reading = read(text, "[Upstream]\nHost=smtp.example.com\n")
    #expect(reading.complaints == [complaint])
  }

  @Test func `bytes that are no UTF-8 are named with their line`() {
    let file = SettingsFile(name: "a.conf", bytes: Array("[Upstream]\nHost=a.example\nUser=".utf8) + [0xff, 0x0a])
    let reading = SettingsReading(files: [file], environment: [:], systemHostname: "a.example")
    #expect(reading.complaints == ["a.conf:3: this line is not UTF-8; save the file as UTF-8"])
  }

  @Test func `all mistakes are shown at once, in the order of the files`() throws {
    let reading = read(
      "[Upstream]\nPort=0\nHost=smtp.example.com\nVerfy=no\n[Lisen]\nX=1\n[Retry]\nFirst=soon\n", "[Log]\nLevel=loud\n",
      environment: ["POSTHOUSE_SPOOL_DIRECTORY": "here"])
    #expect(
      reading.errors.map(\.origin.description) == [
        "posthouse.conf:2", "posthouse.conf:4", "posthouse.conf:5", "posthouse.conf:8", "1.conf:2", "environment POSTHOUSE_SPOOL_DIRECTORY",
      ])
    let refusal = #expect(throws: SettingsRefusal.self) {
      try RelaySettings(files: [SettingsFile(name: "p", text: "[Log]\nLevel=loud\nA=b")], environment: [:], systemHostname: "h")
    }
    #expect(refusal?.errors.count == 3)
    #expect(refusal?.description.split(separator: "\n").count == 3)
  }

  @Test(arguments: 0..<20 as Range<UInt64>) func `whatever stands in a file, it is read or refused`(seed: UInt64) {
    var state = seed
    func random(below limit: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % limit
    }
    let pieces = SampleFile.text.split(separator: "\n").map { Array($0.utf8.drop { $0 == 0x23 }) } + [Array("[Upstream]".utf8)]
    let marks = Array("[]\"'\\#;=\n\r :/.0-٢\u{feff}é\0".utf8) + [0xff, 0xc3]
    for _ in 0..<50 {
      var bytes: [UInt8] = []
      for _ in 0..<20 { bytes += pieces[random(below: pieces.count)] + [0x0a] }
      for _ in 0..<random(below: 40) { bytes[random(below: bytes.count)] = marks[random(below: marks.count)] }
      let reading = SettingsReading(files: [SettingsFile(name: "x", bytes: bytes)], environment: [:], systemHostname: "h")
      let again = reading.settings.effective.filter { $0.origin != .byDefault && !$0.setting.isSecret }
      for effective in again where !effective.value.isEmpty {
        let text = "[\(effective.setting.section)]\n\(effective.setting.name)=\(effective.value)"
        let second = SettingsReading(files: [SettingsFile(name: "y", text: text)], environment: [:], systemHostname: "h")
        #expect(second.value(effective.setting.key) == effective.value, "\(text)")
      }
    }
  }

  @Test func `without an upstream the house does not open`() {
    #expect(
      read("[Log]\nLevel=info\n").complaints == [
        "posthouse.conf: Upstream.Host is not set; write Host=smtp.example.com under [Upstream], or Host=capture:/directory to keep "
          + "all mail on this machine"
      ])
    let empty = SettingsReading(files: [], environment: [:], systemHostname: "h")
    #expect(empty.errors.first?.description.hasPrefix("environment POSTHOUSE_UPSTREAM_HOST: Upstream.Host is not set") == true)
  }
}

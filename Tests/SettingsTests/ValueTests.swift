// SPDX-License-Identifier: Apache-2.0
import Octets
import Testing
import Timekeeping

@testable import Settings

@Suite struct ValueTests {
  @Test(arguments: [
    ("500ms", 500_000, "500ms"), ("30", 30_000_000, "30s"), ("30s", 30_000_000, "30s"), ("5min 30s", 330_000_000, "5min 30s"),
    ("5min30s", 330_000_000, "5min 30s"), ("90 minutes", 5_400_000_000, "1h 30min"), ("2d", 172_800_000_000, "2d"),
    ("1w", 604_800_000_000, "7d"),
    ("0", 0, "0"), ("250us", 250, "250us"), ("1h 1h", 7_200_000_000, "2h"),
  ])
  func `a duration is read and written as systemd does`(written: String, microseconds: Int64, shown: String) throws {
    let duration = try Duration(written: written)
    #expect(duration.microseconds == microseconds)
    #expect(duration.text == shown)
    #expect(try Duration(written: shown) == duration)
  }

  @Test(arguments: ["", " ", "s", "-5s", "5 parsecs", "1.5h", "5s,", "99999999999999999999s", "9223372036854775807d", "infinity"])
  func `what is no duration is refused`(written: String) {
    #expect(throws: ValueRefusal.self) { try Duration(written: written) }
  }

  @Test(arguments: [
    ("0", 0, "0"), ("100", 100, "100"), ("25M", 26_214_400, "25M"), ("1536K", 1_572_864, "1536K"), ("2g", 2_147_483_648, "2G"),
    ("1 T", 1_099_511_627_776, "1024G"),
  ])
  func `a size is read and written`(written: String, bytes: Int, shown: String) throws {
    #expect(try ByteCount(written: written).bytes == bytes)
    #expect(try ByteCount(written: written).text == shown)
  }

  @Test(arguments: ["", "M", "-1", "1.5M", "25MB/s", "9999999999T", "٢"]) func `what is no size is refused`(written: String) {
    #expect(throws: ValueRefusal.self) { try ByteCount(written: written) }
  }

  @Test(arguments: [
    ("10.0.0.0/8", "10.255.1.2", true), ("10.0.0.0/8", "11.0.0.1", false), ("192.0.2.7", "192.0.2.7", true),
    ("192.0.2.7", "192.0.2.6", false),
    ("10.1.2.192/26", "10.1.2.255", true), ("10.1.2.192/26", "10.1.2.191", false), ("fd00::/8", "fdff::1", true),
    ("fd00::/8", "fe00::1", false),
    ("0.0.0.0/0", "8.8.8.8", true), ("0.0.0.0/0", "::1", false), ("::/0", "2001:db8::1", true), ("10.0.0.0/8", "::ffff:10.1.1.1", true),
  ])
  func `a network knows its addresses`(network: String, address: String, isInside: Bool) throws {
    #expect(try AddressBlock(written: network).contains(#require(IPAddress(address))) == isInside)
    #expect(try AddressBlock(written: network).text == network)
  }

  @Test(arguments: [("0.0.0.0/0", true), ("::/0", true), ("0.0.0.0", true), ("::", true), ("0.0.0.0/1", false), ("10.0.0.0/8", false)])
  func `a network that is everything is known as such`(network: String, isEverything: Bool) throws {
    #expect(try AddressBlock(written: network).isEverything == isEverything)
  }

  @Test(arguments: [
    "", "localhost", "10.0.0", "10.0.0.0/8 ", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/-1", "10.0.0.0/+8", "10.0.0.0/255.0.0.0",
    "::1/129", "10.0.0.1/8", "2001:db8::1/64", "10.0.0.0/8/8",
  ])
  func `what is no network is refused`(written: String) {
    #expect(throws: ValueRefusal.self) { try AddressBlock(written: written) }
  }

  @Test(arguments: [
    ("", "is no address pattern"), ("user", "is no address pattern"), ("example.com", "is no address pattern"),
    ("user@", "has nothing behind the @"), ("@", "has nothing behind the @"), ("us*r@example.com", "has a * that"),
    ("*@ex*mple.com", "has a * that"), ("*@*example.com", "has a * that"), ("**@example.com", "has a * that"), ("*@*.", "has a * that"),
    ("*@*.*", "has a * that"), ("a@b c@d", "has a space"), ("<a@b>", "has a space"), ("a\t@b", "has a space"),
  ])
  func `what is no address pattern is refused with the reason`(written: String, what: String) {
    do throws(ValueRefusal) {
      _ = try AddressPattern(written: written)
      Issue.record("\(written) was taken")
    } catch {
      #expect(error.what.hasPrefix(what))
    }
  }

  @Test(arguments: ["webapp", "a b.service", "/user.slice/x.service", "a*b*.service", "", "caf\u{e9}.service"])
  func `what is no unit is refused`(written: String) {
    #expect(throws: ValueRefusal.self) { try UnitPattern(written: written) }
  }

  @Test(arguments: ["127.0.0.1:25", "[::1]:0", "0.0.0.0:2525", "unix:/run/posthouse/smtp"])
  func `a listening address is written as it is read`(written: String) throws {
    #expect(try ListenAddress(written: written).text == written)
  }

  @Test(arguments: [
    "127.0.0.1", "::1:25", "[127.0.0.1]:25", "127.0.0.1:", "127.0.0.1:-1", "127.0.0.1:65536", "*:25", ":25", "[]:25", "unix:",
    "127.0.0.1:2５",
  ])
  func `what is no listening address is refused`(written: String) {
    #expect(throws: ValueRefusal.self) { try ListenAddress(written: written) }
  }

  @Test(arguments: [
    ("plain", "plain"), ("a#b", "a#b"), ("a # comment", "a"), ("a #comment", "a"), ("\"a # b\" # c", "\"a # b\""),
    ("'it is' # x", "'it is'"),
    ("it's # x", "it's"), ("# all comment", ""), ("  spaced  ", "spaced"), ("a \"b # c\" d # e", "a \"b # c\" d"),
    ("\"a \\\" # b\" # c", "\"a \\\" # b\""),
    (#"DOMAIN\user"#, #"DOMAIN\user"#), ("x ; y", "x ; y"),
  ])
  func `a comment ends a value unless quotes protect it`(written: String, kept: String) throws {
    #expect(try QuotedText.withoutComment(written) == kept)
  }

  @Test(arguments: ["plain", "two words", " edges ", "", "#x", "a #b", "\"q\"", "it's", "'x", "back\\slash\\", "\\\"", "a \"b\""])
  func `a text that is written is read back as itself`(text: String) throws {
    let value = try QuotedText.withoutComment(QuotedText.written(text, asWord: false))
    #expect(try QuotedText.text(of: value) == text)
    #expect(try QuotedText.words(of: QuotedText.written(text, asWord: true)) == [text])
  }

  @Test func `a line may go on in the next one`() throws {
    let grammar = SettingsGrammar(
      SettingsFile(name: "x", text: "\u{feff}[Listen]\r\nAddress=127.0.0.1:25 \\\n# between\n  [::1]:25\n\nMaxHops = 3\n"))
    #expect(grammar.errors.isEmpty)
    #expect(grammar.assignments.map(\.value) == ["127.0.0.1:25 [::1]:25", "3"])
    #expect(grammar.assignments.map(\.origin.description) == ["x:2", "x:6"])
  }

  @Test func `a command is words without a shell`() throws {
    let reading = SettingsReading(
      files: [
        SettingsFile(name: "x", text: "[Upstream]\nHost=a.example\nUser=u\nPasswordCommand=/usr/bin/pass \"show it\" $HOME;ls # c\n")
      ],
      environment: [:], systemHostname: "a.example")
    #expect(reading.errors.isEmpty)
    #expect(reading.settings.upstream.passwordSource == .command(words: ["/usr/bin/pass", "show it", "$HOME;ls"]))
    #expect(reading.settings.upstream.passwordCommand?.text == "/usr/bin/pass \"show it\" $HOME;ls")
  }

  @Test(arguments: [("", 1), ("a", 0), ("ab", 0), ("Hots", 1), ("Hst", 1), ("Hostname", 0), ("xyz", 0)])
  func `a suggestion is near or not made`(word: String, count: Int) {
    let nearest = Suggestion.nearest(to: word, among: ["Host", "Port"])
    #expect((nearest == nil ? 0 : 1) == (word.isEmpty ? 0 : count), "\(nearest ?? "none")")
  }

  @Test func `variables have their words apart`() {
    let variables = SettingsTable.settings.map(\.variable)
    for variable in [
      "POSTHOUSE_UPSTREAM_HOST", "POSTHOUSE_UPSTREAM_TLS", "POSTHOUSE_UPSTREAM_CA_FILE", "POSTHOUSE_LISTEN_MAX_MESSAGE_SIZE",
    ] {
      #expect(variables.contains(variable))
    }
    #expect(Set(variables).count == variables.count)
  }
}

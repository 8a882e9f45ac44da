// SPDX-License-Identifier: Apache-2.0
import Mail
import Octets
import Telemetry
import Testing
import Timekeeping

/// How facts read, and that nobody's words can break out of them.
struct RelayEventTests {
  static let id = MessageID(number: 1_700_000_000_000_000)
  static let box = Mailbox(verifiedLocalPart: "app", domain: "example.com")
  static let client: Submitter = {
    var client = Submitter(peer: "127.0.0.1:5123", greeting: "app1")
    client.user = 1000
    client.unit = "shop.service"
    return client
  }()
  static let refused = Outcome(.failed, Outcome.Reason(code: 550, status: "5.1.1", text: "no \"such\" user"))

  static let lines: [(RelayEvent, Severity, String)] = [
    (.service(.starting(version: "0.1.0")), .notice, "starting version=0.1.0"),
    (.service(.listening(address: "127.0.0.1:25")), .notice, "listening address=127.0.0.1:25"),
    (.service(.ready(queued: 12, after: .milliseconds(1045))), .notice, "ready queued=12 after=1.045"),
    (.service(.reloaded(changed: 2)), .notice, "reloaded changed=2"),
    (.service(.reloadRefused(why: "a.conf:3: no")), .warning, "reload-refused why=\"a.conf:3: no\""),
    (.service(.restartNeeded(setting: "Spool.Directory")), .warning, "restart-needed setting=Spool.Directory"),
    (.service(.riskySetting(setting: "Verify", why: "x")), .warning, "risky-setting setting=Verify why=x"),
    (.service(.stopping(why: "SIGTERM", inFlight: 1)), .notice, "stopping why=SIGTERM in-flight=1"),
    (.service(.stopped(queued: 0)), .notice, "stopped queued=0"),
    (.service(.failed(why: "no")), .error, "failed why=no"),
    (
      .delivery(.reported(id: id, report: MessageID(number: id.number + 1), to: box, what: "Undelivered", recipients: 2)), .info,
      "reported id=\(id) report=\(MessageID(number: id.number + 1)) to=<app@example.com> what=Undelivered recipients=2"
    ),
    (.delivery(.reportRefused(id: id, why: "no space")), .warning, "report-refused id=\(id) why=\"no space\""),
    (
      .delivery(.reportsCapped(id: id, perHour: 3)), .warning,
      "reports-capped id=\(id) limit=3 remedy=\"see why so much fails; posthouse queue lists it, and Bounce.MaxPerHour is the limit\""
    ),
    (
      .submission(.connectionAccepted(client: client)), .debug,
      "connected client=127.0.0.1:5123 helo=app1 uid=1000 unit=shop.service"
    ),
    (
      .submission(.connectionRefused(client: "192.0.2.1:9", why: "not local")), .warning,
      "connection-refused client=192.0.2.1:9 why=\"not local\""
    ),
    (
      .submission(.connectionClosed(client: Submitter(peer: "unix", greeting: ""), why: .violation("bare LF in DATA"), messages: 3)),
      .warning,
      "disconnected why=\"bare LF in DATA\" messages=3 client=unix"
    ),
    (
      .submission(.connectionClosed(client: Submitter(peer: "unix", greeting: ""), why: .quit, messages: 0)), .debug,
      "disconnected why=quit messages=0 client=unix"
    ),
    (
      .submission(
        .accepted(id: id, sender: box, size: .kibibytes(1), recipients: 2, client: Submitter(peer: "127.0.0.1:5123", greeting: ""))), .info,
      "accepted id=\(id) from=<app@example.com> size=1024 recipients=2 client=127.0.0.1:5123"
    ),
    (
      .submission(.accepted(id: id, sender: nil, size: .kibibytes(1), recipients: 1, client: Submitter(peer: "unix", greeting: ""))), .info,
      "accepted id=\(id) from=<> size=1024 recipients=1 client=unix"
    ),
    (
      .submission(.refused(client: Submitter(peer: "unix", greeting: ""), code: 552, status: "5.3.4", why: "too large")), .info,
      "refused code=552 status=5.3.4 why=\"too large\" client=unix"
    ),
    (
      .delivery(.attempted(id: id, recipient: box, outcome: refused, upstream: "d", attempt: 2, age: .seconds(61))), .warning,
      "undeliverable id=\(id) to=<app@example.com> upstream=d code=550 status=5.1.1 attempt=2 age=61.000 reply=\"no \\\"such\\\" user\""
    ),
    (.delivery(.postponed(id: id, recipients: 1, wait: .seconds(60))), .info, "postponed id=\(id) recipients=1 wait=60.000"),
    (.delivery(.settled(id: id, delivered: 2, failed: 0, age: .milliseconds(7))), .info, "settled id=\(id) delivered=2 failed=0 age=0.007"),
    (.delivery(.expired(id: id, recipients: 1, age: .seconds(432_000))), .warning, "expired id=\(id) recipients=1 age=432000.000"),
    (.delivery(.held(id: id, why: "a", remedy: "b")), .warning, "held id=\(id) why=a remedy=b"),
    (.upstream(.connected(upstream: "default", address: "[::1]:25")), .debug, "upstream-connected upstream=default address=[::1]:25"),
    (.upstream(.connectionFailed(upstream: "d", why: "refused")), .warning, "upstream-unreachable upstream=d why=refused"),
    (
      .upstream(.connectionLost(upstream: "d", stage: "end of DATA", why: "reset")), .info,
      "upstream-lost upstream=d stage=\"end of DATA\" why=reset"
    ),
    (
      .upstream(.tlsEstablished(upstream: "d", version: "TLSv1.3", cipher: "X", isResumed: true)), .debug,
      "upstream-tls upstream=d version=TLSv1.3 cipher=X session=resumed"
    ),
    (.upstream(.tlsUnverified(upstream: "d", why: "Verify=no")), .warning, "upstream-unverified upstream=d why=Verify=no"),
    (.upstream(.plaintext(upstream: "d")), .warning, "upstream-plaintext upstream=d"),
    (.upstream(.authenticationFailed(upstream: "d", user: "u", why: "535")), .info, "upstream-login-failed upstream=d user=u why=535"),
    (
      .upstream(.held(upstream: "d", fault: "credentialsRefused", why: "535", remedy: "correct it")), .error,
      "upstream-held upstream=d fault=credentialsRefused why=535 remedy=\"correct it\""
    ),
    (.upstream(.corrected(upstream: "d")), .notice, "upstream-corrected upstream=d"),
    (.upstream(.recovered(upstream: "d", after: .seconds(3))), .notice, "upstream-recovered upstream=d after=3.000"),
    (.upstream(.throttled(upstream: "d", wait: .seconds(5), why: "454")), .notice, "upstream-throttled upstream=d wait=5.000 why=454"),
    (
      .upstream(.certificateExpiring(upstream: "d", days: 6, end: WallTime(microseconds: 1_800_000_000_000_000))), .warning,
      "upstream-certificate-expiring upstream=d days=6 end=2027-01-15T08:00:00Z"
    ),
    (.spool(.recovered(messages: 5, segments: 1, after: .zero)), .notice, "spool-recovered messages=5 segments=1 after=0.000"),
    (.spool(.tornTailDropped), .notice, "spool-torn-tail"),
    (.spool(.damaged(why: "checksum")), .error, "spool-damaged why=checksum"),
    (.spool(.problem(why: "full; free space")), .error, "spool-problem why=\"full; free space\""),
    (.spool(.problemOver), .notice, "spool-problem-over"),
    (.control(.commanded(command: "Flush", subject: "", user: 0)), .notice, "commanded command=Flush uid=0"),
    (.control(.commanded(command: "Hold", subject: "x", user: 5)), .notice, "commanded command=Hold subject=x uid=5"),
    (.control(.denied(command: "Flush", user: 1000)), .warning, "command-denied command=Flush uid=1000"),
  ]

  @Test(arguments: lines) func `a fact has its severity and reads on one line`(event: RelayEvent, severity: Severity, line: String) {
    #expect(event.severity == severity)
    #expect(event.text == line)
    #expect(line.hasPrefix(event.name))
  }

  @Test(arguments: lines) func `every field has a name the journal takes`(event: RelayEvent, _: Severity, _: String) {
    let names = event.fields.map(\.journalName)
    #expect(Set(names).count == names.count)
    for name in names {
      #expect(name.hasPrefix("POSTHOUSE_") && name.utf8.count <= 64)
      #expect(name.utf8.allSatisfy { (0x41...0x5a).contains($0) || $0 == 0x5f })
    }
  }

  @Test(arguments: ["a\r\naccepted id=forged", "\u{1b}[2J", "\0", "x\u{202e}y", "\u{85}\u{2028}"])
  func `control characters of a peer never pass`(words: String) {
    let outcome = Outcome(.deferred, Outcome.Reason(code: 450, status: words, text: words))
    var client = Submitter(peer: words, greeting: words)
    client.unit = words
    let events: [RelayEvent] = [
      .submission(.connectionClosed(client: client, why: .violation(words), messages: 0)),
      .submission(.refused(client: client, code: 500, status: words, why: words)),
      .delivery(
        .attempted(
          id: Self.id, recipient: Mailbox(verifiedLocalPart: words, domain: nil), outcome: outcome, upstream: words, attempt: 1, age: .zero)
      ),
      .upstream(.held(upstream: words, fault: words, why: words, remedy: words)),
      .control(.commanded(command: words, subject: words, user: 1)),
    ]
    for event in events {
      #expect(event.text.unicodeScalars.allSatisfy { $0.isPrintable })
      for field in event.fields { #expect(field.value.unicodeScalars.allSatisfy { $0.isPrintable }) }
    }
  }

  @Test func `a value is bounded, and an empty or spaced one is quoted`() {
    let event = RelayEvent.service(.failed(why: String(repeating: "x", count: 5000)))
    #expect(event.fields[0].value.utf8.count <= EventField.valueLimit)
    #expect(RelayEvent.service(.failed(why: "")).text == "failed why=\"\"")
    #expect(RelayEvent.service(.failed(why: "a\\b")).text == "failed why=\"a\\\\b\"")
  }

  @Test func `severities are ordered by urgency, carry the numbers of syslog and are found by name`() {
    #expect(Severity.allCases.map(\.rawValue) == [3, 4, 5, 6, 7])
    #expect(Severity.allCases.sorted() == Severity.allCases.reversed())
    for severity in Severity.allCases { #expect(Severity(name: severity.name) == severity) }
    #expect(Severity(name: "loud") == nil)
  }
}

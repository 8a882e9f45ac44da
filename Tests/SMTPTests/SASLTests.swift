// SPDX-License-Identifier: Apache-2.0
import Octets
import SMTP
import Settings
import Testing

/// Logging in: what is chosen, what is said, when nothing is said, and that a secret shows nowhere else.
struct SASLTests {
  @Test func `PLAIN speaks once, in the AUTH command`() throws {
    var script = try SASLScript.password("apikey", "s3cret", offered: "PLAIN")
    #expect(try script.start() == "AUTH PLAIN|\0apikey\0s3cret")
    #expect(try script.raw("235 ok") == "done")
  }

  @Test(arguments: ["334 VXNlcm5hbWU6", "334 ", "334", "334 Username:"]) func `LOGIN answers two challenges, whatever they say`(
    challenge: String
  ) throws {
    var script = try SASLScript.password("apikey", "s3cret", offered: "LOGIN")
    #expect(try script.start() == "AUTH LOGIN")
    #expect(try script.raw(challenge) == "apikey")
    #expect(try script.raw(challenge) == "s3cret")
    #expect(try script.raw("235 ok") == "done")
  }

  @Test func `CRAM-MD5 answers as RFC 2195 has it`() throws {
    var script = try SASLScript.password("tim", "tanstaaftanstaaf", offered: "CRAM-MD5")
    #expect(try script.start() == "AUTH CRAM-MD5")
    #expect(try script.challenge("<1896.697170952@postoffice.reston.mci.net>") == "tim b913a602c7eda7a495b4e6e7334d3890")
    #expect(try script.raw("235 ok") == "done")
    var empty = try SASLScript.password(offered: "CRAM-MD5")
    _ = try empty.start()
    #expect(try empty.fault("334 ").fault == .malformedChallenge("is empty"))
  }

  @Test func `EXTERNAL says whom to act as, or nothing`() throws {
    for (user, expected) in [("", "AUTH EXTERNAL ="), ("app", "AUTH EXTERNAL|app")] {
      let credentials = try #require(UpstreamCredentials(certificateActingAs: user))
      var script = SASLScript(UpstreamLogin(credentials, on: .verifiedTLS, host: "h", port: 25), offered: "PLAIN", "EXTERNAL")
      #expect(try script.start().replacing("EXTERNAL|=", with: "EXTERNAL =") == expected)
      #expect(try script.raw("235 ok") == "done")
    }
  }

  static let token = "ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg"

  @Test func `XOAUTH2 says user and token in one message, in one step or in two`() throws {
    var script = try SASLScript.token("someuser@example.com", Self.token, offered: "XOAUTH2")
    let message = "user=someuser@example.com\u{1}auth=Bearer \(Self.token)\u{1}\u{1}"
    #expect(try script.start() == "AUTH XOAUTH2|" + message)
    #expect(try script.raw("235 ok") == "done")
    script.login.opening = .behindChallenge
    #expect(try script.start() == "AUTH XOAUTH2")
    #expect(try script.raw("334 ") == message)
    #expect(try script.raw("235 ok") == "done")
    #expect(try script.start() == "AUTH XOAUTH2")
    #expect(try script.raw("334 anything at all") == message)
  }

  @Test func `a message that makes the command longer than 512 octets waits for a challenge`() throws {
    for (count, isAlone) in [(300, false), (400, true)] {
      let token = String(repeating: "t", count: count)
      var script = try SASLScript.token("u", token, offered: "XOAUTH2")
      #expect(try script.start().hasPrefix("AUTH XOAUTH2|") == !isAlone)
      if isAlone { #expect(try script.raw("334 ") == "user=u\u{1}auth=Bearer \(token)\u{1}\u{1}") }
    }
  }

  @Test func `a refused token is answered with an empty line, and the reason is told without the token`() throws {
    var script = try SASLScript.token("someuser@example.com", Self.token, offered: "XOAUTH2")
    _ = try script.start()
    let answer = try script.raw(
      "334 eyJzdGF0dXMiOiI0MDEiLCJzY2hlbWVzIjoiYmVhcmVyIG1hYyIsInNjb3BlIjoiaHR0cHM6Ly9tYWlsLmdvb2dsZS5jb20vIn0K")
    #expect(answer == "")
    #expect(script.exchange?.complaint == "status 401, schemes bearer mac, scope https://mail.google.com/")
    #expect(try script.fault("334 ").fault == .unexpectedChallenge)
    #expect(try script.fault("235 welcome").fault == .successTooEarly)
  }

  @Test func `OAUTHBEARER says what RFC 7628 has, and answers a refusal with 0x01`() throws {
    let token = "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg=="
    var script = try SASLScript.token("user@example.com", token, offered: "XOAUTH2", "OAUTHBEARER")
    let message = "n,a=user@example.com,\u{1}host=server.example.com\u{1}port=143\u{1}auth=Bearer \(token)\u{1}\u{1}"
    #expect(try script.start() == "AUTH OAUTHBEARER|" + message)
    #expect(try script.challenge(#"{"status":"invalid_token","scope":"example_scope"}"#) == "\u{1}")
    #expect(script.exchange?.complaint == "status invalid_token, scope example_scope")
    #expect(try script.fault("235 welcome").fault == .successTooEarly)
  }

  static let complaints: [(String, String?)] = [
    (#"{"status":401}"#, "status 401"),
    (#"{"status":"400","error_description":"bad \#(token) sent"}"#, "status 400, error_description [secret]"),
    (#"{"note":"\#(token)"}"#, nil), ("{}", nil), ("", nil), ("no JSON", nil), ("[1]", nil), ("{\"status\":[\"401\"]}", nil),
    (#"{"status":"\u001b[2J\r\nforged"}"#, "status ?[2J??forged"), (String(repeating: "[", count: 500), nil),
  ]

  @Test(arguments: complaints) func `the reason of a refusal is shown only as far as it is safe`(json: String, expected: String?) throws {
    var script = try SASLScript.token("u", Self.token, offered: "XOAUTH2")
    _ = try script.start()
    #expect(try script.challenge(json) == "")
    #expect(script.exchange?.complaint == expected)
  }

  @Test(arguments: ["PLAIN", "LOGIN", "CRAM-MD5"]) func `a challenge too many is answered by cancelling`(mechanism: String) throws {
    var script = try SASLScript.password("apikey", "s3cret", offered: mechanism)
    _ = try script.start()
    let answers = ["PLAIN": 0, "LOGIN": 2, "CRAM-MD5": 1][mechanism] ?? 0
    for _ in 0..<answers { _ = try script.raw("334 VXNlcm5hbWU6") }
    let answer = try script.fault("334 bW9yZQ==")
    #expect(answer.fault == .unexpectedChallenge)
    #expect(answer.sent == "*\r\n")
  }

  @Test func `a challenge that is no base 64 or has several lines is answered by cancelling`() throws {
    var script = try SASLScript.password(offered: "CRAM-MD5")
    _ = try script.start()
    let answer = try script.fault("334 not base 64")
    #expect(answer.fault == .malformedChallenge("is not base 64"))
    #expect(answer.sent == "*\r\n")
    var other = try SASLScript.password(offered: "LOGIN")
    _ = try other.start()
    var queue = ByteQueue()
    let reply = try clientReply("334-VXNlcm5hbWU6", "334 VXNlcm5hbWU6")
    #expect(throws: SASLFault.malformedChallenge("has several lines")) { _ = try other.exchange?.take(reply, into: &queue) }
  }

  @Test(arguments: [UpstreamChannel.plaintext, .unverifiedTLS]) func `no mechanism is chosen without verified TLS`(channel: UpstreamChannel)
    throws
  {
    var script = try SASLScript.password(offered: "PLAIN", "LOGIN", "SCRAM-SHA-256", "CRAM-MD5")
    script.login.channel = channel
    #expect(throws: SASLRefusal.channelUnsafe(channel)) { try script.start() }
    #expect(UpstreamFailure.authenticationImpossible(.channelUnsafe(channel)).judgement == .operatorFault(.channelUnsafe))
  }

  @Test(arguments: [UpstreamChannel.verifiedTLS, .loopback])
  func `the strongest that is offered and fits is chosen, unless ordered otherwise`(
    channel: UpstreamChannel
  ) throws {
    let all = SASLMechanism.allCases.map(\.rawValue)
    var login = try SASLScript.password(offered: "").login
    login.channel = channel
    #expect(try login.choose(from: all) == .scramSHA256)
    login.binding = ChannelBinding(.exporter, bytes: [1])
    #expect(try login.choose(from: all.reversed()) == .scramSHA256Plus)
    #expect(try login.choose(from: ["LOGIN", "PLAIN", "CRAM-MD5"]) == .cramMD5)
    #expect(try login.choose(from: ["XOAUTH2", "GSSAPI", "LOGIN"]) == .login)
    login.order = [.login, .plain]
    #expect(try login.choose(from: ["PLAIN", "LOGIN", "SCRAM-SHA-256"]) == .login)
    login.credentials = try #require(UpstreamCredentials(user: "u", token: Secret("t")))
    login.order = SASLMechanism.allCases
    #expect(try login.choose(from: all) == .oauthBearer)
    #expect(try login.choose(from: ["PLAIN", "XOAUTH2"]) == .xoauth2)
  }

  @Test func `a password beyond ASCII goes by a mechanism that needs no preparation, or is refused in words`() throws {
    var script = try SASLScript.password("user", "pässwort", offered: "SCRAM-SHA-256", "PLAIN")
    #expect(try script.start() == "AUTH PLAIN|\0user\0pässwort")
    script.offered = ["SCRAM-SHA-256", "SCRAM-SHA-1"]
    let refusal = SASLRefusal.credentialsUnfit(offered: ["SCRAM-SHA-256", "SCRAM-SHA-1"], .needsPreparation)
    #expect(throws: refusal) { try script.start() }
    let failure = UpstreamFailure.authenticationImpossible(refusal)
    #expect(failure.judgement == .operatorFault(.mechanismUnavailable))
    #expect(
      failure.words(at: .authentication)
        == "AUTH: AUTH with SCRAM-SHA-256 SCRAM-SHA-1 is impossible: user or password has characters beyond printable ASCII; "
        + "allow PLAIN or LOGIN, or change the password")
  }

  @Test func `nothing offered, nothing in common and nothing that fits are told apart`() throws {
    let login = try SASLScript.password(offered: "").login
    #expect(throws: SASLRefusal.notOffered) { try login.choose(from: []) }
    let refusal = SASLRefusal.nothingInCommon(offered: ["GSSAPI"], wanted: SASLMechanism.allCases.map(\.rawValue))
    #expect(throws: refusal) { try login.choose(from: ["GSSAPI"]) }
    #expect(throws: SASLRefusal.credentialsUnfit(offered: ["XOAUTH2"], .anotherKind)) { try login.choose(from: ["XOAUTH2"]) }
    #expect(throws: SASLRefusal.credentialsUnfit(offered: ["SCRAM-SHA-1-PLUS"], .nothingToBind)) {
      try login.choose(from: ["SCRAM-SHA-1-PLUS"])
    }
  }

  static let unusable: [(String, String)] = [
    ("", "p"), ("u", ""), ("u\0x", "p"), ("u", "p\0x"), (String(repeating: "u", count: 2049), "p"),
    ("u", String(repeating: "p", count: 4097)),
  ]

  @Test(arguments: unusable) func `credentials that no mechanism can send are none`(user: String, password: String) {
    #expect(UpstreamCredentials(user: user, password: Secret(password)) == nil)
  }

  @Test(arguments: [("", "t"), ("u", ""), ("u", "a b"), ("u", "a\u{1}b"), ("u", "tök"), ("u\u{1}auth=x", "t"), ("u\n", "t")])
  func `a token that could break out of its message is none`(user: String, token: String) {
    #expect(UpstreamCredentials(user: user, token: Secret(token)) == nil)
  }

  @Test func `the longest credentials still fit the 12,288 octets of an answer`() throws {
    let user = String(repeating: "u", count: 2048)
    var password = try SASLScript.password(user, String(repeating: "p", count: 4096), offered: "PLAIN")
    _ = try password.start()
    #expect(try password.raw("334 ").utf8.count * 4 / 3 + 4 < 12_288)
    var token = try SASLScript.token(user, String(repeating: "t", count: 6144), offered: "OAUTHBEARER")
    _ = try token.start()
    #expect(try token.raw("334 ").utf8.count * 4 / 3 + 4 < 12_288)
  }

  @Test(arguments: ["PLAIN", "LOGIN", "CRAM-MD5", "XOAUTH2"]) func `credentials with line ends stay one line, and never show in a text`(
    mechanism: String
  ) throws {
    let odd =
      mechanism == "XOAUTH2"
      ? try #require(UpstreamCredentials(user: "a", token: Secret("DATA")))
      : try #require(UpstreamCredentials(user: "a\r\nQUIT", password: Secret("p\r\nDATA")))
    let login = UpstreamLogin(odd, on: .verifiedTLS, host: "h", port: 25)
    var random = ClientGenerator(1)
    var exchange = try login.begin(offered: [mechanism], nonce: SASLNonce(using: &random))
    var queue = ByteQueue()
    exchange.start(into: &queue)
    _ = try? exchange.take(try clientReply("334 VXNlcm5hbWU6"), into: &queue)
    #expect(!text(of: queue).contains("QUIT") && !text(of: queue).contains("DATA"))
    #expect(!"\(exchange)\(odd)\(login)".contains("DATA"))
  }
}

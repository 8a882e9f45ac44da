// SPDX-License-Identifier: Apache-2.0
import Octets
import SMTP
import Testing

/// Logging in: what is said, when nothing is said, and that a password shows nowhere else.
struct ClientSASLTests {
  @Test func `PLAIN speaks once, in the AUTH command`() throws {
    var exchange = SASLExchange(.plain, try credentials())
    var queue = ByteQueue()
    exchange.start(into: &queue)
    #expect(text(of: queue) == "AUTH PLAIN " + Base64.encode(Array("\0apikey\0s3cret".utf8)) + "\r\n")
  }

  @Test(arguments: ["334 VXNlcm5hbWU6", "334 ", "334", "334 Username:"]) func `LOGIN answers two challenges, whatever they say`(
    challenge: String
  ) throws {
    var exchange = SASLExchange(.login, try credentials())
    var queue = ByteQueue()
    exchange.start(into: &queue)
    try exchange.answer(try clientReply(challenge), into: &queue)
    try exchange.answer(try clientReply(challenge), into: &queue)
    #expect(text(of: queue) == "AUTH LOGIN\r\nYXBpa2V5\r\nczNjcmV0\r\n")
  }

  @Test func `a challenge too many is answered by cancelling`() throws {
    for mechanism in SASLMechanism.allCases {
      var exchange = SASLExchange(mechanism, try credentials())
      var queue = ByteQueue()
      exchange.start(into: &queue)
      if mechanism == .login {
        try exchange.answer(try clientReply("334 VXNlcm5hbWU6"), into: &queue)
        try exchange.answer(try clientReply("334 UGFzc3dvcmQ6"), into: &queue)
      }
      queue.removeAll()
      #expect(throws: SASLFault.unexpectedChallenge) { try exchange.answer(try clientReply("334 bW9yZQ=="), into: &queue) }
      #expect(text(of: queue) == "*\r\n")
    }
  }

  @Test func `a challenge that is no base 64 or has several lines is answered by cancelling`() throws {
    var exchange = SASLExchange(.plain, try credentials())
    var queue = ByteQueue()
    exchange.start(into: &queue)
    queue.removeAll()
    #expect(throws: SASLFault.malformedChallenge) { try exchange.answer(try clientReply("334 not base 64"), into: &queue) }
    #expect(text(of: queue) == "*\r\n")
    var other = SASLExchange(.login, try credentials())
    other.start(into: &queue)
    #expect(throws: SASLFault.malformedChallenge) {
      try other.answer(try clientReply("334-VXNlcm5hbWU6", "334 VXNlcm5hbWU6"), into: &queue)
    }
  }

  @Test(arguments: [UpstreamChannel.plaintext, .unverifiedTLS]) func `no mechanism is chosen without verified TLS`(channel: UpstreamChannel)
    throws
  {
    #expect(throws: SASLRefusal.channelUnsafe(channel)) {
      _ = try SASLMechanism.choose(from: ["PLAIN", "LOGIN"], credentials: try credentials(), channel: channel)
    }
    #expect(UpstreamFailure.authenticationImpossible(.channelUnsafe(channel)).judgement == .operatorFault(.channelUnsafe))
  }

  @Test(arguments: [UpstreamChannel.verifiedTLS, .loopback]) func `the first of our order that is offered is chosen`(
    channel: UpstreamChannel
  ) throws {
    let credentials = try credentials()
    #expect(try SASLMechanism.choose(from: ["LOGIN", "PLAIN"], credentials: credentials, channel: channel) == .plain)
    #expect(
      try SASLMechanism.choose(from: ["LOGIN", "PLAIN"], order: [.login, .plain], credentials: credentials, channel: channel) == .login)
    #expect(try SASLMechanism.choose(from: ["XOAUTH2", "LOGIN"], credentials: credentials, channel: channel) == .login)
  }

  @Test func `nothing offered and nothing in common are told apart`() throws {
    let credentials = try credentials()
    #expect(throws: SASLRefusal.notOffered) { _ = try SASLMechanism.choose(from: [], credentials: credentials, channel: .verifiedTLS) }
    let refusal = SASLRefusal.nothingInCommon(offered: ["GSSAPI"], wanted: ["PLAIN", "LOGIN"])
    #expect(throws: refusal) { _ = try SASLMechanism.choose(from: ["GSSAPI"], credentials: credentials, channel: .verifiedTLS) }
    #expect(
      UpstreamFailure.authenticationImpossible(refusal).words(at: .authentication) == "AUTH: AUTH offers GSSAPI, we may use PLAIN LOGIN")
  }

  static let unusable: [(String, String)] = [
    ("", "p"), ("u", ""), ("u\0x", "p"), ("u", "p\0x"), (String(repeating: "u", count: 2049), "p"),
    ("u", String(repeating: "p", count: 4097)),
  ]

  @Test(arguments: unusable) func `credentials that no mechanism can send are none`(user: String, password: String) {
    #expect(UpstreamCredentials(user: user, password: Secret(password)) == nil)
  }

  @Test func `credentials with line ends stay one line, and never show in a text`() throws {
    let odd = try #require(UpstreamCredentials(user: "a\r\nQUIT", password: Secret("p\r\nDATA")))
    for mechanism in SASLMechanism.allCases {
      var exchange = SASLExchange(mechanism, odd)
      var queue = ByteQueue()
      exchange.start(into: &queue)
      if mechanism == .login { try exchange.answer(try clientReply("334 VXNlcm5hbWU6"), into: &queue) }
      let sent = text(of: queue)
      #expect(!sent.contains("QUIT") && !sent.contains("DATA"))
      #expect(!"\(exchange)\(odd)".contains("DATA"))
    }
  }

  private func credentials() throws -> UpstreamCredentials { try #require(UpstreamCredentials(user: "apikey", password: Secret("s3cret"))) }
}

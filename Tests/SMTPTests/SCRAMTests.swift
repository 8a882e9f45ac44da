// SPDX-License-Identifier: Apache-2.0
import Octets
import SMTP
import Settings
import Testing

/// SCRAM against the vectors of its standards, and against upstreams that lie.
struct SCRAMTests {
  struct Vector: Sendable, CustomTestStringConvertible {
    let mechanism: String
    var user = "user"
    var password = "pencil"
    var binding: ChannelBinding.Kind?
    let nonce: String
    let first: String
    let challenge: String
    let proof: String
    let signature: String

    var testDescription: String { "\(mechanism) \(binding?.rawValue ?? "")" }
  }

  static let vectors: [Vector] = [
    // RFC 5802 §5
    Vector(
      mechanism: "SCRAM-SHA-1", nonce: "fyko+d2lbbFgONRv9qkxdawL", first: "n,,n=user,r=fyko+d2lbbFgONRv9qkxdawL",
      challenge: "r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096",
      proof: "c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
      signature: "v=rmF9pqV8S7suAoZWja4dJRkFsKQ="),
    // RFC 7677 §3
    Vector(
      mechanism: "SCRAM-SHA-256", nonce: "rOprNGfwEbeRWgbNEkqO", first: "n,,n=user,r=rOprNGfwEbeRWgbNEkqO",
      challenge: "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096",
      proof: "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
      signature: "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="),
    // The others come from an independent implementation.
    Vector(
      mechanism: "SCRAM-SHA-256-PLUS", user: "us=er,", password: "pen cil", binding: .exporter, nonce: "abc",
      first: "p=tls-exporter,,n=us=3Der=2C,r=abc", challenge: "r=abcdef,s=c2FsdDE=,i=5000",
      proof: "c=cD10bHMtZXhwb3J0ZXIsLAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f,r=abcdef,p=O5G1NCTxdV1NxPdkB+Vuh4dvYzWMrwfidfV95qaTt0M=",
      signature: "v=2PshzVIpwuhUXLWC8s6uZtWrDRDQp7DbMiwMMBI3OF8="),
    Vector(
      mechanism: "SCRAM-SHA-1-PLUS", binding: .serverEndPoint, nonce: "abc", first: "p=tls-server-end-point,,n=user,r=abc",
      challenge: "r=abcdef,s=c2FsdDE=,i=4096",
      proof:
        "c=cD10bHMtc2VydmVyLWVuZC1wb2ludCwsAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=,r=abcdef,p=fwierH9il6G71d7gL9SBTez99Ak=",
      signature: "v=FRC7Yr1a9WnIlZcwY6kieOKjIY0="),
    Vector(
      mechanism: "SCRAM-SHA-256", binding: .exporter, nonce: "abc", first: "y,,n=user,r=abc", challenge: "r=abcdef,s=c2FsdDE=,i=4096",
      proof: "c=eSws,r=abcdef,p=dfaXszBCw2NB/BBHk68NF4tYLXy3tZmTP+/TCk34Epg=", signature: "v=UvbChalR+gO7a/caLJnuQV2oK6JfjWQ2ZZjRwUrXiFo="),
  ]

  @Test(arguments: vectors) func `a conversation goes word for word as the standard has it`(vector: Vector) throws {
    var script = try SASLScript.password(vector.user, vector.password, offered: vector.mechanism, "PLAIN")
    script.nonce = vector.nonce
    script.login.binding = vector.binding.map { ChannelBinding($0, bytes: Array(0..<32)) }
    #expect(try script.start() == "AUTH \(vector.mechanism)|\(vector.first)")
    #expect(try script.challenge(vector.challenge) == vector.proof)
    #expect(try script.challenge(vector.signature) == "")
    #expect(try script.raw("235 2.7.0 welcome") == "done")
    #expect(script.exchange?.key != nil)
  }

  @Test func `a remembered key answers at once while the upstream asks the same, and not when anything differs`() throws {
    var first = try SASLScript.password(offered: "SCRAM-SHA-256")
    _ = try first.start()
    _ = try first.challenge("r=abcdef,s=c2FsdDE=,i=4096")
    let key = try #require(first.exchange?.key)
    for (password, challenge, isNeeded) in [
      ("pencil", "r=abcxyz,s=c2FsdDE=,i=4096", false), ("pencil", "r=abcxyz,s=c2FsdDI=,i=4096", true),
      ("pencil", "r=abcxyz,s=c2FsdDE=,i=4097", true), ("pencils", "r=abcxyz,s=c2FsdDE=,i=4096", true),
    ] {
      var script = try SASLScript.password("user", password, offered: "SCRAM-SHA-256")
      script.login.rememberedKey = key
      _ = try script.start()
      var queue = ByteQueue()
      let step = try script.exchange?.take(try clientReply("334 " + Base64.encode(Array(challenge.utf8))), into: &queue)
      let asksForKey = if case .keyNeeded = step { true } else { false }
      #expect(asksForKey == isNeeded)
      #expect(queue.isEmpty == isNeeded)
    }
  }

  static let lies: [(String, SASLFault)] = [
    ("r=xyzdef,s=c2FsdDE=,i=4096", .nonceReplaced), ("r=abc,s=c2FsdDE=,i=4096", .nonceReplaced), ("r=,s=c2FsdDE=,i=4096", .nonceReplaced),
    ("r=abc" + String(repeating: "x", count: 1022) + ",s=c2FsdDE=,i=4096", .nonceReplaced),
    ("r=abcdef,s=c2FsdDE=,i=1", .iterationsOutOfRange(1)), ("r=abcdef,s=c2FsdDE=,i=4095", .iterationsOutOfRange(4095)),
    ("r=abcdef,s=c2FsdDE=,i=1000001", .iterationsOutOfRange(1_000_001)),
    ("r=abcdef,s=c2FsdDE=,i=4294967296", .iterationsOutOfRange(4_294_967_296)),
    ("r=abcdef,s=c2FsdDE=,i=99999999999999999999999", .malformedChallenge("has no number of iterations")),
    ("r=abcdef,s=c2FsdDE=,i=-4096", .malformedChallenge("has no number of iterations")),
    ("r=abcdef,s=c2FsdDE=,i=04096", .malformedChallenge("has no number of iterations")),
    ("r=abcdef,s=c2FsdDE=,i=", .malformedChallenge("has no number of iterations")),
    ("r=abcdef,s=,i=4096", .malformedChallenge("has no salt")), ("r=abcdef,s=???,i=4096", .malformedChallenge("has no salt")),
    ("m=x,r=abcdef,s=c2FsdDE=,i=4096", .malformedChallenge("needs an extension that we do not know")),
    ("s=c2FsdDE=,r=abcdef,i=4096", .malformedChallenge("is not a first message of SCRAM")),
    ("r=abcdef,s=c2FsdDE=", .malformedChallenge("is not a first message of SCRAM")),
    ("e=unknown-user", .malformedChallenge("is not a first message of SCRAM")),
    ("v=rmF9pqV8S7suAoZWja4dJRkFsKQ=", .malformedChallenge("is not a first message of SCRAM")),
    ("", .malformedChallenge("is not a message of SCRAM")), (",", .malformedChallenge("is not a message of SCRAM")),
    ("r=abcdef,,i=4096", .malformedChallenge("is not a message of SCRAM")),
    ("r=abcdef\u{0},s=c2FsdDE=,i=4096", .malformedChallenge("is not a message of SCRAM")),
    ("r=abcäf,s=c2FsdDE=,i=4096", .malformedChallenge("is not a message of SCRAM")),
  ]

  @Test(arguments: lies) func `a first message that is not right is answered by cancelling`(challenge: String, fault: SASLFault) throws {
    var script = try SASLScript.password(offered: "SCRAM-SHA-1")
    _ = try script.start()
    let answer = try script.fault("334 " + Base64.encode(Array(challenge.utf8)))
    #expect(answer.fault == fault)
    #expect(answer.sent == "*\r\n")
  }

  static let signatures: [(String, SASLFault)] = [
    ("v=UvbChalR+gO7a/caLJnuQV2oK6JfjWQ2ZZjRwUrXiFp=", .malformedChallenge("is not a last message of SCRAM")),
    ("v=VvbChalR+gO7a/caLJnuQV2oK6JfjWQ2ZZjRwUrXiFo=", .upstreamUnproved),
    ("v=", .upstreamUnproved), ("v=AAAA", .upstreamUnproved), ("v=x", .malformedChallenge("is not a last message of SCRAM")),
    ("x=1,v=UvbChalR+gO7a/caLJnuQV2oK6JfjWQ2ZZjRwUrXiFo=", .malformedChallenge("is not a last message of SCRAM")),
    ("r=abcdef,s=c2FsdDE=,i=4096", .malformedChallenge("is not a last message of SCRAM")),
    ("", .malformedChallenge("is not a message of SCRAM")),
  ]

  @Test(arguments: signatures) func `an upstream that cannot prove itself is left, whatever it says next`(
    signature: String, fault: SASLFault
  )
    throws
  {
    var script = try SASLScript.password(offered: "SCRAM-SHA-256")
    script.login.binding = ChannelBinding(.exporter, bytes: [1])
    _ = try script.start()
    _ = try script.challenge("r=abcdef,s=c2FsdDE=,i=4096")
    let answer = try script.fault("334 " + Base64.encode(Array(signature.utf8)))
    #expect(answer.fault == fault)
    #expect(answer.sent == "*\r\n")
    #expect(throws: SASLFault.successTooEarly) { try script.raw("235 welcome all the same") }
  }

  @Test func `a success before the upstream has proved itself is no success`() throws {
    var script = try SASLScript.password(offered: "SCRAM-SHA-256")
    _ = try script.start()
    #expect(try script.fault("235 2.7.0 welcome").fault == .successTooEarly)
    var later = try SASLScript.password(offered: "SCRAM-SHA-256")
    _ = try later.start()
    _ = try later.challenge("r=abcdef,s=c2FsdDE=,i=4096")
    #expect(try later.fault("235 2.7.0 welcome").fault == .successTooEarly)
    #expect(UpstreamFailure.authenticationBroken(.successTooEarly).judgement == .operatorFault(.upstreamUnproved))
  }

  @Test func `an error in the last message is answered so that the refusal follows, and is told`() throws {
    var script = try SASLScript.password(offered: "SCRAM-SHA-256")
    _ = try script.start()
    _ = try script.challenge("r=abcdef,s=c2FsdDE=,i=4096")
    #expect(try script.challenge("e=invalid-proof") == "")
    #expect(script.exchange?.complaint == "invalid-proof")
    #expect(try script.fault("235 welcome").fault == .successTooEarly)
  }

  @Test(arguments: 0..<60) func `garbage for challenges never does more than cancel`(seed: Int) throws {
    var random = ClientGenerator(UInt64(seed))
    var script = try SASLScript.password(offered: Bool.random(using: &random) ? "SCRAM-SHA-256" : "SCRAM-SHA-1")
    _ = try script.start()
    if Bool.random(using: &random) { _ = try script.challenge("r=abcdef,s=c2FsdDE=,i=4096") }
    let letters = Array("rsivme=,abcdef0123456789+/\u{0}ä".utf8)
    let message = (0..<Int.random(in: 0...40, using: &random)).map { _ in letters.randomElement(using: &random) ?? 0 }
    let answer = try script.fault("334 " + Base64.encode(message))
    #expect(answer.fault != nil && answer.sent == "*\r\n" || script.exchange?.complaint != nil)
  }

  @Test func `a binding is used, asked for, or not spoken of, by what we may and the upstream offers`() throws {
    let bound = ChannelBinding(.exporter, bytes: [1, 2, 3])
    for (offered, order, expected) in [
      (["SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"], SASLMechanism.allCases, "AUTH SCRAM-SHA-256-PLUS|p=tls-exporter,,"),
      (["SCRAM-SHA-256", "SCRAM-SHA-1-PLUS"], SASLMechanism.allCases, "AUTH SCRAM-SHA-1-PLUS|p=tls-exporter,,"),
      (["SCRAM-SHA-256", "SCRAM-SHA-1"], SASLMechanism.allCases, "AUTH SCRAM-SHA-256|y,,"),
      (["SCRAM-SHA-256"], [.scramSHA256], "AUTH SCRAM-SHA-256|n,,"),
      (["SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"], [.scramSHA256, .scramSHA256Plus], "AUTH SCRAM-SHA-256|n,,"),
    ] {
      var script = try SASLScript.password(offered: "")
      script.offered = offered
      script.login.order = order
      script.login.binding = bound
      #expect(try script.start() == expected + "n=user,r=abc")
    }
    var without = try SASLScript.password(offered: "SCRAM-SHA-256-PLUS", "SCRAM-SHA-256")
    #expect(try without.start() == "AUTH SCRAM-SHA-256|n,,n=user,r=abc")
  }

  @Test func `nonces come from the generator, and no two are alike`() throws {
    var random = ClientGenerator(1)
    let nonces = (0..<100).map { _ in "\(SASLNonce(using: &random))" }
    #expect(Set(nonces).count == 100)
    for bad in ["", "a,b", "a b", "ä", "a\u{0}"] { #expect(SASLNonce(bad) == nil) }
  }
}

// SPDX-License-Identifier: Apache-2.0
import Dialogues
import Glibc
import Simulation
import TLS
import Testing

/// What is spoken behind STARTTLS or before a greeting: tickets, pins, our own certificate. Real TLS, virtual time.
@Suite struct EncryptionTests {
  private static let certificates = TestCertificates.shared

  /// Plays a dialogue that is written here, because it names files.
  private func play(
    _ name: String, _ lines: [String], betweenConnections: @escaping @Sendable () -> Void = {},
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let file = try UpstreamDialogueFile(name: name, text: lines.joined(separator: "\n"))
    let complaints = World.run(name, failed: { Issue.record("\(name): \($0)", sourceLocation: sourceLocation) }) { world in
      let delivery = try await ScriptedDelivery(file, world)
      delivery.betweenConnections = betweenConnections
      try await delivery.play()
      return delivery.complaints
    }
    #expect(complaints?.isEmpty == true, "\(complaints?.joined(separator: "\n") ?? "")", sourceLocation: sourceLocation)
  }

  /// Implicit TLS up to the answer to EHLO.
  private func opening(_ handshake: String, _ extensions: String...) -> [String] {
    let lines = ["mx.example.com"] + extensions
    return [handshake, "U: 220 mx.example.com ESMTP", "C: EHLO relay.example.com"]
      + lines.enumerated().map { "U: 250\($0.offset == lines.count - 1 ? " " : "-")\($0.element)" }
  }

  private let message = ["C: MAIL FROM", "U: 250 ok", "C: RCPT TO", "U: 250 ok", "C: DATA", "U: 354 go", "Body:", "U: 250 taken"]
  private let quit = ["C: QUIT", "U: 221 bye", "Close:"]
  private let delivered = ["To: to@b.example delivered", "State: gone", "Upstream: well"]

  @Test func `the second connection goes on with the keys of the first`() throws {
    try play(
      "resumption",
      ["Given: Upstream.TLS=implicit", "Given: Upstream.MessagesPerConnection=1", "Given: to a@b.example", "Given: to to@b.example"]
        + opening("TLS: new") + message + quit + ["Next:"] + opening("TLS: resumed") + message + quit + delivered)
  }

  @Test func `a renewed certificate of ours is shown to the second connection, and the keys of the first are forgotten`() throws {
    let identity = EncryptionTests.certificates.identity("good")
    let certificate = "\(identity.certificateFile)-renewed"
    #expect(unsafe system("cp '\(identity.certificateFile)' '\(certificate)'") == 0)
    try play(
      "renewal",
      [
        "Given: Upstream.TLS=implicit", "Given: Upstream.MessagesPerConnection=1", "Given: to a@b.example", "Given: to to@b.example",
        "Given: Upstream.ClientCertificate=\(certificate)", "Given: Upstream.ClientKey=\(identity.keyFile)",
        "Given: demand \(EncryptionTests.certificates.authority)",
      ] + opening("TLS: new") + message + quit + ["Next:"] + opening("TLS: new") + message + quit + delivered,
      betweenConnections: { _ = unsafe system("cp '\(identity.certificateFile)' '\(certificate)'") })
  }

  @Test func `after a handshake that failed, keys are not gone on with`() throws {
    try play(
      "no resumption behind a fault",
      ["Given: Upstream.TLS=implicit", "Given: Upstream.MessagesPerConnection=1", "Given: to a@b.example", "Given: to to@b.example"]
        + opening("TLS: new") + message + quit + ["Next:", "U: 500 what is this", "Close:", "Next:"] + opening("TLS: new") + message + quit
        + delivered)
  }

  @Test(arguments: [false, true]) func `a pin on certificate or key makes a certificate good that nobody trusts`(ofKey: Bool) throws {
    try play(
      "pinned \(ofKey)",
      [
        "Given: Upstream.TLS=implicit", "Given: Upstream.CAFile=", "Given: certificate foreign",
        "Given: Upstream.CertificatePin=\(EncryptionTests.certificates.fingerprint("foreign", ofKey: ofKey))",
      ] + opening("TLS:") + message + quit + delivered)
  }

  @Test func `a certificate that is not the pinned one is refused, however good it is`() throws {
    let shown = EncryptionTests.certificates.fingerprint("good").lowercased().filter { $0 != ":" }
    try play(
      "not pinned",
      [
        "Given: Upstream.TLS=implicit", "Given: Upstream.CAFile=", "Given: certificate good",
        "Given: Upstream.CertificatePin=\(EncryptionTests.certificates.fingerprint("foreign"))",
        "TLS: refused", "X:", "To: to@b.example untried", "State: queued 0", "Upstream: held sha256:\(shown) is not one of those expected",
      ])
  }

  @Test func `our certificate is shown to an upstream that demands one, and logs in`() throws {
    let identity = EncryptionTests.certificates.identity("good")
    try play(
      "external",
      [
        "Given: Upstream.TLS=implicit", "Given: Upstream.ClientCertificate=\(identity.certificateFile)",
        "Given: Upstream.ClientKey=\(identity.keyFile)", "Given: Upstream.User=app",
        "Given: demand \(EncryptionTests.certificates.authority)",
      ] + opening("TLS: new", "AUTH PLAIN EXTERNAL") + ["C: AUTH EXTERNAL YXBw", "U: 235 welcome"] + message + quit + delivered)
  }

  @Test func `a certificate alone logs in where EXTERNAL is asked for, and shows itself without a login where not`() throws {
    let identity = EncryptionTests.certificates.identity("good")
    let given = [
      "Given: Upstream.TLS=implicit", "Given: Upstream.ClientCertificate=\(identity.certificateFile)",
      "Given: Upstream.ClientKey=\(identity.keyFile)", "Given: demand \(EncryptionTests.certificates.authority)",
    ]
    try play(
      "external alone",
      given + ["Given: Upstream.Auth=EXTERNAL"] + opening("TLS: new", "AUTH EXTERNAL") + ["C: AUTH EXTERNAL =", "U: 235 welcome"] + message
        + quit + delivered)
    try play("certificate without login", given + opening("TLS: new", "AUTH EXTERNAL") + message + quit + delivered)
  }

  @Test func `an upstream that demands a certificate we lack is held with the remedy`() throws {
    try play(
      "demanded",
      ["Given: Upstream.TLS=implicit", "Given: demand \(EncryptionTests.certificates.authority)", "TLS: refused", "X: anything"]
        + ["To: to@b.example untried", "State: queued 0", "Upstream: held set ClientCertificate and ClientKey"])
  }

  @Test func `a key that others can read is refused with the chmod to run`() throws {
    let identity = EncryptionTests.certificates.identity("good")
    let key = "\(identity.keyFile)-open"
    #expect(unsafe system("cp '\(identity.keyFile)' '\(key)' && chmod 640 '\(key)'") == 0)
    let fault = try fault("open key", certificate: identity.certificateFile, key: key)
    #expect(fault.contains("run: chmod 600 \(key)"), "\(fault)")
  }

  @Test func `a key that does not belong to our certificate is named`() throws {
    let (good, foreign) = (EncryptionTests.certificates.identity("good"), EncryptionTests.certificates.identity("foreign"))
    let fault = try fault("foreign key", certificate: good.certificateFile, key: foreign.keyFile)
    #expect(fault.contains("\"\(foreign.keyFile)\" does not belong to the certificate \"\(good.certificateFile)\""), "\(fault)")
  }

  /// What an operator is told when this is our certificate.
  private func fault(_ name: String, certificate: String, key: String) throws -> String {
    let file = try UpstreamDialogueFile(
      name: name,
      text: """
        Given: Upstream.TLS=implicit
        Given: Upstream.ClientCertificate=\(certificate)
        Given: Upstream.ClientKey=\(key)
        Next:
        """)
    let fault = World.run(name, failed: { Issue.record("\($0)") }) { world in
      try await ScriptedDelivery(file, world).trouble()
    }
    return fault ?? ""
  }
}

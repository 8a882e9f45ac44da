// SPDX-License-Identifier: Apache-2.0
import Glibc
import TLS
import TLSTerms
import Testing

@Suite struct ContextTests {
  let authority = TestAuthority.shared

  private func failure(_ policy: TLSPolicy) -> TLSContextFailure? {
    do {
      _ = try TLSContext(policy)
      return nil
    } catch {
      return error
    }
  }

  @Test func `a file of authorities that is not there is named`() {
    let failure = failure(.client(trust: .file("/nowhere/ca.pem")))
    #expect(failure == .unreadable(file: "/nowhere/ca.pem", number: ENOENT))
    #expect(failure.map { "\($0)" } == "cannot read \"/nowhere/ca.pem\": no such file or directory")
    #expect(failure?.remedy == "correct the path")
  }

  @Test func `a file of authorities without a certificate is refused`() {
    let file = authority.file("nonsense.pem")
    #expect(failure(.client(trust: .file(file))) == .notACertificate(file: file))
    #expect(failure(.client(trust: .file(authority.file("ca.key")))) == .notACertificate(file: authority.file("ca.key")))
  }

  @Test func `a certificate without its key's file is refused`() {
    let identity = TLSIdentity(certificateFile: authority.file("good.pem"), keyFile: "/nowhere/key")
    #expect(failure(.server(identity: identity)) == .unreadable(file: "/nowhere/key", number: ENOENT))
  }

  @Test func `a key of another certificate is refused`() {
    let (certificate, key) = (authority.file("good.pem"), authority.file("expired.key"))
    let failure = failure(.server(identity: TLSIdentity(certificateFile: certificate, keyFile: key)))
    #expect(failure == .keyMismatch(certificateFile: certificate, keyFile: key))
    #expect(failure.map { "\($0)" } == "the private key \"\(key)\" does not belong to the certificate \"\(certificate)\"")
  }

  @Test func `a key of another kind than the certificate's is refused`() {
    let (certificate, key) = (authority.file("good.pem"), authority.file("weak.key"))
    let identity = TLSIdentity(certificateFile: certificate, keyFile: key)
    #expect(failure(.server(identity: identity)) == .keyMismatch(certificateFile: certificate, keyFile: key))
  }

  @Test func `a certificate in the place of a key is refused`() throws {
    let copy = authority.file("good-copy.pem")
    try #require(shell("install -m 600 '\(authority.file("good.pem"))' '\(copy)'") != nil)
    #expect(failure(.server(identity: TLSIdentity(certificateFile: copy, keyFile: copy))) == .notAKey(file: copy))
  }

  @Test func `a key in the place of a certificate is refused`() {
    let key = authority.file("good.key")
    #expect(failure(.server(identity: TLSIdentity(certificateFile: key, keyFile: key))) == .notACertificate(file: key))
  }

  @Test func `a key with a pass phrase is refused without asking for it`() {
    let key = authority.file("locked.key")
    let identity = TLSIdentity(certificateFile: authority.file("good.pem"), keyFile: key)
    #expect(failure(.server(identity: identity)) == .keyIsEncrypted(file: key))
  }

  @Test func `a key that everybody may read is refused with the command to run`() throws {
    let key = authority.file("exposed.key")
    try #require(shell("install -m 644 '\(authority.file("good.key"))' '\(key)'") != nil)
    let failure = failure(.server(identity: TLSIdentity(certificateFile: authority.file("good.pem"), keyFile: key)))
    #expect(failure == .keyIsExposed(file: key))
    #expect(failure?.remedy == "run: chmod o-rwx \(key)")
  }

  @Test func `a certificate with a short key is too weak`() {
    guard case .tooWeak(let file, _) = failure(.server(identity: authority.identity("weak"))) else {
      Issue.record("it was accepted")
      return
    }
    #expect(file == authority.file("weak.pem"))
  }

  @Test func `a server without a certificate is refused`() {
    var policy = authority.server()
    policy.identity = nil
    #expect(failure(policy) == .identityMissing)
  }

  @Test func `connections of one policy share a context until the files are to be read anew`() throws {
    let contexts = TLSContexts()
    let first = try contexts.context(for: authority.client())
    #expect(try contexts.context(for: authority.client()) === first)
    #expect(try contexts.context(for: authority.client(.notRequired)) !== first)
    contexts.forgetAll()
    #expect(try contexts.context(for: authority.client()) !== first)
  }

  @Test func `a failure is not remembered once the file is corrected`() throws {
    let contexts = TLSContexts()
    let file = authority.file("later.pem")
    #expect(throws: TLSContextFailure.self) { _ = try contexts.context(for: .client(trust: .file(file))) }
    try #require(shell("cp '\(authority.file("ca.pem"))' '\(file)'") != nil)
    _ = try contexts.context(for: .client(trust: .file(file)))
  }
}

// SPDX-License-Identifier: Apache-2.0
import Harness
import TLS

/// A certificate for `mail.example.com` made for one test, and both sides' use of it.
struct TestCertificate: Sendable {
  let identity: CertificateAuthority.Identity
  private let authority: CertificateAuthority

  init(_ rig: Rig) throws {
    authority = try CertificateAuthority(rig)
    identity = try authority.issue("mail.example.com", rig)
  }

  /// The server's side.
  func server() throws -> TLSContext {
    try TLSContext(.server(identity: TLSIdentity(certificateFile: identity.certificatePath, keyFile: identity.keyPath)))
  }

  /// A client that trusts it.
  func client() throws -> TLSContext { try TLSContext(.client(trust: .file(authority.certificatePath))) }

  /// The lines of configuration that name it.
  var settings: String { "[Listen]\nCertificateFile=\(identity.certificatePath)\nKeyFile=\(identity.keyPath)\n" }
}

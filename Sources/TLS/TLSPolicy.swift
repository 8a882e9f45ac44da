// SPDX-License-Identifier: Apache-2.0
package import TLSTerms

/// How TLS is to be spoken on a connection: everything that decides whom we trust, as one comparable value.
///
/// Two connections may share a context, and one may resume the other's session, only if their policies are equal; that is why nothing that
/// matters may stand outside of it. Files are named, not read: ``TLSContext`` reads them.
package struct TLSPolicy: Hashable, Sendable {
  /// Which side of the handshake is ours.
  package var role: TLSRole
  /// The oldest protocol version that is spoken.
  package var minimumVersion: TLSVersion
  /// Whose signature makes a peer's certificate good.
  package var trust: TLSTrust
  /// What happens when the peer's certificate is not good.
  package var verification: TLSVerification
  /// Our own certificate, which a server must have and a client may have.
  package var identity: TLSIdentity?

  /// What a client asks of an upstream, unless it is told otherwise: TLS 1.2, the system's authorities, a verified host name.
  package static func client(
    minimumVersion: TLSVersion = .tls12, trust: TLSTrust = .system, verification: TLSVerification = .required, identity: TLSIdentity? = nil
  ) -> TLSPolicy {
    TLSPolicy(role: .client, minimumVersion: minimumVersion, trust: trust, verification: verification, identity: identity)
  }

  /// What a listener speaks: it shows its certificate, and asks for none unless it is told whose clients to let in.
  package static func server(identity: TLSIdentity, minimumVersion: TLSVersion = .tls12, clientsSignedBy trust: TLSTrust? = nil)
    -> TLSPolicy
  {
    TLSPolicy(
      role: .server, minimumVersion: minimumVersion, trust: trust ?? .system, verification: trust == nil ? .notRequired : .required,
      identity: identity)
  }
}

extension TLSPolicy {
  /// The certificates that alone are good, if the policy names some.
  var pins: Set<CertificateFingerprint>? {
    switch trust {
    case .pinned(let pins): pins
    case .system, .file: nil
    }
  }
}

/// A version of the protocol that may still be spoken (RFC 8996 ended the older ones).
package enum TLSVersion: Hashable, Sendable {
  /// RFC 5246.
  case tls12
  /// RFC 8446.
  case tls13
}

/// Whose signature makes a certificate good.
package enum TLSTrust: Hashable, Sendable {
  /// The authorities of the operating system (or of `SSL_CERT_FILE` and `SSL_CERT_DIR`).
  case system
  /// Only the certificates in this PEM file; each of them is an anchor, whether it is a root or not.
  case file(String)
  /// Nobody: the server must show one of these very certificates, or one with such a key. Names, dates and issuers then say nothing more.
  case pinned(Set<CertificateFingerprint>)
}

/// What happens when the peer's certificate is not good.
package enum TLSVerification: Hashable, Sendable {
  /// The handshake fails.
  case required
  /// The handshake goes on, and the session tells why it should not have.
  case notRequired
}

/// Our own certificate and its private key, as PEM files.
package struct TLSIdentity: Hashable, Sendable {
  /// The certificate, followed by the intermediate ones.
  package var certificateFile: String
  /// The private key, without a pass phrase.
  package var keyFile: String

  /// An identity from its two files, which may be the same one.
  package init(certificateFile: String, keyFile: String) {
    self.certificateFile = certificateFile
    self.keyFile = keyFile
  }
}

// SPDX-License-Identifier: Apache-2.0
package import Timekeeping

/// Why a TLS session could not begin or go on, precise enough for an operator to act without a packet capture.
package enum TLSFailure: Error, Hashable, Sendable {
  /// The chain ends at an issuer that is not among the trusted ones.
  case untrustedIssuer(issuer: String)
  /// The certificate is signed by nobody but itself.
  case selfSigned(subject: String)
  /// A certificate of the chain is past its time.
  case expired(subject: String, since: WallTime)
  /// The time of a certificate of the chain has not come.
  case notYetValid(subject: String, until: WallTime)
  /// The certificate is good, but for others than the host we meant.
  case hostNameMismatch(expected: String, names: [String])
  /// The certificate is none of those that the policy names; its fingerprint.
  case notPinned(CertificateFingerprint)
  /// Another fault of the peer's certificate, in OpenSSL's words.
  case badCertificate(subject: String, reason: String)
  /// The peer broke off.
  case refused(TLSAlert)
  /// The peer speaks only versions older than the policy allows.
  case protocolTooOld
  /// Both sides want TLS, but share no way of speaking it.
  case nothingInCommon(reason: String)
  /// The peer sends text where TLS was expected; the beginning of it, printable.
  case plainText(from: TLSRole, excerpt: String)
  /// The connection ended without close_notify; somebody may have cut it.
  case truncated(TLSPhase)
  /// A record was altered on the way.
  case damaged
  /// The peer breaks the protocol in another way, in OpenSSL's words.
  case malformed(reason: String)

  /// Whether the peer's certificate is at fault, which `Verify=no` would let pass.
  package var isAboutCertificate: Bool {
    switch self {
    case .untrustedIssuer, .selfSigned, .expired, .notYetValid, .hostNameMismatch, .notPinned, .badCertificate: true
    case .refused, .protocolTooOld, .nothingInCommon, .plainText, .truncated, .damaged, .malformed: false
    }
  }

  /// What can be done about it.
  package var remedy: String {
    switch self {
    case .untrustedIssuer:
      "set Upstream.CAFile= to the issuer's PEM file, or install ca-certificates if the issuer is a public one; "
        + "Verify=no only if you know why the server cannot be verified"
    case .selfSigned:
      "set Upstream.CAFile= to a copy of this certificate that you obtained safely; Verify=no only if the path to the server is trusted"
    case .expired: "the server's administrator must renew the certificate; check this machine's clock too"
    case .notYetValid: "check this machine's clock; if it is right, the server's certificate was made for later"
    case .hostNameMismatch(_, let names):
      names.isEmpty
        ? "the server needs a certificate with a DNS name (subjectAltName) for this host"
        : "set Upstream.Host= to one of the names in the certificate if that is the server you mean"
    case .notPinned(let fingerprint):
      "if the server's administrator confirms the new certificate, set Upstream.CertificatePin=\(fingerprint)"
    case .badCertificate: "the server's administrator must replace the certificate"
    case .refused(let alert): alert.remedy
    case .protocolTooOld: "let the peer speak TLS 1.2 or 1.3; older versions are broken and not spoken here"
    case .nothingInCommon: "let the peer allow current ciphers and keys; look at the OpenSSL configuration of this machine too"
    case .plainText(let role, let excerpt): TLSFailure.remedy(forPlainTextFrom: role, excerpt)
    case .truncated(.handshake): "look whether the peer demands a certificate or limits connections; a firewall in between may cut TLS"
    case .truncated(.traffic): "nothing that came without its end may be used; the attempt is repeated"
    case .damaged: "look for a proxy or firewall that alters the connection"
    case .malformed: "make sure that Upstream.Host= and Port= name a mail server that speaks TLS"
    }
  }

  private static func remedy(forPlainTextFrom role: TLSRole, _ excerpt: String) -> String {
    if role == .client { return "let the client use STARTTLS, or no TLS, on this listener" }
    if excerpt.hasPrefix("HTTP") || excerpt.hasPrefix("<") { return "this is a web server: correct Upstream.Host= and Port=" }
    return "use TLS=starttls (usual on ports 25 and 587), or Port=465 with TLS=implicit"
  }
}

/// How far a session had come.
package enum TLSPhase: Hashable, Sendable {
  /// Keys were being agreed.
  case handshake
  /// The handshake was complete.
  case traffic
}

extension TLSFailure: CustomStringConvertible {
  package var description: String {
    switch self {
    case .untrustedIssuer(let issuer): "the certificate is signed by \"\(issuer)\", which is not trusted"
    case .selfSigned(let subject): "the certificate \"\(subject)\" is self-signed and not trusted"
    case .expired(let subject, let time): "the certificate \"\(subject)\" expired at \(CivilTime(time).iso8601)"
    case .notYetValid(let subject, let time): "the certificate \"\(subject)\" is not valid before \(CivilTime(time).iso8601)"
    case .hostNameMismatch(let expected, let names): "the certificate is not for \"\(expected)\" but for \(TLSFailure.list(names))"
    case .notPinned(let fingerprint): "the certificate with the fingerprint \(fingerprint) is not one of those expected"
    case .badCertificate(let subject, let reason): "the certificate \"\(subject)\" is not acceptable: \(reason)"
    case .refused(let alert): "the peer refused: \(alert.meaning)"
    case .protocolTooOld: "the peer speaks no TLS version that is new enough"
    case .nothingInCommon(let reason): "no common way of speaking TLS: \(reason)"
    case .plainText(.server, let excerpt): "the server speaks plain text on this port (\"\(excerpt)\")"
    case .plainText(.client, let excerpt): "the client speaks plain text where TLS is expected (\"\(excerpt)\")"
    case .truncated(.handshake): "the peer hung up during the TLS handshake"
    case .truncated(.traffic): "the connection was cut without TLS's close_notify"
    case .damaged: "a TLS record was altered on its way"
    case .malformed(let reason): "the peer does not keep to TLS: \(reason)"
    }
  }

  private static func list(_ names: [String]) -> String {
    guard let last = names.last else { return "no host at all (it has no DNS name)" }
    let quoted = names.dropLast().map { "\"\($0)\"" }
    return quoted.isEmpty ? "\"\(last)\"" : quoted.joined(separator: ", ") + " and \"\(last)\""
  }
}

// SPDX-License-Identifier: Apache-2.0
internal import COpenSSL
internal import TLSTerms

/// OpenSSL's codes turned into failures that name what happened.
extension TLSFailure {
  /// What is wrong with a certificate, by the code of the check (`X509_V_ERR_…`), the certificate it stumbled over and the peer's own.
  static func ofCertificate(code: Int, offender: PeerCertificate?, leaf: PeerCertificate?, expected: String?) -> TLSFailure {
    let subject = offender?.subject ?? leaf?.subject ?? "unknown"
    switch Int32(truncatingIfNeeded: code) {
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY,
      X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE, X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN, X509_V_ERR_CERT_UNTRUSTED:
      return .untrustedIssuer(issuer: offender?.issuer ?? leaf?.issuer ?? "unknown")
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
      return .selfSigned(subject: subject)
    case X509_V_ERR_CERT_HAS_EXPIRED:
      guard let offender else { break }
      return .expired(subject: subject, since: offender.notAfter)
    case X509_V_ERR_CERT_NOT_YET_VALID:
      guard let offender else { break }
      return .notYetValid(subject: subject, until: offender.notBefore)
    case X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH:
      return .hostNameMismatch(expected: expected ?? "unknown", names: leaf?.names ?? [])
    default: break
    }
    // The text is a constant of the library.
    let reason = unsafe X509_verify_cert_error_string(code).map { unsafe String(cString: $0) } ?? "error \(code)"
    return .badCertificate(subject: subject, reason: reason)
  }

  /// What is wrong with the conversation, by OpenSSL's list of errors.
  static func ofConversation(_ error: LibraryError, phase: TLSPhase) -> TLSFailure {
    guard error.isOfTLS else { return .malformed(reason: error.text) }
    let reason = error.reason
    if reason > alertOffset, reason <= alertOffset + 255 {
      let alert = TLSAlert(number: UInt8(reason - alertOffset))
      return alert.number == 70 ? .protocolTooOld : .refused(alert)
    }
    if tooOldReasons.contains(reason) { return .protocolTooOld }
    if disagreementReasons.contains(reason) { return .nothingInCommon(reason: error.text) }
    if reason == SSL_R_UNEXPECTED_EOF_WHILE_READING { return .truncated(phase) }
    if reason == SSL_R_DECRYPTION_FAILED_OR_BAD_RECORD_MAC || reason == SSL_R_BAD_RECORD_TYPE && phase == .traffic { return .damaged }
    return .malformed(reason: error.text)
  }

  /// Alerts of the peer appear as reasons from here on.
  private static let alertOffset = SSL_AD_REASON_OFFSET

  private static let tooOldReasons = [SSL_R_UNSUPPORTED_PROTOCOL, SSL_R_VERSION_TOO_LOW, SSL_R_WRONG_SSL_VERSION, SSL_R_UNKNOWN_PROTOCOL]

  private static let disagreementReasons = [
    SSL_R_NO_SHARED_CIPHER, SSL_R_NO_SUITABLE_KEY_SHARE, SSL_R_NO_SUITABLE_SIGNATURE_ALGORITHM, SSL_R_NO_SHARED_SIGNATURE_ALGORITHMS,
    SSL_R_NO_SHARED_GROUPS, SSL_R_NO_CIPHERS_AVAILABLE, SSL_R_DH_KEY_TOO_SMALL, SSL_R_WRONG_SIGNATURE_TYPE, SSL_R_BAD_SIGNATURE,
    SSL_R_NO_PROTOCOLS_AVAILABLE,
  ]
}

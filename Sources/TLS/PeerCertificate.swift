// SPDX-License-Identifier: Apache-2.0
internal import COpenSSL
internal import TLSTerms
internal import Timekeeping

/// A certificate lent by a session: readings for people. Valid while the session is.
@safe struct PeerCertificate {
  private let pointer: OpaquePointer

  init(borrowing pointer: OpaquePointer) { unsafe self.pointer = pointer }

  /// Who it is for, as one printable line.
  var subject: String {
    unsafe text { unsafe copenssl_distinguished_name(X509_get_subject_name(pointer), $0, $1) }
  }

  /// Who signed it, as one printable line.
  var issuer: String {
    unsafe text { unsafe copenssl_distinguished_name(X509_get_issuer_name(pointer), $0, $1) }
  }

  /// The DNS names and addresses it is for, as many as a message can hold.
  var names: [String] {
    let lines = unsafe text { _ = unsafe copenssl_names(pointer, $0, $1) }
    return lines.split(separator: "\n").map(String.init)
  }

  /// When its time begins.
  var notBefore: WallTime { unsafe time(X509_get0_notBefore(pointer)) }

  /// When its time ends.
  var notAfter: WallTime { unsafe time(X509_get0_notAfter(pointer)) }

  /// The hash that binds an authentication to this certificate (RFC 5929 §4.1), where one is defined.
  var serverEndPoint: [UInt8]? {
    let hash = unsafe [UInt8](unsafeUninitializedCapacity: Int(EVP_MAX_MD_SIZE)) { buffer, count in
      unsafe count = copenssl_server_end_point(pointer, buffer.baseAddress, buffer.count)
    }
    return hash.isEmpty ? nil : hash
  }

  /// The hash of the whole certificate.
  var fingerprint: CertificateFingerprint? {
    let hash = unsafe [UInt8](unsafeUninitializedCapacity: CertificateFingerprint.length) { buffer, count in
      var length: UInt32 = 0
      let isMade = unsafe X509_digest(pointer, EVP_sha256(), buffer.baseAddress, &length) == 1
      count = isMade ? Int(length) : 0
    }
    return CertificateFingerprint(hash)
  }

  /// The hash of its public key with the algorithm it is for (SubjectPublicKeyInfo).
  var keyFingerprint: CertificateFingerprint? {
    let hash = unsafe [UInt8](unsafeUninitializedCapacity: CertificateFingerprint.length) { buffer, count in
      unsafe count = copenssl_key_fingerprint(pointer, buffer.baseAddress, buffer.count)
    }
    return CertificateFingerprint(hash)
  }

  private func time(_ time: UnsafePointer<ASN1_TIME>?) -> WallTime {
    unsafe WallTime(microseconds: copenssl_seconds(time) * 1_000_000)
  }

  /// What `body` writes into 512 bytes, which end with a NUL.
  private func text(_ body: (UnsafeMutablePointer<CChar>, Int) -> Void) -> String {
    unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: 512) { buffer in
      guard let start = buffer.baseAddress else { return "" }
      unsafe start.pointee = 0
      unsafe body(start, buffer.count)
      return unsafe String(cString: start)
    }
  }
}

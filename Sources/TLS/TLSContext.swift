// SPDX-License-Identifier: Apache-2.0
internal import COpenSSL
internal import Glibc
internal import TLSTerms

/// A policy made ready for handshakes: authorities, certificate and key are loaded.
///
/// It costs milliseconds and memory to make, so it is made when the first connection needs it and shared by all of one policy; see
/// ``TLSContexts``. The files are read once: a changed certificate needs a new context.
@safe package final class TLSContext: @unchecked Sendable {
  // Sendable because OpenSSL counts references to a context atomically, and nobody changes it after `init`.

  /// The policy this is the realisation of.
  package let policy: TLSPolicy
  let pointer: OpaquePointer

  /// Reads the files a policy names.
  package convenience init(_ policy: TLSPolicy) throws(TLSContextFailure) {
    try self.init(policy, anchors: TrustAnchors(policy.trust))
  }

  init(_ policy: TLSPolicy, anchors: TrustAnchors) throws(TLSContextFailure) {
    ERR_clear_error()
    let method = unsafe policy.role == .client ? TLS_client_method() : TLS_server_method()
    guard let context = unsafe SSL_CTX_new(method) else { throw .library(reason: LibraryError.take().text) }
    self.policy = policy
    unsafe pointer = context
    unsafe copenssl_prepare_context(context, policy.role == .server ? 1 : 0)
    _ = unsafe copenssl_set_min_version(context, policy.minimumVersion == .tls12 ? TLS1_2_VERSION : TLS1_3_VERSION)
    unsafe SSL_CTX_set1_cert_store(context, anchors.pointer)
    // OpenSSL knows no pins: the session compares the certificate before anything else moves.
    if policy.pins != nil { unsafe copenssl_leave_judgement(context) }
    switch policy.verification {
    case .required: unsafe SSL_CTX_set_verify(context, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nil)
    case .notRequired: unsafe SSL_CTX_set_verify(context, SSL_VERIFY_NONE, nil)
    }
    if let identity = policy.identity {
      try load(identity)
    } else if policy.role == .server {
      throw .identityMissing
    }
  }

  deinit { unsafe SSL_CTX_free(pointer) }

  private func load(_ identity: TLSIdentity) throws(TLSContextFailure) {
    try checkReadable(identity.certificateFile)
    if unsafe SSL_CTX_use_certificate_chain_file(pointer, identity.certificateFile) != 1 {
      let error = LibraryError.take()
      let weak = [SSL_R_EE_KEY_TOO_SMALL, SSL_R_CA_KEY_TOO_SMALL, SSL_R_CA_MD_TOO_WEAK]
      if error.isOfTLS, weak.contains(error.reason) { throw .tooWeak(file: identity.certificateFile, reason: error.text) }
      throw .notACertificate(file: identity.certificateFile)
    }
    try checkPrivate(identity.keyFile)
    if unsafe copenssl_use_key(pointer, identity.keyFile) != 1 {
      let error = LibraryError.take()
      // A key of another kind finds no certificate to go with.
      if error.matches(ERR_LIB_X509, X509_R_KEY_VALUES_MISMATCH) || error.matches(ERR_LIB_X509, X509_R_KEY_TYPE_MISMATCH)
        || error.matches(ERR_LIB_SSL, SSL_R_NO_CERTIFICATE_ASSIGNED)
      {
        throw .keyMismatch(certificateFile: identity.certificateFile, keyFile: identity.keyFile)
      }
      throw isEncrypted(identity.keyFile) ? .keyIsEncrypted(file: identity.keyFile) : .notAKey(file: identity.keyFile)
    }
  }

  /// A locked key fails in as many ways as there are formats; its PEM text says it plainly.
  private func isEncrypted(_ file: String) -> Bool {
    guard let stream = unsafe fopen(file, "re") else { return false }
    defer { unsafe fclose(stream) }
    var line = [CChar](repeating: 0, count: 256)
    for _ in 0..<1000 {
      guard unsafe fgets(&line, Int32(line.count), stream) != nil else { return false }
      if unsafe strstr(line, "ENCRYPTED") != nil { return true }
    }
    return false
  }

  private func checkPrivate(_ file: String) throws(TLSContextFailure) {
    try checkReadable(file)
    var status = stat()
    if unsafe stat(file, &status) == 0, status.st_mode & 0o007 != 0 { throw .keyIsExposed(file: file) }
  }
}

/// Whether a file can be opened for reading; OpenSSL's own words about it are poor.
func checkReadable(_ file: String) throws(TLSContextFailure) {
  if unsafe access(file, R_OK) != 0 { throw .unreadable(file: file, number: errno) }
}

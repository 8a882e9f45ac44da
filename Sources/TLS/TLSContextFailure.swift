// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// A TLS policy cannot be put into effect: which file is at fault, why, and what to do.
package enum TLSContextFailure: Error, Hashable, Sendable {
  /// The file cannot be opened; `number` is the kernel's reason.
  case unreadable(file: String, number: Int32)
  /// The file holds no certificate in PEM form.
  case notACertificate(file: String)
  /// The file holds no private key in PEM form.
  case notAKey(file: String)
  /// The private key is locked with a pass phrase, which nobody is there to type.
  case keyIsEncrypted(file: String)
  /// Everybody on the machine may read the private key.
  case keyIsExposed(file: String)
  /// The key is not the one the certificate was made for.
  case keyMismatch(certificateFile: String, keyFile: String)
  /// The certificate's key or signature is too weak for OpenSSL's security level.
  case tooWeak(file: String, reason: String)
  /// A server was asked for without a certificate.
  case identityMissing
  /// OpenSSL has no FIPS module here, in its own words.
  case fipsMissing(reason: String)
  /// OpenSSL refused for another reason, in its own words.
  case library(reason: String)

  /// What can be done about it.
  package var remedy: String {
    switch self {
    case .unreadable(let file, let number) where number == EACCES:
      "let the service's user read \"\(file)\", or hand it over with LoadCredential="
    case .unreadable: "correct the path"
    case .notACertificate: "give a PEM file with a \"BEGIN CERTIFICATE\" line; convert DER with: openssl x509 -inform der"
    case .notAKey: "give a PEM file with a \"BEGIN PRIVATE KEY\" line"
    case .keyIsEncrypted(let file): "remove the pass phrase with: openssl pkey -in \(file)"
    case .keyIsExposed(let file): "run: chmod o-rwx \(file)"
    case .keyMismatch: "give the key that the certificate was requested with"
    case .tooWeak: "use a certificate with an RSA key of at least 2048 bits (or ECDSA) and a SHA-256 signature"
    case .identityMissing: "give both a certificate file and a key file"
    case .fipsMissing: "install OpenSSL's FIPS module and its fipsmodule.cnf, or set FIPS=no"
    case .library: "look at the OpenSSL configuration of this machine"
    }
  }
}

extension TLSContextFailure: CustomStringConvertible {
  package var description: String {
    switch self {
    case .unreadable(let file, let number): "cannot read \"\(file)\": \(words(for: number))"
    case .notACertificate(let file): "\"\(file)\" holds no PEM certificate"
    case .notAKey(let file): "\"\(file)\" holds no PEM private key"
    case .keyIsEncrypted(let file): "the private key \"\(file)\" is locked with a pass phrase"
    case .keyIsExposed(let file): "the private key \"\(file)\" can be read by every user of this machine"
    case .keyMismatch(let certificate, let key): "the private key \"\(key)\" does not belong to the certificate \"\(certificate)\""
    case .tooWeak(let file, let reason): "the certificate \"\(file)\" is too weak: \(reason)"
    case .identityMissing: "a TLS server needs a certificate"
    case .fipsMissing(let reason): "OpenSSL's FIPS module cannot be loaded: \(reason)"
    case .library(let reason): "OpenSSL refused: \(reason)"
    }
  }

  private func words(for number: Int32) -> String {
    var text = [CChar](repeating: 0, count: 128)
    let message = unsafe text.withUnsafeMutableBufferPointer { buffer in
      unsafe strerror_r(number, buffer.baseAddress!, buffer.count) == 0 ? String(cString: buffer.baseAddress!) : "error \(number)"
    }
    return message.prefix(1).lowercased() + message.dropFirst()
  }
}

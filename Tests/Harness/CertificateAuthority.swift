// SPDX-License-Identifier: Apache-2.0

/// A certificate authority made for one test.
package struct CertificateAuthority: Sendable {
  /// Its certificate, for `CAFile=`.
  package let certificatePath: String
  private let keyPath: String

  /// Makes one with openssl(1).
  package init(_ rig: Rig) throws {
    let stem = rig.directory.freshName("authority")
    certificatePath = stem + ".pem"
    keyPath = stem + ".key"
    try rig.output(
      of: "openssl",
      CertificateAuthority.request + [
        "-x509", "-days", "2", "-subj", "/CN=Posthouse test authority", "-keyout", keyPath, "-out", certificatePath,
      ])
  }

  /// A certificate and its key.
  package struct Identity: Sendable {
    /// The certificate, PEM.
    package let certificatePath: String
    /// Its key, PEM.
    package let keyPath: String
  }

  /// Issues a certificate for a host name, a server's unless it is for another use.
  package func issue(_ host: String, _ rig: Rig, use: String = "serverAuth") throws -> Identity {
    let stem = rig.directory.freshName("identity")
    let identity = Identity(certificatePath: stem + ".pem", keyPath: stem + ".key")
    try rig.output(
      of: "openssl",
      CertificateAuthority.request + ["-subj", "/CN=\(host)", "-keyout", identity.keyPath, "-out", stem + ".csr"])
    try Files.write("subjectAltName=DNS:\(host)\nextendedKeyUsage=\(use)\n", to: stem + ".ext")
    try rig.output(
      of: "openssl",
      [
        "x509", "-req", "-in", stem + ".csr", "-CA", certificatePath, "-CAkey", keyPath, "-set_serial",
        "0x\(UInt64.random(in: 1 ... .max / 2))",
        "-days", "2", "-extfile", stem + ".ext", "-out", identity.certificatePath,
      ])
    return identity
  }

  private static let request = ["req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
}

// SPDX-License-Identifier: Apache-2.0
import Glibc
import TLS

/// Certificates for `mx.example.com` made anew for each run of the tests by the `openssl` command.
struct TestCertificates: Sendable {
  /// The ones all tests use; their files are removed when the run ends.
  static let shared = TestCertificates()

  private let directory: String

  private init() {
    var template = Array("/tmp/posthouse-tls-XXXXXX".utf8CString)
    let made = unsafe template.withUnsafeMutableBufferPointer { unsafe mkdtemp($0.baseAddress!) != nil }
    precondition(made, "a temporary directory can be made")
    directory = String(decoding: template.dropLast().map(UInt8.init), as: UTF8.self)
    atexit { _ = unsafe system("rm -rf '\(TestCertificates.shared.directory)'") }
    let status = unsafe system("cd '\(directory)' && (\(TestCertificates.script)) >/dev/null 2>&1")
    precondition(status == 0, "the openssl command makes certificates; is it installed?")
  }

  /// The authority that signs all but the foreign one.
  var authority: String { "\(directory)/ca.pem" }

  /// A certificate with its key.
  func identity(_ name: String) -> TLSIdentity {
    TLSIdentity(certificateFile: "\(directory)/\(name).pem", keyFile: "\(directory)/\(name).key")
  }

  /// The fingerprint of a certificate, or of its key, as people get it from openssl(1).
  func fingerprint(_ name: String, ofKey: Bool = false) -> String {
    let command =
      ofKey
      ? "openssl x509 -pubkey -noout -in \(name).pem | openssl pkey -pubin -outform der | openssl dgst -sha256 -r | cut -c1-64"
      : "openssl x509 -noout -fingerprint -sha256 -in \(name).pem | cut -d= -f2"
    let output = "\(directory)/fingerprint-\(UInt64.random(in: 0 ... .max))"
    _ = unsafe system("cd '\(directory)' && (\(command)) > \(output)")
    guard let file = unsafe fopen(output, "r") else { return "" }
    defer { unsafe fclose(file) }
    var line = [CChar](repeating: 0, count: 256)
    guard unsafe fgets(&line, 256, file) != nil else { return "" }
    return String(decoding: line.prefix { $0 > 0x20 }.map(UInt8.init), as: UTF8.self)
  }

  private static let script = #"""
    set -e
    curve='-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes'
    printf '%s\n' '[ca]' default_ca=d '[d]' database=index.txt rand_serial=yes default_md=sha256 policy=p new_certs_dir=. \
      unique_subject=no '[p]' commonName=supplied > ca.cnf
    : > index.txt
    authority() { openssl req -x509 $curve -keyout $1.key -out $1.pem -days 3650 -subj "/CN=$2" -addext keyUsage=keyCertSign; }
    issue() {
      openssl req $curve -keyout $1.key -out $1.csr -subj "/CN=$1"
      printf "subjectAltName=DNS:$2\n" > $1.ext
      openssl ca -batch -notext -config ca.cnf -cert $4.pem -keyfile $4.key -in $1.csr -out $1.pem -extfile $1.ext \
        -startdate 20200101000000Z -enddate $3
    }
    authority ca 'Test Authority'
    authority other 'Other Authority'
    issue good mx.example.com 20990203040506Z ca
    issue expired mx.example.com 20210203040506Z ca
    issue elsewhere mx.example.net 20990101000000Z ca
    issue foreign mx.example.com 20990101000000Z other
    """#
}

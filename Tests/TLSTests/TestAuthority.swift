// SPDX-License-Identifier: Apache-2.0
import Glibc
import TLS

/// Certificates made anew for each run of the tests by the `openssl` command: an authority and what it signs.
struct TestAuthority: Sendable {
  /// The one all tests use; its files are removed when the run ends.
  static let shared = TestAuthority()

  private let directory: TemporaryDirectory

  private init() {
    directory = TemporaryDirectory()
    atexit { TestAuthority.shared.directory.remove() }
    let made = shell("cd '\(directory.path)' && \(TestAuthority.script)")
    precondition(made != nil, "the openssl command makes certificates; is it installed?")
  }

  /// The path of a file that was made.
  func file(_ name: String) -> String { "\(directory.path)/\(name)" }

  /// A certificate and key that were made.
  func identity(_ name: String) -> TLSIdentity {
    TLSIdentity(certificateFile: file("\(name).pem"), keyFile: file("\(name).key"))
  }

  /// A client that trusts the authority.
  func client(_ verification: TLSVerification = .required, identity: TLSIdentity? = nil) -> TLSPolicy {
    .client(trust: .file(file("ca.pem")), verification: verification, identity: identity)
  }

  /// The fingerprint of a certificate, as the command shows it.
  func fingerprint(_ name: String) -> String {
    let shown = shell("openssl x509 -in '\(file("\(name).pem"))' -noout -fingerprint -sha256") ?? ""
    return String(shown.split(separator: "=").last?.dropLast() ?? "")
  }

  /// A server with one of the certificates.
  func server(_ name: String = "good") -> TLSPolicy { .server(identity: identity(name)) }

  private static let script = #"""
    set -e
    curve='-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes'
    printf '%s\n' '[ca]' default_ca=d '[d]' database=index.txt rand_serial=yes default_md=sha256 policy=p new_certs_dir=. \
      unique_subject=no '[p]' commonName=supplied > ca.cnf
    : > index.txt
    authority() { openssl req -x509 $curve -keyout $1.key -out $1.pem -days 3650 -subj "/CN=$2" -addext keyUsage=keyCertSign 2>/dev/null; }
    issue() {
      openssl req $curve -keyout $1.key -out $1.csr -subj "/CN=$1" 2>/dev/null
      printf "$2\n" > $1.ext
      openssl ca -batch -notext -config ca.cnf -cert $5.pem -keyfile $5.key -in $1.csr -out $1.pem -extfile $1.ext \
        -startdate $3 -enddate $4 2>/dev/null
    }
    host='subjectAltName=DNS:mail.example.com,IP:192.0.2.7,IP:2001:db8::7'
    authority ca 'Test Authority'
    authority other 'Other Authority'
    issue good "$host" 20200101000000Z 20990203040506Z ca
    issue expired "$host" 20200101000000Z 20210203040506Z ca
    issue early "$host" 20980101000000Z 20990101000000Z ca
    issue elsewhere 'subjectAltName=DNS:a.example.net,DNS:*.example.org' 20200101000000Z 20990101000000Z ca
    issue nameless 'basicConstraints=CA:false' 20200101000000Z 20990101000000Z ca
    issue foreign "$host" 20200101000000Z 20990101000000Z other
    issue clientonly "$host\nextendedKeyUsage=clientAuth" 20200101000000Z 20990101000000Z ca
    issue middle 'basicConstraints=critical,CA:true\nkeyUsage=keyCertSign' 20200101000000Z 20990101000000Z ca
    issue below "$host" 20200101000000Z 20990101000000Z middle
    cat below.pem middle.pem > chained.pem; cp below.key chained.key
    openssl req -x509 $curve -keyout selfsigned.key -out selfsigned.pem -days 3650 -subj /CN=selfsigned -addext "$host" 2>/dev/null
    openssl pkey -in good.key -aes128 -passout pass:x -out locked.key
    echo 'no certificate at all' > nonsense.pem
    openssl req -x509 -newkey rsa:1024 -nodes -keyout weak.key -out weak.pem -days 3650 -subj /CN=weak -addext "$host" 2>/dev/null
    chmod 600 *.key
    """#
}

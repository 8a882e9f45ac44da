// SPDX-License-Identifier: Apache-2.0
package import Octets

/// What `[Upstream]` says about single connections: which way they take, how long each step may last, and when they are renewed.
package struct ConnectionSettings: Equatable, Sendable {
  /// Our own addresses to connect from, at most one of each family; empty lets the kernel choose.
  package internal(set) var sources: [IPAddress] = []
  /// The proxy that leads to the upstream; nil goes there directly.
  package internal(set) var proxy: ProxyAddress?
  /// A file that holds the password for the proxy.
  package internal(set) var proxyPasswordFile: FilePath?
  /// Hashes of the certificates or keys that alone are good; empty leaves that to the authorities.
  package internal(set) var pins: [CertificatePin] = []
  /// Our own certificate.
  package internal(set) var certificate: FilePath?
  /// The key of our certificate; nil when it is in the same file.
  package internal(set) var writtenKey: FilePath?
  /// The oldest version of TLS that is spoken.
  package internal(set) var minimumVersion = MinimumTLSVersion.tls12
  /// How long before its end the upstream's certificate is warned about; zero never does.
  package internal(set) var certificateWarning: Duration = .seconds(14 * 86_400)
  /// Age after which a connection takes no more mail.
  package internal(set) var maxAge: Duration = .seconds(600)
  /// How long it may take to greet; nil is as long as any command.
  package internal(set) var greetingTimeout: Duration?
  /// How long it may take to answer MAIL; nil is as long as any command.
  package internal(set) var mailTimeout: Duration?
  /// How long it may take to answer RCPT; nil is as long as any command.
  package internal(set) var recipientTimeout: Duration?
  /// How long it may take to answer DATA; nil is two minutes, or as long as any command if that is less.
  package internal(set) var dataCommandTimeout: Duration?

  /// The file that holds the key of our certificate.
  package var key: FilePath? { writtenKey ?? certificate }
}

// SPDX-License-Identifier: Apache-2.0
internal import Octets

/// The rows of `[Upstream]` that are about single connections.
enum ConnectionTable {
  /// Which way a connection takes, and how long each step may last.
  static let rows: [Setting] = [
    Setting(
      "Upstream.SourceAddress", \.upstream.connection.sources, .onReload, unset: "chosen by the system",
      "The address of this machine to connect from; one for IPv4, one for IPv6, or both. With only one of them the upstream's addresses "
        + "of the other family are not used."),
    Setting(
      "Upstream.Proxy", \.upstream.connection.proxy, .onReload, unset: "none",
      "A proxy that leads to the upstream: socks5://HOST:PORT or http://HOST:PORT (CONNECT), with USER:PASSWORD@ before the host where it "
        + "wants a login; characters such as @ or / are written as %40 or %2F. The proxy looks the upstream's name up. A login at the "
        + "proxy goes in clear."),
    Setting(
      "Upstream.ProxyPasswordFile", \.upstream.connection.proxyPasswordFile, .onReload, unset: "none",
      "A file that holds the password for the proxy, with the same rules as PasswordFile=; the user stands in Proxy=."),
    Setting(
      "Upstream.CertificatePin", \.upstream.connection.pins, .onReload, unset: "none",
      "The SHA-256 fingerprints of the certificates, or of their public keys, that alone are good. They take the place of authorities, "
        + "names and dates: none of these is looked at any more. A pin on the key outlives a renewed certificate; name the next one beside "
        + "it before it is changed. openssl x509 -pubkey -noout -in FILE | openssl pkey -pubin -outform der | openssl dgst -sha256 shows "
        + "that of a key."),
    Setting(
      "Upstream.ClientCertificate", \.upstream.connection.certificate, .onReload, unset: "none",
      "A PEM file with the certificate to show to the upstream, followed by the intermediate ones. With User= and no password, or with "
        + "Auth=EXTERNAL, it is what logs in."),
    Setting(
      "Upstream.ClientKey", \.upstream.connection.writtenKey, .onReload, unset: "in the file of the certificate",
      "A PEM file with the private key of ClientCertificate=, without a pass phrase. It must belong to the user of the service, or to "
        + "root where the service can read it; group and others must have no access to it."),
    Setting(
      "Upstream.MinimumVersion", \.upstream.connection.minimumVersion, .onReload,
      "The oldest version of TLS that is spoken with the upstream: 1.2 or 1.3."),
    Setting(
      "Upstream.CertificateWarning", \.upstream.connection.certificateWarning, .zero ... .seconds(365 * 86_400), .onReload,
      "How long before the upstream's certificate expires log and status begin to say so; 0 never does."),
    Setting(
      "Upstream.ConnectionAge", \.upstream.connection.maxAge, .seconds(1) ... .seconds(86_400), .onReload,
      "How old a connection may grow; an older one takes no more mail and is closed. Large providers replace their servers often."),
    Setting(
      "Upstream.GreetingTimeout", \.upstream.connection.greetingTimeout, .seconds(1) ... .seconds(3600), .onReload,
      unset: "CommandTimeout=", "How long the upstream may take to greet. RFC 5321 asks for five minutes."),
    Setting(
      "Upstream.MailTimeout", \.upstream.connection.mailTimeout, .seconds(1) ... .seconds(3600), .onReload,
      unset: "CommandTimeout=", "How long the upstream may take to answer MAIL. RFC 5321 asks for five minutes."),
    Setting(
      "Upstream.RecipientTimeout", \.upstream.connection.recipientTimeout, .seconds(1) ... .seconds(3600), .onReload,
      unset: "CommandTimeout=", "How long the upstream may take to answer each RCPT. RFC 5321 asks for five minutes."),
    Setting(
      "Upstream.DataCommandTimeout", \.upstream.connection.dataCommandTimeout, .seconds(1) ... .seconds(3600), .onReload,
      unset: "2min, or CommandTimeout= if that is less", "How long the upstream may take to answer DATA. RFC 5321 asks for two minutes."),
  ]
}

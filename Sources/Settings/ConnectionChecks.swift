// SPDX-License-Identifier: Apache-2.0
internal import Octets

/// What settings about single connections say against each other.
extension SettingsChecks {
  /// Checks the way that connections of one upstream take.
  mutating func checkConnection() {
    checkSources()
    checkProxy()
    checkPins()
    checkClientCertificate()
    checkValidatedCryptography()
  }

  private mutating func checkProxy() {
    guard areReadable("Upstream.Proxy", "Upstream.ProxyPasswordFile") else { return }
    let connection = settings.upstream.connection
    guard connection.proxyPasswordFile != nil else { return }
    if connection.proxy?.user == nil {
      refuse(
        "Upstream.ProxyPasswordFile",
        "Upstream.ProxyPasswordFile is set without a user; write Proxy=socks5://user@host:port, or take the file away")
    } else if connection.proxy?.password != nil {
      refuse("Upstream.ProxyPasswordFile", "Upstream.ProxyPasswordFile is set although Upstream.Proxy has a password; keep one of them")
    }
  }

  private mutating func checkPins() {
    guard areReadable("Upstream.CertificatePin", "Upstream.Verify", "Upstream.TLS", "Upstream.CAFile") else { return }
    let upstream = settings.upstream
    guard !upstream.connection.pins.isEmpty else { return }
    if upstream.verification == .off {
      refuse("Upstream.CertificatePin", "Upstream.CertificatePin is not looked at with Upstream.Verify=no; take Verify=no away")
    }
    switch upstream.tls {
    case .starttls, .implicit: break
    case .opportunistic, .none:
      refuse(
        "Upstream.CertificatePin",
        "Upstream.CertificatePin is not looked at with Upstream.TLS \"\(upstream.tls.rawValue)\"; use starttls or implicit")
    }
    if upstream.caFile != nil {
      refuse("Upstream.CAFile", "Upstream.CAFile has no effect beside Upstream.CertificatePin, which takes its place; keep one of them")
    }
  }

  private mutating func checkClientCertificate() {
    guard areReadable("Upstream.ClientCertificate", "Upstream.ClientKey", "Upstream.Auth", "Upstream.TLS") else { return }
    let upstream = settings.upstream
    guard upstream.connection.certificate != nil else {
      if upstream.connection.writtenKey != nil {
        refuse("Upstream.ClientKey", "Upstream.ClientKey is set without a certificate; set ClientCertificate= under [Upstream]")
      }
      if upstream.mechanisms == [.external] {
        refuse("Upstream.Auth", "Upstream.Auth \"EXTERNAL\" logs in with a certificate; set ClientCertificate= under [Upstream]")
      }
      return
    }
    if upstream.tls == .none {
      refuse(
        "Upstream.ClientCertificate",
        "Upstream.ClientCertificate has no effect with Upstream.TLS \"none\"; use starttls or implicit, or take the certificate away")
    }
  }

  private mutating func checkValidatedCryptography() {
    guard areReadable("Upstream.Verify", "Relay.FIPS"), settings.relay.fips, settings.upstream.verification == .off else { return }
    refuse(
      "Upstream.Verify",
      "Upstream.Verify=no cannot be together with Relay.FIPS=yes, which is worth nothing towards a peer nobody knows; take one of them away"
    )
  }

  private mutating func checkSources() {
    guard areReadable("Upstream.SourceAddress", "Upstream.Host") else { return }
    let sources = settings.upstream.connection.sources
    for source in sources where source.isUnspecified {
      refuse(
        "Upstream.SourceAddress", "Upstream.SourceAddress \"\(source)\" is no address of a machine; take it away to let the system choose")
    }
    for isIPv4 in [true, false] {
      let twins = sources.filter { $0.isIPv4 == isIPv4 }
      guard twins.count > 1 else { continue }
      let family = isIPv4 ? "IPv4" : "IPv6"
      refuse(
        "Upstream.SourceAddress",
        "Upstream.SourceAddress \"\(twins[1])\" is a second \(family) address beside \"\(twins[0])\"; name one of each family")
    }
    if case .address(let host) = settings.upstream.host, settings.upstream.connection.proxy == nil, !sources.isEmpty,
      !sources.contains(where: { $0.isIPv4 == host.isIPv4 })
    {
      refuse(
        "Upstream.SourceAddress",
        "Upstream.SourceAddress \"\(sources[0])\" cannot reach Upstream.Host \"\(host)\", which is of the other family; "
          + "name a source address of its family")
    }
  }
}

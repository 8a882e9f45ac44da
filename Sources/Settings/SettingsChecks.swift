// SPDX-License-Identifier: Apache-2.0
internal import Octets

/// What no single setting shows: contradictions between settings, and combinations that are allowed but should worry somebody.
///
/// A rule is passed over when one of the settings it speaks about was refused already: one mistake, one complaint.
struct SettingsChecks {
  private(set) var errors: [SettingsError] = []
  private(set) var warnings: [String] = []

  let settings: RelaySettings
  private let refusedKeys: Set<String>
  private let mainFile: String?

  init(_ settings: RelaySettings, refusedKeys: Set<String>, mainFile: String?) {
    self.settings = settings
    self.refusedKeys = refusedKeys
    self.mainFile = mainFile
  }

  /// Checks what stands in sections without a name.
  mutating func run() {
    checkHostname()
    checkListeners()
    checkCertificate()
    checkPassword()
    checkProtection()
    checkLoop()
    checkRetry()
    checkBounce()
    checkSockets()
  }

  /// Checks the upstream of a section with a name, which stands where the one without a name would.
  mutating func runForUpstream() {
    if areReadable("Upstream.Host"), settings.upstream.host == nil {
      refuse("Upstream", "[Upstream \"\(settings.upstream.name)\"] has no host; write Host=smtp.example.com under it")
    }
    checkPassword()
    checkProtection()
    checkLoop()
  }

  /// Checks what sections say about each other.
  mutating func runTogether() {
    checkUpstreamHost()
    let names = Set(settings.upstreams.map(\.name))
    for route in settings.routes {
      for upstream in route.upstreams where !names.contains(upstream.name) {
        let known = names.sorted().joined(separator: ", ")
        refuse(
          "Route \"\(route.name)\".Upstreams",
          "Route \"\(route.name)\".Upstreams \"\(upstream.name)\" is no upstream; there are \(known.isEmpty ? "none" : known)")
      }
    }
    let routed = Set(settings.routes.flatMap(\.upstreams).map(\.name))
    let isWholeRouted = settings.routes.contains { $0.takesAll && !$0.upstreams.isEmpty }
    if !names.isEmpty, routed.isSuperset(of: names), !isWholeRouted {
      let text = "every upstream belongs to a route, so mail that no route fits has no way out; "
      refuse(
        "Route \"\(settings.routes[0].name)\".Upstreams",
        text + "end with a [Route \"rest\"] that has Upstreams= and no conditions, or take the name of one upstream out of the routes")
    }
  }

  private mutating func checkHostname() {
    guard areReadable("Relay.Hostname"), HostName(settings.hostname)?.isQualified != true else { return }
    warn(
      "Relay.Hostname",
      "the house greets as \"\(settings.hostname)\", which is not a full name, and some upstreams refuse that; set Hostname= under [Relay]")
  }

  private mutating func checkListeners() {
    guard areReadable("Listen.Address", "Listen.TLSAddress", "Listen.Networks") else { return }
    let listen = settings.listen
    let open = listen.everyAddress.filter { !$0.isLocal }
    if let first = open.first, listen.networks.isEmpty {
      let key = listen.addresses.contains(first) ? "Listen.Address" : "Listen.TLSAddress"
      refuse(
        key,
        "\(key) \"\(first)\" can be reached from other machines, and nobody is named who may use it; "
          + "set Networks= under [Listen] to those who may, or listen on 127.0.0.1 and [::1]")
    }
    if open.isEmpty, !listen.networks.isEmpty {
      warn("Listen.Networks", "Listen.Networks has no effect, because no listening address can be reached from other machines")
    }
    for network in listen.networks where network.isEverything {
      refuse(
        "Listen.Networks",
        "Listen.Networks \"\(network.text)\" would let everybody who can reach this machine send mail; name the networks that may")
    }
  }

  private mutating func checkCertificate() {
    guard areReadable("Listen.CertificateFile", "Listen.KeyFile", "Listen.TLSAddress", "Listen.Address", "Listen.StartTLS") else { return }
    let listen = settings.listen
    if listen.certificateFile != nil, listen.keyFile == nil {
      refuse("Listen.CertificateFile", "Listen.CertificateFile is set without its private key; set KeyFile= under [Listen]")
    }
    if listen.certificateFile == nil, listen.keyFile != nil {
      refuse("Listen.KeyFile", "Listen.KeyFile is set without a certificate; set CertificateFile= under [Listen]")
    }
    for address in listen.tlsAddresses where listen.addresses.contains(address) && !address.takesAnyPort {
      refuse("Listen.TLSAddress", "Listen.TLSAddress \"\(address)\" is in Listen.Address too; keep it in one of them")
    }
    guard listen.certificateFile == nil, listen.keyFile == nil else { return }
    let remedy = "there is no certificate; set CertificateFile= and KeyFile= under [Listen]"
    if let first = listen.tlsAddresses.first {
      refuse("Listen.TLSAddress", "Listen.TLSAddress \"\(first)\" cannot speak TLS, because \(remedy)")
    }
    if listen.startTLS == .required {
      refuse("Listen.StartTLS", "Listen.StartTLS \"required\" would shut out every other machine, because \(remedy)")
    }
  }

  private mutating func checkUpstreamHost() {
    guard areReadable("Upstream.Host"), settings.upstream.host == nil else { return }
    if !settings.namedUpstreams.isEmpty {
      guard let key = settings.origins.keys.filter({ $0.hasPrefix("Upstream.") }).sorted().first else { return }
      return refuse(key, "\(key) is set although [Upstream] has no Host=; set that too, or move this line under an [Upstream \"NAME\"]")
    }
    let origin = mainFile.map { SettingOrigin.file($0) } ?? .environment("POSTHOUSE_UPSTREAM_HOST")
    let text =
      "Upstream.Host is not set; write Host=smtp.example.com under [Upstream], or Host=capture:/directory to keep all mail on this machine"
    errors.append(SettingsError(origin, text))
  }

  private mutating func checkPassword() {
    let upstream = settings.upstream
    let sources: [(String, Bool)] = [
      ("Upstream.Password", upstream.password != nil), ("Upstream.PasswordFile", upstream.passwordFile != nil),
      ("Upstream.PasswordCredential", upstream.passwordCredential != nil), ("Upstream.PasswordCommand", upstream.passwordCommand != nil),
      ("Upstream.TokenFile", upstream.tokenFile != nil), ("Upstream.TokenCommand", upstream.tokenCommand != nil),
    ]
    guard areReadable("Upstream.User"), sources.allSatisfy({ areReadable($0.0) }) else { return }
    let set = sources.filter(\.1).map(\.0)
    for key in set.dropFirst() {
      refuse(key, "\(key) is set although \(set[0]) is too (\(origin(of: set[0]))); keep one of them")
    }
    if upstream.user != nil, set.isEmpty {
      refuse(
        "Upstream.User",
        "Upstream.User is set without a password; set PasswordFile=, PasswordCredential=, PasswordCommand= or Password=, or take User= away"
      )
    }
    if upstream.user == nil, let key = set.first {
      refuse(key, "\(key) is set without a user; set User= under [Upstream], or take \(key.dropFirst("Upstream.".count))= away")
    }
    if upstream.user != nil, upstream.mechanisms.isEmpty {
      refuse("Upstream.Auth", "Upstream.Auth names no way to log in; write Auth=PLAIN LOGIN, or take it away for all of them")
    }
  }

  private mutating func checkProtection() {
    let upstream = settings.upstream
    guard areReadable("Upstream.Host", "Upstream.TLS", "Upstream.User", "Upstream.Port"), let host = upstream.host else { return }
    if case .capture = host {
      if upstream.user != nil { warn("Upstream.User", "Upstream.User has no effect, because \(host) needs no login") }
      return
    }
    switch upstream.tls {
    case .starttls, .implicit: break
    case .opportunistic, .none:
      if upstream.user != nil, !host.isLocal {
        refuse(
          "Upstream.TLS",
          "Upstream.TLS \"\(upstream.tls.rawValue)\" could send the password of \"\(upstream.user ?? "")\" to \(host) in clear; "
            + "use starttls or implicit, or take User= away")
      } else if !host.isLocal {
        warn("Upstream.TLS", "Upstream.TLS \"\(upstream.tls.rawValue)\" may send mail to \(host) in clear; use starttls or implicit")
      }
    }
    if upstream.verification == .off, upstream.tls != .none {
      let remedy = "take Verify=no away, and name the authority with CAFile= if it is your own"
      if upstream.user != nil, !host.isLocal {
        refuse(
          "Upstream.Verify",
          "Upstream.Verify=no with User= would hand the password to whoever answers as \(host); \(remedy)")
      } else {
        let risk = "the certificate of \(host) is not checked, so anybody on the way can read the mail"
        warn("Upstream.Verify", "Upstream.Verify=no: \(risk); \(remedy)")
      }
    }
    checkPort(upstream)
    checkConnection()
  }

  private mutating func checkPort(_ upstream: UpstreamSettings) {
    if upstream.port == 465, upstream.tls == .starttls {
      warn("Upstream.Port", "Upstream.Port 465 usually speaks TLS from the first byte; set TLS=implicit, or use port 587")
    }
    if upstream.port == 587 || upstream.port == 25, upstream.tls == .implicit {
      warn("Upstream.Port", "Upstream.Port \(upstream.port) usually begins in clear; set TLS=starttls, or use port 465")
    }
  }

  private mutating func checkLoop() {
    guard areReadable("Upstream.Host", "Upstream.Port", "Upstream.TLS", "Listen.Address", "Listen.TLSAddress"),
      let host = settings.upstream.host
    else { return }
    let port = settings.upstream.port
    for address in settings.listen.everyAddress {
      guard case .tcp(let own, port) = address else { continue }
      let isSame =
        switch host {
        case .name: host.isLocal && (own.isLoopback || own.isUnspecified)
        case .address(let other): other == own || (other.isLoopback && own.isUnspecified)
        case .capture: false
        }
      if isSame {
        refuse(
          "Upstream.Host",
          "Upstream.Host \"\(host)\" with port \(port) is this house itself (Listen.Address \"\(address)\"); name another relay or port")
        return
      }
    }
  }

  private mutating func checkRetry() {
    let retry = settings.retry
    if areReadable("Retry.First", "Retry.Max"), retry.first > retry.max {
      let key = settings.origins["Retry.First"] == nil ? "Retry.Max" : "Retry.First"
      refuse(key, "Retry.First \"\(retry.first.text)\" is longer than Retry.Max \"\(retry.max.text)\"; raise Max= or lower First=")
    }
    if areReadable("Retry.First", "Retry.MaxAge"), retry.maxAge < retry.first {
      let key = settings.origins["Retry.MaxAge"] == nil ? "Retry.First" : "Retry.MaxAge"
      refuse(
        key,
        "Retry.MaxAge \"\(retry.maxAge.text)\" is shorter than Retry.First \"\(retry.first.text)\", so nothing would be tried twice; "
          + "raise MaxAge="
      )
    }
  }

  private mutating func checkBounce() {
    guard areReadable("Bounce.WarnAfter", "Retry.MaxAge"), let warnAfter = settings.bounce.warnAfter else { return }
    if warnAfter < .seconds(60) {
      refuse(
        "Bounce.WarnAfter",
        "Bounce.WarnAfter \"\(warnAfter.text)\" would warn of nearly all mail; use a minute or more, such as 4h")
    } else if warnAfter >= settings.retry.maxAge {
      warn(
        "Bounce.WarnAfter",
        "Bounce.WarnAfter \"\(warnAfter.text)\" is no shorter than Retry.MaxAge \"\(settings.retry.maxAge.text)\", so most mail fails "
          + "before anybody is warned; lower WarnAfter=")
    }
  }

  private mutating func checkSockets() {
    guard areReadable("Control.Socket", "Listen.Address", "Listen.TLSAddress") else { return }
    let socket = settings.control.socket.path
    if socket.utf8.count > 107 {
      refuse(
        "Control.Socket",
        "Control.Socket \"\(socket.shown)\" is longer than the 107 bytes a socket's path may have; use a shorter directory")
    }
    if settings.listen.everyAddress.contains(.unix(path: socket)) {
      refuse("Control.Socket", "Control.Socket \"\(socket)\" is a listening address too; give each a path of its own")
    }
  }

  func areReadable(_ keys: String...) -> Bool { refusedKeys.isDisjoint(with: keys) }

  func origin(of key: String) -> SettingOrigin { settings.origins[key] ?? .byDefault }

  mutating func refuse(_ key: String, _ text: String) { errors.append(SettingsError(origin(of: key), marked(text))) }

  /// The text with the name of the upstream it speaks about, where that has one.
  private func marked(_ text: String) -> String {
    let section = SettingsGrammar.SectionName(
      name: "Upstream", instance: settings.upstream.name == UpstreamSettings.unnamed ? nil : settings.upstream.name)
    return section.marked(text)
  }

  mutating func warn(_ key: String, _ text: String) {
    let origin = origin(of: key)
    warnings.append(origin == .byDefault ? marked(text) : "\(origin): \(marked(text))")
  }
}

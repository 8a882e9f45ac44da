// SPDX-License-Identifier: Apache-2.0
import Octets
import Settings
import Testing
import Timekeeping

@Suite struct SettingsReadingTests {
  static let sample = """
    [Relay]
    Hostname=app1.example.com

    [Listen]
    Address=127.0.0.1:25 [::1]:25

    [Upstream]
    Host=smtp.example.com
    Port=587
    TLS=starttls            # implicit | starttls | opportunistic | none
    User=apikey
    PasswordCredential=upstream-password     # or Password=, PasswordFile=, PasswordCommand=

    [Spool]
    Directory=/var/lib/posthouse

    [Control]
    Socket=/run/posthouse/io.posthouse.Relay
    """

  @Test func `a usual file is read without complaint`() throws {
    let files = [SettingsFile(name: "posthouse.conf", text: SettingsReadingTests.sample)]
    let settings = try RelaySettings(files: files, environment: [:], systemHostname: "vm")
    #expect(settings.hostname == "app1.example.com")
    #expect(settings.listen.addresses.map(\.description) == ["127.0.0.1:25", "[::1]:25"])
    #expect(settings.upstream.host?.description == "smtp.example.com")
    #expect(settings.upstream.port == 587)
    #expect(settings.upstream.tls == .starttls)
    #expect(settings.upstream.user == "apikey")
    #expect(settings.upstream.passwordSource == .credential(name: "upstream-password"))
    #expect(settings.upstream.expectedName == "smtp.example.com")
    #expect(settings.spool.directory.path == "/var/lib/posthouse")
    #expect(settings.warnings.isEmpty)
  }

  @Test func `what nobody says is the default`() {
    let settings = read("[Upstream]\nHost=smtp.example.com\n").settings
    #expect(settings.hostname == "app1.example.com")
    #expect(settings.listen.maxMessageSize == .mebibytes(35))
    #expect(settings.listen.commandTimeout == .seconds(300))
    #expect(settings.upstream.verification == .required)
    #expect(settings.upstream.passwordSource == nil)
    #expect(settings.retry.growth == 2)
    #expect(settings.control.mode.bits == 0o660)
    #expect(settings.log.level == .info)
  }

  @Test func `every default can be written and read back as itself`() {
    for setting in SettingsTable.settings where !setting.defaultText.isEmpty {
      let reading = SettingsTests.reading(setting.section, saying: "\(setting.name)=\(setting.defaultText)")
      let others = reading.errors.filter { $0.text.hasPrefix(setting.key) }
      #expect(others.isEmpty, "\(others)")
      #expect(reading.value(setting.key) == setting.defaultText)
    }
  }

  @Test(arguments: zip([TLSMode.starttls, .implicit, .opportunistic, .none], [UInt16(587), 465, 25, 25]))
  func `the port follows from the kind of TLS`(mode: TLSMode, port: UInt16) {
    #expect(reading("Upstream", saying: "TLS=\(mode.rawValue)").settings.upstream.port == port)
  }

  @Test func `a later file speaks over an earlier one, and lists grow`() {
    let reading = read(
      "[Upstream]\nHost=a.example\n[Listen]\nNetworks=10.0.0.0/8\nAddress=0.0.0.0:25",
      "[Upstream]\nHost=b.example\n", "[Listen]\nNetworks=fd00::/8 192.0.2.7\n")
    #expect(reading.complaints == [])
    #expect(reading.value("Upstream.Host") == "b.example")
    #expect(reading.origin("Upstream.Host") == "1.conf:2")
    #expect(reading.value("Listen.Networks") == "10.0.0.0/8 fd00::/8 192.0.2.7")
    #expect(reading.origin("Listen.Networks") == "2.conf:2")
    #expect(reading.origin("Listen.MaxHops") == "default")
  }

  @Test func `an empty assignment forgets what was said before`() {
    let reading = read("[Upstream]\nHost=a.example\nCAFile=/a\nCAFile=\n[Listen]\nAddress=127.0.0.1:2525\nAddress=\nAddress=127.0.0.1:26\n")
    #expect(reading.complaints == [])
    #expect(reading.settings.upstream.caFile == nil)
    #expect(reading.value("Listen.Address") == "127.0.0.1:26")
    #expect(reading.origin("Upstream.CAFile") == "default")
  }

  @Test func `the environment speaks over every file and replaces lists`() {
    let reading = read(
      "[Upstream]\nHost=a.example\n[Listen]\nAddress=127.0.0.1:25\n",
      environment: [
        "POSTHOUSE_UPSTREAM_HOST": "b.example", "POSTHOUSE_LISTEN_ADDRESS": "127.0.0.1:2525 [::1]:2525",
        "POSTHOUSE_UPSTREAM_CA_FILE": "/etc/ca.pem",
        "POSTHOUSE_LISTEN_MAX_MESSAGE_SIZE": "10M", "POSTHOUSE_UPSTREAM_USER": "me", "POSTHOUSE_UPSTREAM_PASSWORD": "a #b\"c\n",
        "PATH": "/bin",
      ])
    #expect(reading.complaints == [])
    #expect(reading.value("Upstream.Host") == "b.example")
    #expect(reading.origin("Upstream.Host") == "environment POSTHOUSE_UPSTREAM_HOST")
    #expect(reading.value("Listen.Address") == "127.0.0.1:2525 [::1]:2525")
    #expect(reading.settings.upstream.caFile?.path == "/etc/ca.pem")
    #expect(reading.settings.listen.maxMessageSize == .mebibytes(10))
    #expect(reading.settings.upstream.password == Secret("a #b\"c"))
    #expect(reading.settings.warnings == [])
  }

  @Test func `an empty variable returns to the default`() {
    let reading = read("[Upstream]\nHost=a.example\nUser=x\n", environment: ["POSTHOUSE_UPSTREAM_USER": ""])
    #expect(reading.settings.upstream.user == nil)
    #expect(reading.complaints == [])
  }

  @Test func `a variable that looks like a setting and is none is warned about`() {
    let reading = SettingsTests.reading("Upstream", saying: "").settings
    #expect(reading.warnings == [])
    let warned = SettingsReading(
      files: [], environment: ["POSTHOUSE_UPSTREAM_HOST": "a.example", "POSTHOUSE_UPSTREAM_HOTS": "x"], systemHostname: "a.example")
    #expect(
      warned.settings.warnings == [
        "environment POSTHOUSE_UPSTREAM_HOTS: this is not a setting and has no effect; did you mean POSTHOUSE_UPSTREAM_HOST?"
      ])
    #expect(warned.errors == [])
  }

  @Test func `variables that Kubernetes makes for services are passed over, and a colliding one is explained`() {
    let reading = read(
      "[Upstream]\nHost=a.example\n",
      environment: [
        "POSTHOUSE_SERVICE_HOST": "10.0.0.1", "POSTHOUSE_SERVICE_PORT": "25", "POSTHOUSE_PORT": "tcp://10.0.0.1:25",
        "POSTHOUSE_PORT_25_TCP_ADDR": "10.0.0.1", "POSTHOUSE_RELAY_SERVICE_HOST": "10.0.0.2", "POSTHOUSE_SOCKET": "/x",
      ])
    #expect(reading.settings.warnings == [])
    #expect(reading.complaints == [])
    let colliding = read("[Upstream]\nHost=a.example\n", environment: ["POSTHOUSE_UPSTREAM_PORT": "tcp://10.0.0.1:25"])
    #expect(colliding.complaints.first?.contains("enableServiceLinks: false") == true)
  }

  @Test func `changed settings are told apart by what they need`() throws {
    let old = read("[Upstream]\nHost=a.example\nUser=u\nPassword=one\n").settings
    let new = read("[Upstream]\nHost=b.example\nUser=u\nPassword=two\n[Spool]\nDirectory=/srv/mail\n").settings
    let differences = new.differences(from: old)
    #expect(differences.map(\.setting.key) == ["Upstream.Host", "Upstream.Password", "Spool.Directory"])
    #expect(differences.map(\.setting.effect) == [.onReload, .onReload, .onRestart])
    #expect(differences[0].before == "a.example" && differences[0].after == "b.example")
    #expect(differences[1].before == "(hidden)" && differences[1].after == "(hidden)")
    #expect(new.differences(from: new).isEmpty)
  }

  @Test func `no secret is ever shown`() {
    let reading = read("[Upstream]\nHost=a.example\nUser=u\nPassword=hunter2\nPasswordFile=relative\nTLS=non\n")
    var shown = ""
    dump(reading, to: &shown)
    print(reading.settings, reading.settings.upstream, reading.settings.upstream.passwordSource as Any, to: &shown)
    debugPrint(reading.settings, to: &shown)
    for setting in reading.settings.effective { print(setting, setting.value, to: &shown) }
    print(reading.complaints, reading.settings.warnings, to: &shown)
    let literal = Array("hunter2".utf8).description
    #expect(!shown.contains("hunter2") && !shown.contains(literal))
    #expect(reading.value("Upstream.Password") == "(hidden)")
  }
}

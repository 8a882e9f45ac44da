// SPDX-License-Identifier: Apache-2.0
import Settings
import Testing

@Suite struct SettingsCheckTests {
  static let contradictions: [(String, String)] = [
    (
      "[Upstream]\nUser=u\nPassword=a\nPasswordFile=/p",
      "posthouse.conf:4: Upstream.PasswordFile is set although Upstream.Password is too (posthouse.conf:3); keep one of them"
    ),
    (
      "[Upstream]\nUser=u",
      "posthouse.conf:2: Upstream.User is set without a password; set PasswordFile=, PasswordCredential=, PasswordCommand= or "
        + "Password=, or take User= away"
    ),
    (
      "[Upstream]\nPasswordFile=/p",
      "posthouse.conf:2: Upstream.PasswordFile is set without a user; set User= under [Upstream], or take PasswordFile= away"
    ),
    (
      "[Upstream]\nUser=u\nPasswordFile=/p\nTLS=none",
      #"posthouse.conf:4: Upstream.TLS "none" could send the password of "u" to smtp.example.com in clear; use starttls or implicit, "#
        + #"or take User= away"#
    ),
    (
      "[Upstream]\nUser=u\nPasswordFile=/p\nTLS=opportunistic",
      #"posthouse.conf:4: Upstream.TLS "opportunistic" could send the password of "u" to smtp.example.com in clear; use starttls or "#
        + #"implicit, or take User= away"#
    ),
    (
      "[Listen]\nAddress=0.0.0.0:25",
      #"posthouse.conf:2: Listen.Address "0.0.0.0:25" can be reached from other machines, and nobody is named who may use it; set "#
        + #"Networks= under [Listen] to those who may, or listen on 127.0.0.1 and [::1]"#
    ),
    (
      "[Upstream]\nSourceAddress=192.0.2.7 192.0.2.8",
      #"posthouse.conf:2: Upstream.SourceAddress "192.0.2.8" is a second IPv4 address beside "192.0.2.7"; name one of each family"#
    ),
    (
      "[Upstream]\nSourceAddress=::",
      #"posthouse.conf:2: Upstream.SourceAddress "::" is no address of a machine; take it away to let the system choose"#
    ),
    ("[Retry]\nFirst=2h", #"posthouse.conf:2: Retry.First "2h" is longer than Retry.Max "1h"; raise Max= or lower First="#),
    (
      "[Retry]\nFirst=10min\nMaxAge=5min",
      #"posthouse.conf:3: Retry.MaxAge "5min" is shorter than Retry.First "10min", so nothing would be tried twice; raise MaxAge="#
    ),
    (
      "[Listen]\nAddress=unix:/run/x\n[Control]\nSocket=/run/x",
      #"posthouse.conf:4: Control.Socket "/run/x" is a listening address too; give each a path of its own"#
    ),
  ]

  @Test(arguments: contradictions) func `settings that contradict each other are refused with a remedy`(text: String, complaint: String) {
    #expect(readBehindHost(text).complaints == [complaint])
  }

  @Test(arguments: ["127.0.0.1", "localhost", "[::1]"]) func `a password may go in clear to this machine only`(host: String) {
    let reading = read("[Upstream]\nHost=\(host)\nPort=2526\nTLS=none\nUser=u\nPassword=p\n")
    #expect(reading.complaints == [])
    #expect(reading.settings.warnings == [])
  }

  @Test(arguments: [("127.0.0.1", "127.0.0.1:25"), ("localhost", "[::1]:25"), ("::1", "[::1]:25")])
  func `an upstream that is this house itself is refused`(host: String, address: String) {
    let reading = read("[Upstream]\nHost=\(host)\nTLS=none\n[Listen]\nAddress=\(address)\n")
    #expect(reading.errors.map(\.origin.description) == ["posthouse.conf:2"])
    #expect(reading.errors.first?.text.contains("is this house itself") == true)
  }

  static let worries: [(String, String)] = [
    ("[Upstream]\nVerify=no", "posthouse.conf:2: Upstream.Verify=no: the certificate of smtp.example.com is not checked"),
    ("[Upstream]\nTLS=none", #"posthouse.conf:2: Upstream.TLS "none" may send mail to smtp.example.com in clear"#),
    ("[Upstream]\nPort=465", "posthouse.conf:2: Upstream.Port 465 usually speaks TLS from the first byte; set TLS=implicit"),
    ("[Upstream]\nPort=587\nTLS=implicit", "posthouse.conf:2: Upstream.Port 587 usually begins in clear; set TLS=starttls"),
    ("[Listen]\nNetworks=10.0.0.0/8", "posthouse.conf:2: Listen.Networks has no effect"),
    ("[Relay]\nHostname=vm", "posthouse.conf:2: the house greets as \"vm\""),
  ]

  @Test(arguments: worries) func `what is allowed but dangerous is warned about`(text: String, warning: String) {
    let reading = readBehindHost(text)
    #expect(reading.complaints == [])
    #expect(reading.settings.warnings.count == 1)
    #expect(reading.settings.warnings.first?.hasPrefix(warning) == true, "\(reading.settings.warnings)")
  }

  @Test(arguments: [
    ("CertificateFile=/c.pem", "posthouse.conf:2: Listen.CertificateFile is set without its private key; set KeyFile="),
    ("KeyFile=/k.pem", "posthouse.conf:2: Listen.KeyFile is set without a certificate"),
    ("TLSAddress=127.0.0.1:465", "posthouse.conf:2: Listen.TLSAddress \"127.0.0.1:465\" cannot speak TLS"),
    ("StartTLS=required", "posthouse.conf:2: Listen.StartTLS \"required\" would shut out every other machine"),
    (
      "CertificateFile=/c\nKeyFile=/k\nTLSAddress=127.0.0.1:25",
      "posthouse.conf:4: Listen.TLSAddress \"127.0.0.1:25\" is in Listen.Address too"
    ),
    ("CertificateFile=/c\nKeyFile=/k\nTLSAddress=0.0.0.0:465", "posthouse.conf:4: Listen.TLSAddress \"0.0.0.0:465\" can be reached"),
    ("Extensions=SIZE EXPN", "posthouse.conf:2: Listen.Extensions \"EXPN\" is not an extension this program knows"),
    ("MaxMemory=1K", "posthouse.conf:2: Listen.MaxMemory"), ("MaxHold=2y", "posthouse.conf:2: Listen.MaxHold"),
  ])
  func `what cannot work at a listener is refused`(text: String, complaint: String) {
    let reading = readBehindHost("[Listen]\n\(text)")
    #expect(reading.complaints.count == 1)
    #expect(reading.complaints.first?.hasPrefix(complaint) == true, "\(reading.complaints)")
  }

  @Test(arguments: ["0.0.0.0/0", "::/0", "0.0.0.0", "10.0.0.0/8 ::/0"])
  func `a network that is everybody is refused`(networks: String) {
    let reading = readBehindHost("[Listen]\nAddress=0.0.0.0:25\nNetworks=\(networks)")
    #expect(reading.complaints.count == 1)
    #expect(reading.complaints.first?.contains("would let everybody who can reach this machine send mail") == true)
  }

  @Test func `one mistake brings one complaint`() {
    let reading = read("[Upstream]\nHost=smtp.example.com\nUser=u\nPasswordFile=relative\n[Listen]\nAddress=nowhere\n")
    #expect(reading.errors.map(\.origin.description) == ["posthouse.conf:4", "posthouse.conf:6"])
  }

  @Test func `a captured upstream needs neither TLS nor a login`() {
    let reading = read("[Upstream]\nHost=capture:/tmp/mail\nUser=u\nPassword=p\n")
    #expect(reading.complaints == [])
    #expect(reading.settings.upstream.host == .capture(directory: "/tmp/mail"))
    #expect(reading.settings.warnings == ["posthouse.conf:3: Upstream.User has no effect, because capture:/tmp/mail needs no login"])
  }
}

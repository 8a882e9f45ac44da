// SPDX-License-Identifier: Apache-2.0
internal import Harness
internal import Testing

/// The servers from Debian's packages, and what each of them offers.
enum RealServer: String, CaseIterable, Sendable, CustomTestStringConvertible {
  case postfix, exim, openSMTPD, sendmail, aiosmtpd

  var testDescription: String { rawValue }

  /// Starts one for a test.
  func start(_ rig: Rig) throws -> any UpstreamServer {
    switch self {
    case .postfix: try PostfixUpstream(rig, telling: .commands)
    case .exim: try EximUpstream(rig)
    case .openSMTPD: try OpenSMTPDUpstream(rig)
    case .sendmail: try SendmailUpstream(rig)
    case .aiosmtpd: try AiosmtpdUpstream(rig)
    }
  }

  /// The mechanisms that it offers and the relay knows, strongest first.
  var mechanisms: [String] {
    switch self {
    case .postfix: ["SCRAM-SHA-256", "SCRAM-SHA-1", "OAUTHBEARER", "XOAUTH2", "CRAM-MD5", "PLAIN", "LOGIN"]
    case .exim: ["CRAM-MD5", "PLAIN", "LOGIN"]
    case .openSMTPD, .aiosmtpd: ["PLAIN", "LOGIN"]
    case .sendmail: ["SCRAM-SHA-256", "SCRAM-SHA-1", "CRAM-MD5", "PLAIN", "LOGIN"]
    }
  }

  /// The extensions that it offers and that change what the relay says.
  var extensions: Set<Extension> {
    switch self {
    case .postfix, .exim: [.pipelining, .chunking, .internationalized, .notifications]
    case .openSMTPD: [.notifications]
    case .sendmail: [.pipelining, .notifications]
    case .aiosmtpd: [.internationalized]
    }
  }

  /// What its transcript shows of a body that came in a chunk.
  var signOfChunk: String {
    switch self {
    case .exim: " K S="
    case .postfix, .openSMTPD, .sendmail, .aiosmtpd: "BDAT "
    }
  }

  /// What changes the relay's words.
  enum Extension: Sendable {
    case pipelining, chunking, internationalized, notifications
  }
}

extension DaemonSettings {
  /// A real server as the default upstream; the password is in a file, so that it can change behind the daemon's back.
  mutating func useUpstream(_ server: any UpstreamServer, passwordFile: String) {
    self["Upstream.Host"] = "localhost"
    self["Upstream.Port"] = "\(server.port)"
    self["Upstream.TLS"] = "starttls"
    self["Upstream.CAFile"] = server.authority.certificatePath
    self["Upstream.User"] = MailAccount.app.user
    self["Upstream.PasswordFile"] = passwordFile
  }
}

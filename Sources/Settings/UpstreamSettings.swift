// SPDX-License-Identifier: Apache-2.0
package import Octets

/// `[Upstream]`: the relay that takes our mail, how the way to it is protected, and who we are there.
package struct UpstreamSettings: Equatable, Sendable {
  /// What it is called: the name of its section, or ``unnamed``.
  package internal(set) var name = UpstreamSettings.unnamed
  /// Where it is; a checked configuration always has one.
  package internal(set) var host: UpstreamHost?
  /// Its port as written; see ``port`` for the one to use.
  package internal(set) var writtenPort: UInt16?
  /// How the way is protected.
  package internal(set) var tls = TLSMode.starttls
  /// Whether its certificate must be good.
  package internal(set) var verification = Verification.required
  /// Authorities to trust in place of the system's.
  package internal(set) var caFile: FilePath?
  /// The name its certificate must have, where that is not the host.
  package internal(set) var serverName: HostName?
  /// Who logs in; nil logs nobody in.
  package internal(set) var user: String?
  /// The password itself.
  package internal(set) var password: Secret?
  /// A file that holds the password.
  package internal(set) var passwordFile: FilePath?
  /// The systemd credential that holds the password.
  package internal(set) var passwordCredential: PlainName?
  /// A program that prints the password.
  package internal(set) var passwordCommand: CommandWords?
  /// A file that holds an access token.
  package internal(set) var tokenFile: FilePath?
  /// A program that prints an access token.
  package internal(set) var tokenCommand: CommandWords?
  /// The ways to log in, the preferred first.
  package internal(set) var mechanisms: [SASLMechanism] = SASLMechanism.allCases
  /// Connections at one time.
  package internal(set) var connections = 2
  /// Messages over one connection.
  package internal(set) var messagesPerConnection = 100
  /// Messages on one connection whose end was not answered yet.
  package internal(set) var unanswered = 4
  /// Recipients in one transaction.
  package internal(set) var maxRecipients = 50
  /// How long an unused connection stays open.
  package internal(set) var idleTimeout: Duration = .seconds(8)
  /// How long connecting and the TLS handshake may take.
  package internal(set) var connectTimeout: Duration = .seconds(30)
  /// How long it may take to answer a command.
  package internal(set) var commandTimeout: Duration = .seconds(300)
  /// How long it may refuse to take the next piece of a message.
  package internal(set) var dataTimeout: Duration = .seconds(180)
  /// How long it may take to answer the end of a message.
  package internal(set) var replyTimeout: Duration = .seconds(600)
  /// What its replies mean where the operator knows better: `Reply.Rule`.
  package internal(set) var replyRules: [WrittenRule] = []

  /// What is said about single connections.
  package internal(set) var connection = ConnectionSettings()
  /// Which upstream is tried first: the lowest number.
  package internal(set) var priority = 10
  /// How much of the mail it takes beside others of the same priority.
  package internal(set) var weight = 1
  /// How much it takes in a second; nil for no limit.
  package internal(set) var maxPerSecond: Int?
  /// How much it takes in a minute; nil for no limit.
  package internal(set) var maxPerMinute: Int?
  /// How much it takes in 24 hours; nil for no limit.
  package internal(set) var maxPerDay: Int?
  /// What these limits count.
  package internal(set) var limitCounts = LimitUnit.messages

  /// What the upstream without a name is called wherever upstreams are named.
  package static let unnamed = "default"

  /// What it is called in log and status: its name, or its host where it has none.
  package var label: String { name == UpstreamSettings.unnamed ? host.map(\.description) ?? "none" : name }

  /// The port to connect to: the one written, or the usual one for the kind of TLS.
  package var port: UInt16 { writtenPort ?? tls.usualPort }

  /// Where the password comes from; nil when there is none.
  package var passwordSource: PasswordSource? {
    if let password { return .written(password) }
    if let passwordFile { return .file(path: passwordFile.path) }
    if let passwordCredential { return .credential(name: passwordCredential.name) }
    if let passwordCommand { return .command(words: passwordCommand.words) }
    return nil
  }

  /// Where an access token comes from, in place of a password; nil when there is none.
  package var tokenSource: PasswordSource? {
    if let tokenFile { return .file(path: tokenFile.path) }
    if let tokenCommand { return .command(words: tokenCommand.words) }
    return nil
  }

  /// Whether the way to it never leaves this machine; behind a proxy nobody knows.
  package var isLocal: Bool { connection.proxy == nil && host?.isLocal == true }

  /// The paths of all files that a connection is made with.
  package var filePaths: [String] {
    [passwordFile, tokenFile, caFile, connection.proxyPasswordFile, connection.certificate, connection.key].compactMap { $0?.path }
  }

  /// Whether our certificate is what logs in.
  package var logsInByCertificate: Bool {
    guard connection.certificate != nil, passwordSource == nil, tokenSource == nil else { return false }
    return user != nil || mechanisms == [.external]
  }

  /// The name its certificate must have and that SNI asks for; nil for an address or a captured upstream without `ServerName=`.
  package var expectedName: String? {
    if let serverName { return serverName.name }
    return switch host {
    case .name(let name): name.name
    case .address, .capture, nil: nil
    }
  }

  /// Whether a certificate must be good for the connection to be used.
  package enum Verification: Hashable, Sendable {
    case required
    case off
  }

  /// Where a password comes from.
  package enum PasswordSource: Equatable, Sendable {
    /// It stands in the configuration.
    case written(Secret)
    /// It is the content of a file.
    case file(path: String)
    /// It is a credential that systemd hands over.
    case credential(name: String)
    /// It is what a program prints; the program's absolute path comes first.
    case command(words: [String])
  }
}

extension UpstreamSettings.Verification: SingleSettingValue {
  static var kind: String { Bool.kind }
  init(written text: String) throws(ValueRefusal) { self = try Bool(written: text) ? .required : .off }
  var text: String { (self == .required).text }
}

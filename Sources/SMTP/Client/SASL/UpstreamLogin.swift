// SPDX-License-Identifier: Apache-2.0
internal import Octets
package import Settings

/// What a login has to work with: who we are, what we may use, and what the connection is like. It chooses the mechanism and begins the
/// exchange.
///
/// None is ever chosen on a channel that does not carry credentials: some mechanisms show the password to whoever listens, and the
/// others let him guess it at leisure.
package struct UpstreamLogin: Sendable {
  /// Who we are.
  package var credentials: UpstreamCredentials
  /// The mechanisms that may be used, the preferred first.
  package var order: [SASLMechanism]
  /// How the connection is protected.
  package var channel: UpstreamChannel
  /// What of the connection a proof can be tied to; nil without TLS.
  package var binding: ChannelBinding?
  /// The host and port that the connection goes to, which OAUTHBEARER repeats.
  package var host: String
  package var port: UInt16
  /// When the first message stands in the AUTH command.
  package var opening: Opening
  /// The key that an earlier login with the same password came to, so that it need not be stretched again.
  package var rememberedKey: SCRAMKey?

  /// A login with every mechanism allowed.
  package init(_ credentials: UpstreamCredentials, on channel: UpstreamChannel, host: String, port: UInt16) {
    self.credentials = credentials
    self.channel = channel
    self.host = host
    self.port = port
    order = SASLMechanism.allCases
    opening = .inCommandIfItFits
  }

  /// When the first message stands in the AUTH command.
  package enum Opening: Hashable, Sendable {
    /// Where the command line stays within 512 octets (RFC 4954 §4), otherwise behind an empty challenge.
    case inCommandIfItFits
    /// Never: for servers that know only the form in two steps.
    case behindChallenge
  }

  /// The first mechanism of the order that the upstream offers and the credentials fit.
  package func choose(from offered: [String]) throws(SASLRefusal) -> SASLMechanism {
    guard channel.carriesCredentials else { throw .channelUnsafe(channel) }
    guard !offered.isEmpty else { throw .notOffered }
    let common = order.filter { offered.contains($0.rawValue) }
    guard let first = common.first else { throw .nothingInCommon(offered: offered, wanted: order.map(\.rawValue)) }
    if let fitting = common.first(where: { misfit($0) == nil }) { return fitting }
    throw .credentialsUnfit(offered: common.map(\.rawValue), misfit(first) ?? .anotherKind)
  }

  /// The exchange with an upstream that offers these mechanisms; `nonce` must not have been used before.
  package func begin(offered: [String], nonce: SASLNonce) throws(SASLRefusal) -> SASLExchange {
    let mechanism = try choose(from: offered)
    return SASLExchange(mechanism, conversation(mechanism, offered: offered, nonce), opening: opening, key: rememberedKey)
  }

  private func misfit(_ mechanism: SASLMechanism) -> UpstreamCredentials.Misfit? {
    if mechanism.bindsChannel, binding == nil { return .nothingToBind }
    return credentials.misfit(mechanism)
  }

  private func conversation(_ mechanism: SASLMechanism, offered: [String], _ nonce: SASLNonce) -> any SASLConversation {
    switch (mechanism, credentials.proof) {
    case (.plain, .password(let password)): return PlainConversation(user: credentials.user, password: password)
    case (.login, .password(let password)): return LoginConversation(user: credentials.user, password: password)
    case (.cramMD5, .password(let password)): return CRAMConversation(user: credentials.user, password: password)
    case (.scramSHA256Plus, .password(let password)), (.scramSHA1Plus, .password(let password)), (.scramSHA256, .password(let password)),
      (.scramSHA1, .password(let password)):
      guard let digest = mechanism.scramDigest else { preconditionFailure("every SCRAM has its digest") }
      return SCRAMConversation(digest, user: credentials.user, password, nonce, bindingUse(mechanism, offered))
    case (.xoauth2, .bearerToken(let token)): return TokenConversation.xoauth2(user: credentials.user, token: token)
    case (.oauthBearer, .bearerToken(let token)):
      return TokenConversation.oauthBearer(user: credentials.user, token: token, host: host, port: port)
    case (.external, .clientCertificate): return ExternalConversation(user: credentials.user)
    case (.plain, _), (.login, _), (.cramMD5, _), (.scramSHA256Plus, _), (.scramSHA1Plus, _), (.scramSHA256, _), (.scramSHA1, _),
      (.xoauth2, _), (.oauthBearer, _), (.external, _):
      preconditionFailure("a mechanism is chosen for the credentials it goes with")
    }
  }

  /// What SCRAM says about binding (RFC 5802 §6). Who could bind but is offered no way says so, under the upstream's signature: an
  /// upstream that did offer one then knows that somebody took it out of the list.
  private func bindingUse(_ mechanism: SASLMechanism, _ offered: [String]) -> ChannelBinding.Use {
    guard let binding, order.contains(where: \.bindsChannel) else { return .unable }
    if mechanism.bindsChannel { return .bound(binding) }
    let isOffered = SASLMechanism.allCases.contains { $0.bindsChannel && offered.contains($0.rawValue) }
    return isOffered ? .unable : .notOffered
  }
}

/// What of a connection a proof can be tied to, so that it cannot be relayed over another one (RFC 5056).
package struct ChannelBinding: Hashable, Sendable {
  /// Which of its properties.
  package let kind: Kind
  /// The property itself.
  package let bytes: [UInt8]

  /// A binding; `bytes` come from the TLS library.
  package init(_ kind: Kind, bytes: [UInt8]) {
    precondition(!bytes.isEmpty, "a login is bound to something")
    self.kind = kind
    self.bytes = bytes
  }

  /// The properties that can be bound to.
  package enum Kind: String, Hashable, Sendable {
    /// The keys of the connection (RFC 9266); the one for TLS 1.3.
    case exporter = "tls-exporter"
    /// The server's certificate (RFC 5929 §4).
    case serverEndPoint = "tls-server-end-point"
  }

  /// What a SCRAM exchange makes of it.
  enum Use: Hashable, Sendable {
    /// We cannot bind: `n`.
    case unable
    /// We could, but the upstream offers no mechanism for it: `y`.
    case notOffered
    /// `p=`
    case bound(ChannelBinding)
  }
}

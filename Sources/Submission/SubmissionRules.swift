// SPDX-License-Identifier: Apache-2.0
import LinuxSystem
import Mail
import Octets
import Policy
import SMTP
import Settings
import TLS

/// What holds for connections on the apps' side, derived once from the settings.
///
/// All sessions that began under the same settings share one, so that an idle session costs little; nothing changes it once they have it.
final class SubmissionRules {
  /// What a connection may ask for.
  var limits: ServerLimits
  /// Who may send what to whom.
  let rulebook: Rulebook
  /// How long a client may take for its next command, and fall silent inside a message.
  let commandTimeout: Duration
  let dataTimeout: Duration
  /// How long the handshake of TLS, one message, and a whole connection may take.
  let handshakeTimeout: Duration
  let transactionTimeout: Duration
  let connectionTimeout: Duration
  /// What messages on their way in may hold.
  var maxMemory: ByteCount
  /// The certificate ready for use; nil where the house has none.
  let tls: TLSContext?
  /// The name this house greets with.
  let host: String
  private let listen: ListenSettings
  private let networks: PeerNetworks
  var extensions: ServerOffer.Extensions

  /// The rules that the settings make.
  init(_ settings: RelaySettings, _ tls: TLSContext?) {
    listen = settings.listen
    self.tls = tls
    host = settings.hostname
    rulebook = Rulebook(settings.policy)
    networks = PeerNetworks(listen.networks)
    limits = ServerLimits(listen)
    extensions = ServerOffer.Extensions(listen.extensions)
    commandTimeout = listen.commandTimeout
    dataTimeout = listen.dataTimeout
    handshakeTimeout = listen.handshakeTimeout
    transactionTimeout = listen.transactionTimeout
    connectionTimeout = listen.connectionTimeout
    maxMemory = listen.maxMemory
  }

  /// What a client at `peer` is offered.
  func offer(to peer: SocketAddress) -> ServerOffer {
    var offer = ServerOffer(host: host, extensions: extensions, longestHold: listen.maxHold)
    if tls != nil, listen.startTLS != .no { offer.extensions.insert(.startTLS) }
    if listen.acceptAnyAuth, peer.isLoopback { offer.extensions.insert(.anyAuth) }
    offer.demandsTLS = listen.startTLS == .required && !peer.isLoopback
    return offer
  }

  /// Why a connection is turned away before a word is said.
  struct Refusal {
    let reply: Reply
    let why: String
  }

  /// Whether a peer may connect while so many connections are open, so many of them its own; nil lets it in.
  func refusal(of peer: SocketAddress, open: Int, ofClient own: Int) -> Refusal? {
    if let address = peer.ip, !networks.include(address) {
      let reply = Reply(554, EnhancedStatus(5, 7, 1), "this relay serves its own machine; Listen.Networks names who else may connect")
      return Refusal(reply: reply, why: "not in Listen.Networks")
    }
    if open >= listen.maxConnections {
      let reply = Reply(421, EnhancedStatus(4, 3, 2), "too many connections; try again later; closing")
      return Refusal(reply: reply, why: "Listen.MaxConnections=\(listen.maxConnections) are open")
    }
    if own >= listen.maxConnectionsPerClient {
      let reply = Reply(
        421, EnhancedStatus(4, 7, 0), "too many connections of yours; Listen.MaxConnectionsPerClient allows \(own); closing")
      return Refusal(reply: reply, why: "Listen.MaxConnectionsPerClient=\(own) of this client are open")
    }
    return nil
  }
}

extension ServerLimits {
  /// The limits that the settings name.
  init(_ listen: ListenSettings) {
    self.init()
    messageSize = listen.maxMessageSize
    recipients = listen.maxRecipients
    commandLine = listen.maxCommandLine
    authLine = max(authLine, listen.maxCommandLine)
    textLine = listen.maxTextLine == 0 ? nil : listen.maxTextLine
    headerSection = listen.maxHeaderSize
    hops = listen.maxHops
    errors = listen.maxErrors
    transactions = listen.maxTransactions
  }
}

extension ServerOffer.Extensions {
  /// The extensions that the settings name.
  init(_ names: [ServiceExtension]) {
    self = []
    for name in names {
      switch name {
      case .pipelining: insert(.pipelining)
      case .size: insert(.size)
      case .eightBitMIME: insert(.eightBitMIME)
      case .smtpUTF8: insert(.smtpUTF8)
      case .dsn: insert(.dsn)
      case .chunking: insert(.chunking)
      case .binaryMIME: insert(.binaryMIME)
      case .futureRelease: insert(.futureRelease)
      case .requireTLS: insert(.requireTLS)
      case .limits: insert(.limits)
      case .enhancedStatusCodes: insert(.enhancedStatusCodes)
      }
    }
  }
}

extension Reply {
  /// What a client is told whom a rule refuses; at the opening of a connection the code is another.
  init(_ refusal: Policy.Refusal, code: UInt16? = nil) {
    let code = code ?? refusal.code
    self.init(code, EnhancedStatus(UInt8(code / 100), refusal.subject, refusal.detail), refusal.text)
  }
}

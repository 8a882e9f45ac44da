// SPDX-License-Identifier: Apache-2.0
import LinuxSystem
import Octets
import SMTP
import Settings

/// What holds for connections on the apps' side, derived once from the settings.
struct SubmissionRules {
  /// What is offered, and under which name.
  let offer: ServerOffer
  /// What a connection may ask for.
  let limits: ServerLimits
  /// How long a client may take for its next command, and fall silent inside a message.
  let commandTimeout: Duration
  let dataTimeout: Duration
  private let maxConnections: Int
  private let networks: [AddressBlock]

  /// The rules that the settings make.
  init(_ settings: RelaySettings) {
    offer = ServerOffer(host: settings.hostname)
    var limits = ServerLimits()
    limits.messageSize = settings.listen.maxMessageSize
    limits.recipients = settings.listen.maxRecipients
    limits.errors = settings.listen.maxErrors
    limits.transactions = settings.listen.maxTransactions
    limits.hops = settings.listen.maxHops
    self.limits = limits
    commandTimeout = settings.listen.commandTimeout
    dataTimeout = settings.listen.dataTimeout
    maxConnections = settings.listen.maxConnections
    networks = settings.listen.networks
  }

  /// Why a connection is turned away before a word is said.
  struct Refusal {
    let reply: Reply
    let why: String
  }

  /// Whether a peer may connect while so many connections are open; nil lets it in.
  func refusal(of peer: SocketAddress, connections: Int) -> Refusal? {
    if !peer.isLoopback, !allows(peer) {
      let reply = Reply(554, EnhancedStatus(5, 7, 1), "this relay serves its own machine; Listen.Networks names who else may connect")
      return Refusal(reply: reply, why: "not in Listen.Networks")
    }
    if connections >= maxConnections {
      let reply = Reply(421, EnhancedStatus(4, 3, 2), "too many connections; try again later")
      return Refusal(reply: reply, why: "Listen.MaxConnections=\(maxConnections) are open")
    }
    return nil
  }

  private func allows(_ peer: SocketAddress) -> Bool {
    switch peer {
    case .v4, .v6: networks.contains { network in peer.ip.map(network.contains) ?? false }
    case .unix, .unnamed: true
    }
  }
}

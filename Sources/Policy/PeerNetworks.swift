// SPDX-License-Identifier: Apache-2.0
package import Octets

/// From where connections are served: this machine always, and the networks that the configuration names.
///
/// Nothing is trusted by habit: private address ranges are networks like any other, since a container's gateway or a neighbour lives in
/// them. The whole Internet cannot be named, because that is never what somebody means who wants a local relay.
package struct PeerNetworks: Hashable, Sendable {
  private let networks: [Network]

  /// This machine and nobody else.
  package static let thisMachine = PeerNetworks(networks: [])

  /// This machine and the networks written as `10.1.0.0/16`, `2001:db8::/32` or a single address.
  package init(_ texts: [String]) throws(NetworkFault) {
    var networks: [Network] = []
    for text in texts { networks.append(try Network(text)) }
    self.networks = networks
  }

  private init(networks: [Network]) { self.networks = networks }

  /// Whether a connection from `address` is served.
  package func include(_ address: IPAddress) -> Bool {
    address.isLoopback || networks.contains { $0.contains(address) }
  }

  /// Whether anybody off this machine is served.
  package var reachesBeyondThisMachine: Bool { networks.contains { !$0.isLoopback } }

  /// One network: the addresses that share a prefix.
  private struct Network: Hashable, Sendable {
    let prefix: IPAddress
    let length: Int

    init(_ text: String) throws(NetworkFault) {
      let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
      guard let address = parts.first.flatMap({ IPAddress(String($0)) }) else { throw NetworkFault(text, .noAddress) }
      guard parts.count == 2 else {
        guard !address.isUnspecified else { throw NetworkFault(text, .everybody) }
        (prefix, length) = (address, address.width)
        return
      }
      guard let length = Int(parts[1]), (0...address.width).contains(length), parts[1].utf8.allSatisfy(\.isASCIIDigit) else {
        throw NetworkFault(text, .badLength(most: address.width))
      }
      guard length > 0 else { throw NetworkFault(text, .everybody) }
      guard address.prefix(length) == address else {
        throw NetworkFault(text, .bitsBehindPrefix(meant: "\(address.prefix(length))/\(length)"))
      }
      (prefix, self.length) = (address, length)
    }

    func contains(_ address: IPAddress) -> Bool { address.width == prefix.width && address.prefix(length) == prefix }

    var isLoopback: Bool { prefix.isLoopback && (prefix.isIPv4 ? length >= 8 : length == 128) }
  }
}

/// Why a text names no network.
package struct NetworkFault: Error, Hashable, Sendable, CustomStringConvertible {
  /// The text, as the configuration has it.
  package let text: String
  /// What is wrong with it.
  package let reason: Reason

  /// The reasons.
  package enum Reason: Hashable, Sendable {
    case noAddress
    case badLength(most: Int)
    case bitsBehindPrefix(meant: String)
    case everybody
  }

  init(_ text: String, _ reason: Reason) { (self.text, self.reason) = (text, reason) }

  package var description: String {
    switch reason {
    case .noAddress: "\"\(text)\" is no network; write an address with a prefix length, like 10.1.0.0/16 or 2001:db8::/32"
    case .badLength(let most): "\"\(text)\" has no prefix length from 1 to \(most) behind the slash"
    case .bitsBehindPrefix(let meant): "\"\(text)\" has bits set behind its prefix; write \(meant) if that is meant"
    case .everybody: "\"\(text)\" would let everybody send through this relay; name the networks that may"
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
package import Octets
package import Settings

/// From where connections are served: this machine always, and the networks that the configuration names.
///
/// Nothing is trusted by habit: private address ranges are networks like any other, since a container's gateway or a neighbour lives in
/// them. The whole Internet cannot be named (the settings refuse it), because that is never what somebody means who wants a local relay.
package struct PeerNetworks: Hashable, Sendable {
  private let blocks: [AddressBlock]

  /// This machine and these networks.
  package init(_ blocks: [AddressBlock]) { self.blocks = blocks }

  /// Whether a connection from `address` is served.
  package func include(_ address: IPAddress) -> Bool { address.isLoopback || blocks.contains { $0.contains(address) } }
}

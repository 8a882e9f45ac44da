// SPDX-License-Identifier: Apache-2.0
package import EventLoop
package import LinuxSystem
package import Timekeeping

/// Turns a host's name into the addresses to connect to, without holding up the loop.
///
/// Two conformers: ``CaresResolver`` asks this machine's name servers; a table answers in simulations.
@Loop package protocol NameResolver: AnyObject {
  /// The addresses of `name`, which may be an address itself, each with `port`, the ones to try first in front.
  func resolve(_ name: String, port: UInt16, until deadline: Moment) async throws(ResolutionFailure) -> Resolution
  /// Ends every look-up that is under way with ``ResolutionFailure/cancelled``.
  func cancelAll()
}

/// The answer to a look-up.
package struct Resolution: Equatable, Sendable {
  /// At least one address; families alternate (RFC 8305 §4).
  package let addresses: [SocketAddress]
  /// How long the answer may be used again; nil when it is not from a name server and costs nothing to ask for again.
  package let lifetime: Duration?

  /// An answer from its parts.
  package init(addresses: [SocketAddress], lifetime: Duration?) {
    precondition(!addresses.isEmpty, "no address is a failure, not an answer")
    self.addresses = addresses
    self.lifetime = lifetime
  }
}

// SPDX-License-Identifier: Apache-2.0
/// Which side of the handshake is ours.
package enum TLSRole: Hashable, Sendable {
  /// We connected.
  case client
  /// We accepted.
  case server
}

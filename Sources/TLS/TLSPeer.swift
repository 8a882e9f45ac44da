// SPDX-License-Identifier: Apache-2.0
package import TLSTerms
package import Timekeeping

/// What is known about the other side once the handshake is complete.
package struct TLSPeer: Hashable, Sendable {
  /// The protocol spoken: `TLSv1.3`.
  package let version: String
  /// The cipher agreed on: `TLS_AES_256_GCM_SHA384`.
  package let cipher: String
  /// Whether it has shown a certificate that is good and, for a server, made for the host we meant.
  package let isVerified: Bool
  /// What verification would have failed with, where the policy does not demand it.
  package let fault: TLSFailure?
  /// When its certificate expires.
  package let certificateEnd: WallTime?
  /// Whether the keys come from an earlier session's ticket.
  package let isResumed: Bool
}

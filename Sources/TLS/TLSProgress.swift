// SPDX-License-Identifier: Apache-2.0
package import TLSTerms

/// What a step of a TLS session came to. Whatever it says, ciphertext may have been added for the peer, and must be sent.
package enum TLSProgress: Hashable, Sendable {
  /// The step is done: the handshake is complete, or plaintext was moved.
  case progressed
  /// Nothing more can be done before more ciphertext arrives.
  case wantsInput
  /// The peer has said that it sends no more (close_notify).
  case closed
  /// The session is over; every further step says the same.
  case failed(TLSFailure)
}

// SPDX-License-Identifier: Apache-2.0
internal import COpenSSL
internal import Timekeeping

/// What a peer offered so that a later connection can skip the certificates; good for one connection at a time.
///
/// It remembers whom it was made with and by what policy, and a session refuses one that does not fit: a connection made without
/// verification must never lend its keys to one that demands it.
@safe package final class TLSTicket {
  /// The policy it was obtained under.
  package let policy: TLSPolicy
  /// The name the peer was verified by.
  package let peerName: String
  /// When it was first kept.
  var obtained: Moment?
  let pointer: OpaquePointer

  init(owning pointer: OpaquePointer, policy: TLSPolicy, peerName: String) {
    unsafe self.pointer = pointer
    self.policy = policy
    self.peerName = peerName
  }

  deinit { unsafe SSL_SESSION_free(pointer) }
}

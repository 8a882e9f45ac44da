// SPDX-License-Identifier: Apache-2.0
import SMTP
import TLS

/// How the connection to an upstream is protected, as it turned out.
struct UpstreamSecurity {
  /// What may be sent on it.
  let channel: UpstreamChannel
  /// What the handshake found; nil without TLS.
  let peer: TLSPeer?
  /// What a login can be tied to; nil without TLS.
  var binding: ChannelBinding?
  /// What the session went on with; nil where it began anew.
  var ticket: TLSTicket?
}

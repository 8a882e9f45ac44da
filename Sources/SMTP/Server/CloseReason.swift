// SPDX-License-Identifier: Apache-2.0
package import Octets

/// Why the server ends a conversation: one value for the log, beside the reply that the client gets.
package enum CloseReason: Hashable, Sendable {
  /// The client said QUIT.
  case quit
  /// The first words were those of HTTP.
  case spokeHTTP
  /// The first bytes were a TLS handshake, where TLS is not spoken.
  case spokeTLS
  /// Bytes came before the greeting.
  case talkedBeforeGreeting
  /// Bytes came behind a command that must be the last of its group (RFC 2920 §3.1).
  case talkedAhead(of: ServerVerb)
  /// A command line ended with a bare LF.
  case bareLineFeedInCommand
  /// A line went on and on.
  case endlessLine
  /// The body contained what text must not, as a smuggled end of data does.
  case unsafeBody(BodyText.Violation)
  /// A BDAT command left unknown how many bytes follow it.
  case unreadableChunk
  /// More mistakes than the limit allows.
  case tooManyErrors
  /// More messages than the limit allows.
  case tooManyTransactions
  /// The driver ended it.
  case interrupted(Interruption)

  /// What makes a driver end a conversation.
  package enum Interruption: Hashable, Sendable {
    /// The client said nothing for too long.
    case idle
    /// The daemon is stopping.
    case shuttingDown
    /// There are more connections than the limit allows.
    case tooManyConnections
    /// The client is not among those who may connect.
    case notAllowed
  }
}

extension CloseReason: CustomStringConvertible {
  package var description: String {
    switch self {
    case .quit: "the client said QUIT"
    case .spokeHTTP: "the client speaks HTTP"
    case .spokeTLS: "the client speaks TLS on a port without TLS"
    case .talkedBeforeGreeting: "the client talked before the greeting"
    case .talkedAhead(let verb): "the client sent bytes behind \(verb) without waiting for the reply"
    case .bareLineFeedInCommand: "a command ended with LF instead of CRLF"
    case .endlessLine: "a command line did not end"
    case .unsafeBody(let violation): "a body had a \(violation)"
    case .unreadableChunk: "a BDAT command left its size unknown"
    case .tooManyErrors: "too many errors"
    case .tooManyTransactions: "too many messages on one connection"
    case .interrupted(.idle): "the client was silent for too long"
    case .interrupted(.shuttingDown): "the daemon is stopping"
    case .interrupted(.tooManyConnections): "too many connections"
    case .interrupted(.notAllowed): "the client may not connect"
    }
  }
}

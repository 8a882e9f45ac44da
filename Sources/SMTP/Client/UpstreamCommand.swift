// SPDX-License-Identifier: Apache-2.0
package import Octets

/// A command to an upstream that carries no addresses; ``UpstreamTransaction`` writes those that do.
///
/// Commands are written from types only, never from a peer's bytes, and each is checked once more on its way out: a line with CR, LF or NUL
/// inside it is a bug of ours and stops the program before a byte of it leaves.
package enum UpstreamCommand: Hashable, Sendable {
  /// The greeting that asks for extensions.
  case ehlo(ClientName)
  /// The greeting for servers that know none.
  case helo(ClientName)
  /// Going over to TLS (RFC 3207).
  case startTLS
  /// The body follows, dot-stuffed.
  case data
  /// So many bytes of the body follow (RFC 3030).
  case chunk(ByteCount, Chunk)
  /// The transaction is given up.
  case reset
  /// Nothing, to see whether the connection lives.
  case noop
  /// The end of the connection.
  case quit

  /// Whether more of the body follows a chunk.
  package enum Chunk: Hashable, Sendable {
    /// More follows.
    case more
    /// This was the end.
    case last
  }

  /// Adds the command's line to what will be sent.
  package func append(to queue: inout ByteQueue) {
    queue.appendCommandLine { line in
      switch self {
      case .ehlo(let name):
        line.append("EHLO ")
        line.append(name.text)
      case .helo(let name):
        line.append("HELO ")
        line.append(name.text)
      case .startTLS: line.append("STARTTLS")
      case .data: line.append("DATA")
      case .chunk(let count, let chunk):
        line.append("BDAT ")
        line.append(DecimalDigits(count.bytes).bytes)
        if chunk == .last { line.append(" LAST") }
      case .reset: line.append("RSET")
      case .noop: line.append("NOOP")
      case .quit: line.append("QUIT")
      }
    }
  }
}

extension ByteQueue {
  /// Adds what `write` writes as one command line, with its line end; it must have none inside.
  mutating func appendCommandLine(_ write: (inout ByteQueue) -> Void) {
    let start = count
    write(&self)
    precondition(bytes.extracting(start..<count).isInsideLine, "a command is one line")
    append("\r\n")
  }
}

extension Span where Element == UInt8 {
  /// Whether nothing in it ends a line or a text.
  fileprivate var isInsideLine: Bool {
    for index in indices where self[index] == 0x0a || self[index] == 0x0d || self[index] == 0 { return false }
    return true
  }
}

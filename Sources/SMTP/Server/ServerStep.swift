// SPDX-License-Identifier: Apache-2.0
package import Mail

/// What the driver shall do next; the conversation waits for it where it says so.
package enum ServerStep: Hashable, Sendable {
  /// Send the reply and go on reading commands.
  case say(Reply)
  /// Send the reply and close the connection.
  case close(Reply, CloseReason)
  /// Decide whether this sender may send, and whether there is room for a message of the size announced; then call
  /// ``ServerConversation/admit()`` or ``ServerConversation/refuse(_:)``.
  case judgeSender(Mailbox?, announcedSize: Int?)
  /// Decide whether this recipient may be written to; then call ``ServerConversation/admit()`` or ``ServerConversation/refuse(_:)``.
  case judgeRecipient(Mailbox)
  /// Send the reply, decode until the end of DATA or a violation, then call ``ServerConversation/bodyEnded(_:at:)``.
  case collectBody(Reply)
  /// Feed so many bytes to the decoder of this message, then call ``ServerConversation/chunkEnded(_:at:)``.
  case collectChunk(Chunk)
  /// Read so many bytes and forget them, then call ``ServerConversation/chunkDiscarded()``.
  case discardChunk(size: Int)
  /// Make the message durable, then call ``ServerConversation/stored(as:)`` or ``ServerConversation/notStored(_:)``.
  indirect case store(CompletedTransaction)
  /// Send the reply, see that no byte is pending, do the handshake, then call ``ServerConversation/tlsStarted()``.
  case startTLS(Reply)

  /// One chunk of a message (RFC 3030).
  package struct Chunk: Hashable, Sendable {
    /// Its bytes on the wire.
    package let size: Int
    /// Whether it is the message's first, for which a decoder must be made.
    package let isFirst: Bool
    /// Whether its message is text, whose line ends are checked.
    package let isText: Bool
  }
}

/// A transaction whose message is complete.
package struct CompletedTransaction: Hashable, Sendable {
  /// Who sends it to whom.
  package let envelope: Envelope
  /// What it came in by.
  package let with: TransferProtocol
}

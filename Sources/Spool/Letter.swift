// SPDX-License-Identifier: Apache-2.0
package import Mail

/// A message on its way into the spool: its number, its envelope and its body, complete and checked.
package struct Letter: Sendable {
  /// The number given out by ``Spool/nextID()``, which the `Received:` line already names.
  package var id: MessageID
  /// Who sends it to whom.
  package var envelope: Envelope
  /// Headers and text, lines ended by CRLF, dots not stuffed.
  package var body: LetterBody
  /// Whether it shall wait for an operator; otherwise it is due at once, or when the envelope says.
  package var isHeld: Bool

  /// A letter that may go out at once.
  package init(id: MessageID, envelope: Envelope, body: LetterBody) {
    self.id = id
    self.envelope = envelope
    self.body = body
    isHeld = false
  }
}

/// Where the bytes of a message are.
package enum LetterBody: Sendable {
  /// In memory, to be written into the journal.
  case memory([UInt8])
  /// In a file of its own, already on stable storage.
  case file(BodyFile)

  /// How many bytes it has.
  package var size: Int {
    switch self {
    case .memory(let bytes): bytes.count
    case .file(let file): file.size
    }
  }
}

/// A body in a file of its own; the message's number is the file's name.
package struct BodyFile: Hashable, Sendable {
  /// How many bytes it has.
  package var size: Int
  /// The CRC32C of all of them.
  package var checksum: UInt32
}

/// Where a message stands.
package enum QueueState: UInt8, Hashable, Sendable {
  /// It goes out when it is due.
  case queued = 1
  /// An operator stopped it; it waits to be released.
  case held = 2
  /// Every recipient is settled and at least one failed; it stays to be seen until somebody removes it or its time is over.
  case failed = 3
}

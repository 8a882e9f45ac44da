// SPDX-License-Identifier: Apache-2.0
import EventLoop
import Mail
import Spool

/// One message on the road: what was accepted, and who still waits for it.
struct Consignment {
  /// How many attempts were made before this one.
  let attempts: Int
  let letter: StoredLetter
  /// The recipients to be named to this upstream now, by their places in the envelope; never empty.
  let candidates: [Int]
  private let spool: Spool

  /// A letter that a connection is about to take to these recipients.
  init(_ letter: StoredLetter, from spool: Spool, attempts: Int, to candidates: [Int]) {
    self.letter = letter
    self.spool = spool
    self.attempts = attempts
    self.candidates = candidates
  }

  var id: MessageID { letter.id }

  var envelope: Envelope { letter.envelope }

  /// How many bytes its body has.
  var size: Int { letter.size }

  /// The recipients that are neither delivered nor failed, by their place in the envelope.
  var openRecipients: [Int] { letter.openRecipients }

  /// Its body, where it is in memory.
  var bodyInMemory: [UInt8]? { if case .memory(let bytes) = letter.body { bytes } else { nil } }

  /// Its body, from the beginning.
  @Loop func content() -> Content {
    switch letter.body {
    case .memory(let bytes): .memory(bytes)
    case .file(let file): .file(spool.read(body: file, of: letter.id))
    }
  }

  /// A body that is read piece by piece.
  @Loop enum Content {
    case memory([UInt8])
    case file(BodyReader)
    case nothing

    /// The next piece; nil behind the last one. A throw means that the message must not be completed.
    mutating func next() async throws(SpoolFailure) -> [UInt8]? {
      switch self {
      case .memory(let bytes):
        self = .nothing
        return bytes
      case .file(let reader): return try await reader.next()
      case .nothing: return nil
      }
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
internal import Mail
internal import Octets
package import Timekeeping

/// How a message's content comes in: by DATA, or in chunks by BDAT (RFC 5321 §4.1.1.4, RFC 3030).
///
/// A chunk must be read even when it is refused, or its bytes would be taken for commands; so every BDAT whose size is known leads to
/// reading that many bytes, and one whose size is not known ends the conversation. After a refusal the transaction is gone, and chunks
/// that the client had sent ahead are read and refused in turn.
extension ServerConversation {
  /// The decoder for the message that the conversation asked to collect, behind DATA or beginning with `chunk`.
  package func decoder(for chunk: ServerStep.Chunk?) -> DataDecoder {
    DataDecoder(chunk.map { $0.isText ? .chunkedText : .chunkedBinary } ?? .dotted, limits: limits)
  }

  /// The decoder has seen the end of DATA, or a violation.
  package mutating func bodyEnded(_ body: DataDecoder, at now: WallTime) -> ServerStep {
    precondition(phase == .collecting, "a body ends where one was being collected")
    if let violation = body.violation { return close(.unsafeBody("\(violation)"), .unsafeBody(violation)) }
    precondition(body.hasEnded, "a body is judged when it is complete")
    return complete(body, at: now)
  }

  /// The decoder has been fed a whole chunk.
  package mutating func chunkEnded(_ body: DataDecoder, at now: WallTime) -> ServerStep {
    precondition(phase == .chunking, "a chunk ends where one was being collected")
    guard let transaction else { preconditionFailure("a chunk belongs to a transaction") }
    phase = .command
    if let violation = body.violation { return abandon(.unsafeChunk("\(violation)")) }
    guard transaction.isLastChunk else { return .say(.chunkTaken(body.size)) }
    if body.endsInsideLineEnd { return abandon(.unsafeChunk("\(BodyText.Violation.bareCarriageReturn)")) }
    return complete(body, at: now)
  }

  /// The bytes of a refused chunk have been read.
  package mutating func chunkDiscarded() -> ServerStep {
    guard case .discarding(let reply) = phase else { preconditionFailure("only a refused chunk is discarded") }
    return abandon(reply)
  }

  mutating func data() -> ServerStep {
    guard let transaction else { return fail(isGreeted ? .mailFirst : .greetFirst) }
    guard transaction.chunks == 0 else { return fail(.chunksBegun) }
    guard transaction.isText else { return fail(.binaryNeedsChunks) }
    guard !transaction.recipients.isEmpty else { return fail(.noRecipients) }
    phase = .collecting
    return .collectBody(.sendData)
  }

  mutating func chunk(_ scanner: consuming GrammarScanner) -> ServerStep {
    guard extensions.contains(.chunking) else { return close(.chunkNotOffered, .unreadableChunk) }
    scanner.takeSpaces()
    guard let size = scanner.takeNumber(digits: 18) else { return close(.unreadableChunk, .unreadableChunk) }
    var isLast = false
    if scanner.takeSpaces(), !scanner.isAtEnd {
      isLast = scanner.takeIgnoringCase("LAST")
      scanner.takeSpaces()
    }
    guard scanner.isAtEnd else { return close(.unreadableChunk, .unreadableChunk) }
    if let reply = refusal(ofChunk: size) {
      // The transaction goes at once: nothing that comes behind the chunk may find it.
      resetTransaction()
      phase = .discarding(reply)
      return .discardChunk(size: size)
    }
    let isFirst = transaction?.chunks == 0
    transaction?.chunks += 1
    transaction?.chunkedSize += size
    transaction?.isLastChunk = isLast
    phase = .chunking
    return .collectChunk(.init(size: size, isFirst: isFirst, isText: transaction?.isText != false))
  }

  private func refusal(ofChunk size: Int) -> Reply? {
    guard let transaction else { return isGreeted ? .mailFirst : .greetFirst }
    if transaction.recipients.isEmpty { return .noRecipients }
    if transaction.chunks >= limits.chunks { return .tooManyChunks }
    if size > limits.messageSize.bytes - transaction.chunkedSize { return .tooLarge(limit: limits.messageSize.bytes) }
    return nil
  }

  private mutating func complete(_ body: DataDecoder, at now: WallTime) -> ServerStep {
    guard let transaction else { preconditionFailure("a body belongs to a transaction") }
    phase = .command
    if body.isTooLarge { return abandon(.tooLarge(limit: limits.messageSize.bytes)) }
    if body.isHeaderTooLarge { return abandon(.headerTooLarge(limit: limits.headerSection.bytes)) }
    if body.survey.hops > limits.hops { return abandon(.tooManyHops(body.survey.hops)) }
    if let longest = limits.textLine, body.longestLine > longest { return abandon(.textLineTooLong(limit: longest)) }
    phase = .storing
    return .store(described(transaction, isBeyondASCII: body.isBeyondASCII, at: now))
  }

  /// Refuses a message whose content is not acceptable: its transaction is over, the conversation is not.
  private mutating func abandon(_ reply: Reply) -> ServerStep {
    phase = .command
    resetTransaction()
    return .say(reply)
  }
}

extension ServerConversation {
  /// The message under way as far as it is known, for the trace lines in front of a body that is stored while it comes.
  package func underway(at now: WallTime) -> CompletedTransaction {
    guard let transaction else { preconditionFailure("a body belongs to a transaction") }
    return described(transaction, isBeyondASCII: false, at: now)
  }

  private func described(_ transaction: ServerTransaction, isBeyondASCII: Bool, at now: WallTime) -> CompletedTransaction {
    let used = TransferProtocol(isExtended: isExtended, isEncrypted: isEncrypted, isInternationalized: transaction.mail.isInternationalized)
    return CompletedTransaction(envelope: transaction.envelope(submitter, isBeyondASCII: isBeyondASCII, at: now), with: used)
  }
}

// SPDX-License-Identifier: Apache-2.0
import EventLoop
import Mail
import Octets
import SMTP
import Spool
import Timekeeping

/// What a session must remember of a conversation beside the conversation itself.
///
/// It lies on the heap, because whatever a session that waits has in its frames is paid for thousands of times.
@Loop final class SessionCourse {
  /// When the connection must be over.
  let end: Moment
  /// When the message under way must be complete.
  var transactionEnd = Moment.distantFuture
  /// What is to come from the client next.
  var reading = Reading.command
  /// How long the client said that message is.
  var announcedSize: Int?
  /// The messages that were stored.
  var messages = 0
  /// What the conversation wants done; nil when the client has the word.
  var step: ServerStep?
  /// Whether the message must be handed to the spool before more of it is taken.
  var holdsMuch = false
  /// The message that is coming in.
  var body: IncomingBody?
  /// The transaction whose message is complete.
  var complete: CompletedTransaction?
  /// Why the sender may not send: said at RCPT, where programs look for it.
  var senderRefusal: Reply?
  /// Why something is refused, in words that are not for the client.
  var cause: String?
  /// The stream to ask again about a client whose unit was too new to be known.
  var acquaintance: (any ByteStream)?

  init(end: Moment) { self.end = end }

  /// What a client can owe.
  enum Reading: Equatable {
    case command
    /// What comes behind DATA, to its end.
    case body
    /// So many bytes of a chunk.
    case chunk(Int)
    /// So many bytes of a chunk that nobody wants.
    case refusedChunk(Int)
  }

  /// A message begins to come in.
  func begin(_ next: consuming IncomingBody) {
    forgetBody()
    body = consume next
  }

  /// What is known about the bytes that have come.
  var decoder: DataDecoder {
    guard let decoder = body?.decoder else { preconditionFailure("what is judged has come in") }
    return decoder
  }

  /// The whole message, the trace lines in front, with its number and whether it is mail that nobody waits for.
  func seal(_ trace: (MessageID, HeaderSurvey) -> [UInt8]) throws(BodyRefusal) -> (MessageID, LetterBody, isBulk: Bool) {
    guard let id = body?.id, let survey = body?.decoder.survey, let content = try body?.seal(trace: { trace(id, survey) })
    else { preconditionFailure("what is stored has come in") }
    return (id, content, survey.isBulk)
  }

  /// Whether the message came to its end without the spool though it is long.
  var isLongAndHere: Bool { body?.isLongAndHere ?? false }

  /// Whether the spool has the message already, as far as it has come.
  var isStreamed: Bool { body?.isStreamed ?? false }

  /// Takes bytes of the message, up to its end.
  func take(_ bytes: Span<UInt8>) -> IncomingBody.Progress {
    guard let progress = body?.take(bytes) else { preconditionFailure("what comes in was begun") }
    holdsMuch = progress.isLarge
    return progress
  }

  /// The message belongs to the spool from now on.
  func handOver() {
    body?.handOver()
    body = nil
  }

  /// The message that is coming in, to be worked on without a copy of its bytes.
  func takeBody() -> IncomingBody {
    guard let taken = body.take() else { preconditionFailure("what is taken in was begun") }
    return taken
  }

  /// Gives up a message that came to nothing.
  func forgetBody() {
    body?.discard()
    body = nil
    holdsMuch = false
  }
}

// SPDX-License-Identifier: Apache-2.0
import EventLoop
import SMTP
import Timekeeping

/// What a session must remember of a conversation beside the conversation itself.
///
/// It lies on the heap, because whatever a session that waits has in its frames is paid for thousands of times.
@Loop final class SessionCourse {
  /// When the connection must be over.
  let end: Moment
  /// When the message under way must be complete.
  var transactionEnd = Moment.distantFuture
  /// The messages that were stored.
  var messages = 0
  /// What the conversation wants done; nil when the client has the word.
  var step: ServerStep?
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

  /// A message begins to come in.
  func begin(_ next: IncomingBody) {
    forgetBody()
    body = next
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
  }
}

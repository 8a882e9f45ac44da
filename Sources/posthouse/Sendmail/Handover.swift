// SPDX-License-Identifier: Apache-2.0
internal import Mail
internal import Octets
internal import SMTP

/// Giving a message to the daemon: all of its recipients are taken, or it is not sent.
///
/// Only where the daemon takes fewer recipients at a time than there are, the message goes in several transactions, and a later one can
/// fail when the first has succeeded; the failure then says so.
struct Handover: ~Copyable {
  private var dialogue: RelayDialogue
  private let name: ClientName

  init(_ dialogue: consuming RelayDialogue, _ name: ClientName) {
    self.dialogue = dialogue
    self.name = name
  }

  /// Hands over a message that consists of these pieces.
  consuming func run(_ envelope: Envelope, _ pieces: [ArraySlice<UInt8>]) throws(SendmailFailure) {
    let capabilities = try dialogue.greet(as: name)
    let size = pieces.reduce(0) { $0 + $1.count }
    if let limit = capabilities.sizeLimit, size > limit.bytes {
      throw SendmailFailure(
        .unavailable, "the message has \(size) bytes, the relay takes \(limit.bytes) at most (Listen.MaxMessageSize)")
    }
    let transaction: UpstreamTransaction
    do throws(TransactionRefusal) {
      transaction = try UpstreamTransaction(envelope, size: ByteCount(bytes: size), to: capabilities)
    } catch { throw SendmailFailure(.dataError, "the message cannot be sent: \(error)") }
    var waiting = envelope.recipients[...]
    while !waiting.isEmpty {
      do throws(SendmailFailure) {
        waiting = waiting.dropFirst(try send(transaction, waiting.prefix(capabilities.recipientLimit ?? .max), pieces, envelope.coding))
      } catch {
        guard waiting.count < envelope.recipients.count, let first = waiting.first else { throw error }
        let taken = envelope.recipients.count - waiting.count
        throw SendmailFailure(
          error.code, "\(error.text); the first \(taken) recipients are served, those from <\(first.mailbox)> on are not")
      }
    }
    dialogue.end()
  }

  /// One transaction; answers how many of the recipients it served.
  private mutating func send(
    _ transaction: UpstreamTransaction, _ recipients: ArraySlice<Recipient>, _ pieces: [ArraySlice<UInt8>], _ coding: Envelope.BodyCoding
  ) throws(SendmailFailure) -> Int {
    let sender = try dialogue.say { transaction.appendMail(to: &$0) }
    guard sender.code == 250 else { throw SendmailFailure(sender, to: "the sender", at: .sender) }
    var taken = 0
    for recipient in recipients {
      let reply = try dialogue.say { transaction.appendRecipient(recipient, to: &$0) }
      if reply.code == 452, reply.status?.subject == 5, taken > 0 { break }
      guard reply.code / 100 == 2 else { throw SendmailFailure(reply, to: "the recipient <\(recipient.mailbox)>", at: .recipient) }
      taken += 1
    }
    let reply = try transfer(pieces, coding)
    guard reply.code == 250 else { throw SendmailFailure(reply, to: "the message", at: .message) }
    return taken
  }

  /// Sends the text in the way its coding needs; answers what became of it.
  private mutating func transfer(_ pieces: [ArraySlice<UInt8>], _ coding: Envelope.BodyCoding) throws(SendmailFailure) -> UpstreamReply {
    switch coding {
    case .sevenBit, .eightBit:
      let reply = try dialogue.say { UpstreamCommand.data.append(to: &$0) }
      return reply.code == 354 ? try dialogue.send(message: pieces) : reply
    case .binary:
      return try dialogue.send(chunk: pieces)
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
package import Mail
internal import Timekeeping
package import Varlink

/// How a message is shown to those who ask: everything that is known of it but its text.
extension QueuedMessage {
  /// The description of a message from its envelope and the last outcome of each recipient; nil for one that was never tried.
  package init(_ id: MessageID, _ state: State, size: Int, _ envelope: Envelope, _ outcomes: [Outcome?], attempts: Int) {
    precondition(outcomes.count == envelope.recipients.count, "each recipient has a place for its outcome")
    self.init(
      id: "\(id)", state: state, sizeBytes: size, sender: envelope.sender?.text ?? "",
      recipients: zip(envelope.recipients, outcomes).map { Recipient($0, $1) }, acceptedUSec: envelope.accepted.microseconds,
      peer: envelope.submitter.peer)
    self.attempts = attempts
    lastReply = outcomes.compactMap { $0 }.last { $0.verdict != .delivered }?.reason.sentence
    greeting = envelope.submitter.greeting.isEmpty ? nil : envelope.submitter.greeting
    peerUID = envelope.submitter.user
    peerUser = envelope.submitter.userName
    peerUnit = envelope.submitter.unit
    switch envelope.coding {
    case .sevenBit: break
    case .eightBit: extensions.append(Need.eightBitMIME)
    case .binary: extensions.append(Need.binaryMIME)
    }
    if envelope.isInternationalized { extensions.append(Need.smtpUTF8) }
    if envelope.requiresTLS { extensions.append(Need.requireTLS) }
    envelopeID = envelope.envelopeID
    report = envelope.reportContent.map { $0 == .full ? .full : .headers }
    holdUntilUSec = envelope.holdUntil?.microseconds
  }
}

extension QueuedMessage.Recipient {
  fileprivate init(_ recipient: Recipient, _ outcome: Outcome?) {
    let state: QueuedMessage.RecipientState =
      switch outcome?.verdict {
      case nil: .waiting
      case .delivered: .delivered
      case .deferred: .deferred
      case .failed: .failed
      }
    self.init(address: recipient.mailbox.text, state: state, reply: outcome?.reason.sentence)
    original = recipient.original
    guard let wanted = recipient.notify else { return }
    let all: [(Recipient.Notify, QueuedMessage.Notify)] = [(.success, .success), (.failure, .failure), (.delay, .delay)]
    notify = all.filter { wanted.contains($0.0) }.map(\.1)
  }
}

extension Outcome.Reason {
  /// The reply as a peer would write it.
  fileprivate var sentence: String {
    [code == 0 ? "" : "\(code)", status, text].filter { !$0.isEmpty }.joined(separator: " ")
  }
}

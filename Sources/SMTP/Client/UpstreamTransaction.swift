// SPDX-License-Identifier: Apache-2.0
package import Mail
package import Octets

/// One message on its way into one upstream: which parameters go with MAIL and RCPT there, decided once.
///
/// A parameter is written only where the upstream offered its extension. What the message needs and the upstream does not offer:
/// - *8-bit body without 8BITMIME*: sent as it is, without `BODY=`. RFC 6152 §3 asks to convert or to fail; converting breaks
///   signatures (DKIM), failing loses mail that every deployed server in fact passes on unharmed.
/// - *binary body without BINARYMIME and CHUNKING*, *SMTPUTF8*, *REQUIRETLS*: the message fails for good, in words.
/// - *larger than the announced SIZE*: fails for good, with both numbers.
/// - *DSN*: the wishes are left out (RFC 3461 §5.2.2 lets the reports be ours).
package struct UpstreamTransaction: Hashable, Sendable {
  private let sender: Mailbox?
  private let parameters: String
  /// Whether the sender's wishes about reports travel on, so that what happens behind the upstream is reported from there.
  package let passesOnNotifications: Bool

  /// Decides how `envelope` with a body of `size` goes to an upstream with these capabilities; throws when it cannot go there at all.
  package init(_ envelope: Envelope, size: ByteCount, to upstream: UpstreamCapabilities) throws(TransactionRefusal) {
    var isInternationalized = envelope.isInternationalized
    if let sender = envelope.sender { isInternationalized = try UpstreamTransaction.check(sender) || isInternationalized }
    for recipient in envelope.recipients {
      isInternationalized = try UpstreamTransaction.check(recipient.mailbox) || isInternationalized
    }
    guard !isInternationalized || upstream.offers(.internationalized) else { throw .internationalizationNotOffered }
    guard envelope.coding != .binary || upstream.offers([.binary, .chunking]) else { throw .binaryNotOffered }
    guard !envelope.requiresTLS || upstream.offers(.requireTLS) else { throw .requireTLSNotOffered }
    if let limit = upstream.sizeLimit, size > limit { throw .tooLarge(size: size, limit: limit) }

    sender = envelope.sender
    passesOnNotifications = upstream.offers(.notifications)
    var parameters = ""
    if upstream.offers(.size) { parameters += " SIZE=\(size.bytes)" }
    switch envelope.coding {
    case .sevenBit: break
    case .eightBit: if upstream.offers(.eightBit) { parameters += " BODY=8BITMIME" }
    case .binary: parameters += " BODY=BINARYMIME"
    }
    if isInternationalized { parameters += " SMTPUTF8" }
    if envelope.requiresTLS { parameters += " REQUIRETLS" }
    if passesOnNotifications {
      switch envelope.reportContent {
      case .full: parameters += " RET=FULL"
      case .headers: parameters += " RET=HDRS"
      case nil: break
      }
      if let id = envelope.envelopeID.map(Xtext.encode), !id.isEmpty, id.utf8.count <= 100 { parameters += " ENVID=\(id)" }
    }
    self.parameters = parameters
  }

  /// Refuses a mailbox that cannot be written into a command; answers whether it has characters outside ASCII.
  private static func check(_ mailbox: Mailbox) throws(TransactionRefusal) -> Bool {
    guard mailbox.isOneWireArgument else {
      throw .unsafeAddress(String(printable: mailbox.text, limit: TransactionRefusal.shownAddress))
    }
    return !mailbox.isASCII
  }

  /// Adds the MAIL command to what will be sent.
  package func appendMail(to queue: inout ByteQueue) {
    queue.appendCommandLine { line in
      line.append("MAIL FROM:<")
      if let sender { line.append(sender.text) }
      line.append(">")
      line.append(parameters)
    }
  }

  /// Adds the RCPT command for one of the envelope's recipients to what will be sent.
  package func appendRecipient(_ recipient: Recipient, to queue: inout ByteQueue) {
    precondition(recipient.mailbox.isOneWireArgument, "a recipient comes from the envelope that was checked")
    queue.appendCommandLine { line in
      line.append("RCPT TO:<")
      line.append(recipient.mailbox.text)
      line.append(">")
      guard passesOnNotifications else { return }
      if let notify = recipient.notify {
        line.append(" NOTIFY=")
        line.append(UpstreamTransaction.words(notify))
      }
      if let original = recipient.original.flatMap(OriginalRecipient.argument) {
        line.append(" ORCPT=")
        line.append(original)
      }
    }
  }

  private static func words(_ notify: Recipient.Notify) -> String {
    let names: [(Recipient.Notify, String)] = [(.success, "SUCCESS"), (.failure, "FAILURE"), (.delay, "DELAY")]
    let chosen = names.filter { notify.contains($0.0) }.map(\.1)
    return chosen.isEmpty ? "NEVER" : chosen.joined(separator: ",")
  }
}

extension Mailbox {
  /// Whether it can stand between angle brackets: no control character, and space or bracket only inside quotes that are closed.
  fileprivate var isOneWireArgument: Bool {
    var (isQuoted, isEscaped) = (false, false)
    let bytes = text.utf8.span
    for index in bytes.indices {
      let byte = bytes[index]
      guard byte >= 0x20, byte != 0x7f else { return false }
      if isEscaped {
        isEscaped = false
      } else if isQuoted, byte == UInt8(ascii: "\\") {
        isEscaped = true
      } else if byte == UInt8(ascii: "\"") {
        isQuoted.toggle()
      } else if !isQuoted, byte == UInt8(ascii: " ") || byte == UInt8(ascii: "<") || byte == UInt8(ascii: ">") {
        return false
      }
    }
    return !isQuoted && !bytes.isEmpty
  }
}

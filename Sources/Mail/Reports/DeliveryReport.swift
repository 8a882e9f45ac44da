// SPDX-License-Identifier: Apache-2.0
package import Octets
package import Timekeeping

/// A delivery status notification (RFC 3464, RFC 6522): the letter that tells a sender what became of theirs.
///
/// It exists only where somebody is to be told: never for the null sender, so that no report is ever answered with a report, and only
/// about recipients for whom it was asked (NOTIFY). It has three parts: words for a person, fields for a program, and the original or
/// its header section.
///
/// It travels as plain ASCII wherever it can, whatever the original was made of: words and headers beyond ASCII are coded, addresses
/// beyond it stand in the `utf-8` form (RFC 6533 §3), because the upstream that could not take the original must be able to take the
/// report. Only where the sender's own address is beyond ASCII is it an SMTPUTF8 message itself; only where a whole 8-bit original is
/// returned is it 8-bit.
package struct DeliveryReport: Sendable {
  let original: Envelope
  let recipients: [ReportedRecipient]
  let addressee: Mailbox

  /// A report about a message, or nil when nobody wants one. It goes to the sender, or to `addressee` where the settings say so.
  package init?(about original: Envelope, _ recipients: [ReportedRecipient], to addressee: Mailbox? = nil) {
    guard let sender = original.sender else { return nil }
    let wanted = recipients.filter(\.isWanted)
    guard !wanted.isEmpty else { return nil }
    self.original = original
    self.recipients = wanted
    self.addressee = addressee ?? sender
  }

  /// How many recipients it is about.
  package var recipientCount: Int { recipients.count }

  /// What it tells, in one or two words; the worst of it where it tells several things.
  package var subject: String {
    if recipients.contains(where: { $0.action == .failed }) { return "Undelivered" }
    return recipients.contains { $0.action != .relayed } ? "Delayed" : "Passed on"
  }

  /// Who reports.
  package struct Author: Hashable, Sendable {
    /// The name of this relay.
    package let host: String
    /// The most bytes of the original that are returned.
    package let contentLimit: ByteCount

    /// A relay of this name.
    package init(host: String, contentLimit: ByteCount = .kibibytes(64)) {
      self.host = host
      self.contentLimit = contentLimit
    }
  }

  /// A letter ready to be accepted.
  package struct Letter: Hashable, Sendable {
    /// From nobody, to whom it is reported.
    package let envelope: Envelope
    /// Header section and body, in clean CRLF lines.
    package let bytes: [UInt8]
  }

  /// How much of an original of this size has to be known (RFC 3461 §4.3): all of it only where the sender asked for it, something
  /// failed, and it is not too large.
  package func content(of size: ByteCount, by author: Author) -> Envelope.ReportContent {
    guard original.reportContent == .full, original.coding != .binary, size <= author.contentLimit else { return .headers }
    return recipients.contains { $0.action == .failed } ? .full : .headers
  }

  /// Writes the letter; `id` is the name it will have in this house, `now` its date.
  package func letter(returning message: OriginalMessage, by author: Author, id: MessageID, at now: WallTime) -> Letter {
    let form: ReportForm = addressee.isASCII ? .ascii : .unicode
    let words = ReportPart(words: ReportWords(recipients, accepted: original.accepted, by: author.host).text, form)
    let fields = ReportPart(fields: StatusFields(original, recipients, by: author.host, form).text, form)
    let returned = returned(message, by: author, form)
    let parts = [words, fields, returned]
    let isEightBit = parts.contains { $0.coding == .eightBit }

    var boundary = "=_\(id)"
    while parts.contains(where: { $0.holds("--" + boundary) }) { boundary += "x" }
    var text = header(message, by: author, id, now, form)
    text += "MIME-Version: 1.0\r\nContent-Type: multipart/report; report-type=delivery-status;\r\n\tboundary=\"\(boundary)\"\r\n"
    text += "Content-Transfer-Encoding: \(isEightBit ? "8bit" : "7bit")\r\n\r\n"
    text += "This is a report about mail that you sent. Your mail program does not show its parts.\r\n"
    var bytes = Array(text.utf8)
    for part in parts {
      bytes += "--\(boundary)\r\n\(part.header)\r\n".utf8
      bytes += part.body
      bytes += [0x0d, 0x0a]
    }
    bytes += "--\(boundary)--\r\n".utf8

    var submitter = Submitter(peer: "posthouse", greeting: author.host)
    submitter.unit = original.submitter.unit
    submitter.user = original.submitter.user
    var envelope = Envelope(sender: nil, recipients: [Recipient(addressee)], submitter: submitter, accepted: now)
    envelope.coding = isEightBit ? .eightBit : .sevenBit
    envelope.isInternationalized = form == .unicode
    return Letter(envelope: envelope, bytes: bytes)
  }

  private func header(_ message: OriginalMessage, by author: Author, _ id: MessageID, _ now: WallTime, _ form: ReportForm) -> String {
    let host = form.clean(author.host)
    var text = "From: Mail relay <postmaster@\(host)>\r\nTo: <\(addressee)>\r\n"
    let subject = message.field("subject", limit: 400).flatMap { form.permits($0) ? $0 : nil }
    text += "Subject: \(self.subject)" + (subject.map { ": \($0)" } ?? " mail") + "\r\n"
    text += "Date: \(CivilTime(now).rfc5322)\r\nMessage-ID: <\(id)@\(host)>\r\n"
    if let name = message.field("message-id", limit: 250), name.utf8.first == 0x3c, name.utf8.last == 0x3e, !name.contains(" "),
      form.permits(name)
    {
      text += "In-Reply-To: \(name)\r\nReferences: \(name)\r\n"
    }
    return text + "Auto-Submitted: auto-replied\r\n"
  }

  private func returned(_ message: OriginalMessage, by author: Author, _ form: ReportForm) -> ReportPart {
    let isWhole = message.extent == .full && content(of: ByteCount(bytes: message.bytes.count), by: author) == .full
    let bytes = isWhole ? message.bytes[...] : message.header(limit: author.contentLimit)
    return ReportPart(returning: bytes, isWhole ? .full : .headers, isInternationalized: original.isInternationalized, form)
  }
}

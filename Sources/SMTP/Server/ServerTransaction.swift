// SPDX-License-Identifier: Apache-2.0
internal import Mail
internal import Timekeeping

/// One mail transaction from MAIL to the end of its message (RFC 5321 §3.3). It is made whole and forgotten whole: there is nothing in it
/// to reset.
struct ServerTransaction: Hashable {
  /// What MAIL said.
  let mail: MailCommand
  /// Those who were admitted.
  var recipients: [Recipient] = []
  /// How many chunks came; DATA and RCPT are out of place once there was one.
  var chunks = 0
  /// The bytes of those chunks.
  var chunkedSize = 0
  /// Whether the chunk under way is the last.
  var isLastChunk = false

  init(_ mail: MailCommand) { self.mail = mail }

  /// The framing that BDAT has here.
  var isText: Bool { mail.coding != .binary }

  /// The envelope of the complete message, whose coding is what the body turned out to need.
  func envelope(_ submitter: Submitter, isBeyondASCII: Bool, at now: WallTime) -> Envelope {
    var envelope = Envelope(sender: mail.sender, recipients: recipients, submitter: submitter, accepted: now)
    envelope.coding = isBeyondASCII && mail.coding == .sevenBit ? .eightBit : mail.coding
    envelope.isInternationalized = mail.isInternationalized
    envelope.reportContent = mail.reportContent
    envelope.envelopeID = mail.envelopeID
    envelope.requiresTLS = mail.requiresTLS
    if let time = mail.holdUntil, time > now { envelope.holdUntil = time }
    return envelope
  }
}

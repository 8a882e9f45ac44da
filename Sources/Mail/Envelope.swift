// SPDX-License-Identifier: Apache-2.0
package import Timekeeping

/// What travels outside the letter: who sends, to whom, and what was asked of the carriers (RFC 5321 §2.3.1).
///
/// It is made once, when the transaction is complete, and never changes; what becomes of each recipient is kept beside it.
package struct Envelope: Hashable, Sendable {
  /// Where reports go; nil is the null sender `<>`, to whom nothing is ever reported.
  package var sender: Mailbox?
  /// Who shall have it, in the order given; never empty in an accepted message.
  package var recipients: [Recipient]
  /// How the body is coded (RFC 6152, RFC 3030).
  package var coding: BodyCoding
  /// Whether addresses or headers need SMTPUTF8 (RFC 6531).
  package var isInternationalized: Bool
  /// What a report shall contain (RFC 3461 RET).
  package var reportContent: ReportContent?
  /// The sender's own name for this message (RFC 3461 ENVID), xtext decoded.
  package var envelopeID: String?
  /// Whether every hop must be encrypted and verified (RFC 8689).
  package var requiresTLS: Bool
  /// Not to be sent before this time (RFC 4865).
  package var holdUntil: WallTime?
  /// Whether its header calls it mail that nobody waits for (`Precedence:` bulk, list or junk).
  package var isBulk: Bool
  /// Who handed it in.
  package var submitter: Submitter
  /// When it was accepted.
  package var accepted: WallTime

  /// An envelope with nothing special asked of the carriers.
  package init(sender: Mailbox?, recipients: [Recipient], submitter: Submitter, accepted: WallTime) {
    self.sender = sender
    self.recipients = recipients
    self.submitter = submitter
    self.accepted = accepted
    coding = .sevenBit
    isInternationalized = false
    requiresTLS = false
    isBulk = false
  }

  /// How the bytes of a body are coded.
  package enum BodyCoding: UInt8, Hashable, Sendable {
    case sevenBit = 0
    case eightBit = 1
    case binary = 2
  }

  /// What a report carries of the message.
  package enum ReportContent: UInt8, Hashable, Sendable {
    case full = 0
    case headers = 1
  }
}

/// One of those who shall have a message, with what was asked about reports (RFC 3461).
package struct Recipient: Hashable, Sendable {
  /// Where it goes.
  package var mailbox: Mailbox
  /// When the sender wants a report; nil where nothing was said.
  package var notify: Notify?
  /// The address as first given (ORCPT), `type;address`, xtext decoded.
  package var original: String?

  /// A recipient about whom nothing special was said.
  package init(_ mailbox: Mailbox) { self.mailbox = mailbox }

  /// The conditions under which a report is wanted; the empty set is NEVER.
  package struct Notify: OptionSet, Hashable, Sendable {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }
    package static let success = Notify(rawValue: 1)
    package static let failure = Notify(rawValue: 2)
    package static let delay = Notify(rawValue: 4)
  }
}

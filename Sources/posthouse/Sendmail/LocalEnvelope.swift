// SPDX-License-Identifier: Apache-2.0
internal import Mail
internal import Octets
internal import SMTP
internal import Timekeeping

/// From whom a local message comes and to whom it goes, from the command line and, with `-t`, from its header section.
struct LocalEnvelope {
  private let order: SendmailInvocation
  private let house: String
  private let user: String

  /// Envelopes as `order` says, of mail by `user`, in a house whose name is added to addresses that have no domain.
  init(_ order: SendmailInvocation, user: String, house: String) {
    self.order = order
    self.user = user
    self.house = house
  }

  /// The envelope of a message.
  func envelope(of message: LocalMessage, at now: WallTime) throws(SendmailFailure) -> Envelope {
    var recipients: [Recipient] = []
    var known: Set<Mailbox> = []
    for mailbox in try namedRecipients() + headerRecipients(message) where known.insert(mailbox).inserted {
      var recipient = Recipient(mailbox)
      recipient.notify = order.notify
      recipients.append(recipient)
    }
    guard !recipients.isEmpty else {
      throw SendmailFailure(.usage, "the message names no recipients in its To:, Cc: and Bcc:")
    }
    var envelope = Envelope(
      sender: try sender(), recipients: recipients, submitter: Submitter(peer: "sendmail", greeting: house), accepted: now)
    envelope.coding = message.isBeyondASCII ? .eightBit : .sevenBit
    envelope.reportContent = order.reportContent
    envelope.envelopeID = order.envelopeID
    return envelope
  }

  /// The header section as it travels, with the empty line behind it: with a `From:`, and without those who shall not be known.
  func header(of message: LocalMessage) throws(SendmailFailure) -> [UInt8] {
    var header = message.header(without: ["bcc", "resent-bcc"])
    if message.field("from") == nil {
      let named = try sender()
      let address = if let named { named } else { try ownMailbox() }
      let phrase = DisplayName.phrase(order.fullName ?? "")
      header = Array((phrase.isEmpty ? "From: \(address)\r\n" : "From: \(phrase) <\(address)>\r\n").utf8) + header
    }
    return header + [0x0d, 0x0a]
  }

  /// Who gets the reports; nil for nobody.
  private func sender() throws(SendmailFailure) -> Mailbox? {
    guard let written = order.sender else { return try ownMailbox() }
    if written.isEmpty || written == "<>" { return nil }
    let mailboxes = try self.mailboxes(named: written, "-f \"\(written.shown)\"", code: .usage)
    guard let only = mailboxes.first, mailboxes.count == 1 else {
      throw SendmailFailure(.usage, "-f \"\(written.shown)\" is not one address")
    }
    return only
  }

  private func ownMailbox() throws(SendmailFailure) -> Mailbox { try mailbox(user, code: .noUser) }

  private func namedRecipients() throws(SendmailFailure) -> [Mailbox] {
    var mailboxes: [Mailbox] = []
    for written in order.recipients {
      mailboxes += try self.mailboxes(named: written, "the recipient \"\(written.shown)\"", code: .noUser)
    }
    return mailboxes
  }

  /// Those whom the header names; where it was sent on by somebody, those to whom it was sent on.
  private func headerRecipients(_ message: LocalMessage) throws(SendmailFailure) -> [Mailbox] {
    guard order.takesRecipientsFromHeader else { return [] }
    let names = ["to", "cc", "bcc"]
    let resent = names.map { "resent-\($0)" }
    let wanted = message.fields.contains { resent.contains($0.name) } ? resent : names
    var mailboxes: [Mailbox] = []
    for field in message.fields where wanted.contains(field.name) {
      mailboxes += try self.mailboxes(in: field.value, of: "the field \(field.name.capitalized):", code: .dataError)
    }
    return mailboxes
  }

  /// The addresses in a word of the command line, where nothing is folded: a line break there is somebody's attempt at something else.
  private func mailboxes(named word: String, _ place: String, code: SystemExit) throws(SendmailFailure) -> [Mailbox] {
    guard word.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f || $0 == 0x09 }) else {
      throw SendmailFailure(code, "\(place) cannot be understood: it has a control character in it; nothing was sent")
    }
    return try mailboxes(in: Array(word.utf8)[...], of: place, code: code)
  }

  private func mailboxes(in text: ArraySlice<UInt8>, of place: String, code: SystemExit) throws(SendmailFailure) -> [Mailbox] {
    let list: AddressList
    do throws(AddressListFault) { list = try AddressList(text.span) } catch {
      throw SendmailFailure(code, "\(place) cannot be understood: \(error); nothing was sent")
    }
    var mailboxes: [Mailbox] = []
    for address in list.addresses { mailboxes.append(try mailbox(address.text(in: house), code: code)) }
    return mailboxes
  }

  private func mailbox(_ text: String, code: SystemExit) throws(SendmailFailure) -> Mailbox {
    let whole = text.contains("@") ? text : "\(text)@\(house)"
    do throws(AddressFault) { return try AddressGrammar.mailbox(whole.utf8.span) } catch {
      throw SendmailFailure(code, "\"\(whole.shown)\" is no address: \(error); nothing was sent")
    }
  }
}

extension String {
  /// A field's name as it is usually written: `resent-to` is `Resent-To`.
  fileprivate var capitalized: String {
    split(separator: "-").map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined(separator: "-")
  }
}

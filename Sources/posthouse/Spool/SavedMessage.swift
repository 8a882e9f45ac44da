// SPDX-License-Identifier: Apache-2.0
internal import Control
internal import Mail
internal import SMTP
internal import Spool
internal import Timekeeping
internal import Varlink

/// A message outside a spool: `ID.eml` is the text as it travels, `ID.json` is this, everything else that is known of it.
///
/// The JSON object is that of `posthouse queue --json`, with the version of this form and the name of the file with the text.
struct SavedMessage {
  /// What is known of the message.
  let message: QueuedMessage
  /// The file with the text.
  let textFile: String

  private static let version: Int64 = 1

  /// What is to be saved of a message in a spool.
  init(_ letter: StoredLetter) {
    message = QueuedMessage(letter)
    textFile = "\(letter.id).eml"
  }

  /// The JSON object.
  var json: JSONObject {
    var json = message.json
    json["exportVersion"] = .integer(SavedMessage.version)
    json["textFile"] = .string(textFile)
    return json
  }

  /// The message that a JSON object shows.
  init(_ json: JSONObject) throws(VarlinkError) {
    guard try json.integer("exportVersion") == SavedMessage.version else { throw .invalidParameter("exportVersion") }
    message = try QueuedMessage(json)
    textFile = try json.string("textFile")
    // It must lie beside the object.
    guard !textFile.isEmpty, !textFile.contains("/"), !textFile.hasPrefix(".") else { throw .invalidParameter("textFile") }
  }

  /// The envelope with which it goes on, to those who have not had it yet.
  func envelope(accepted: WallTime) throws(SavedMessageFault) -> Envelope {
    var sender: Mailbox?
    if !message.sender.isEmpty { sender = try SavedMessage.mailbox(message.sender) }
    var recipients: [Recipient] = []
    for saved in message.recipients {
      switch saved.state {
      case .delivered, .failed: continue
      case .waiting, .deferred: break
      }
      var recipient = Recipient(try SavedMessage.mailbox(saved.address))
      recipient.original = saved.original
      recipient.notify = saved.notify.map { occasions in
        occasions.reduce(into: []) { notify, occasion in
          switch occasion {
          case .success: notify.insert(.success)
          case .failure: notify.insert(.failure)
          case .delay: notify.insert(.delay)
          }
        }
      }
      recipients.append(recipient)
    }
    guard !recipients.isEmpty else { throw .nobodyLeft }
    var envelope = Envelope(
      sender: sender, recipients: recipients, submitter: Submitter(peer: message.peer, greeting: message.greeting ?? ""), accepted: accepted
    )
    let needs = Set(message.extensions)
    envelope.coding =
      needs.contains(QueuedMessage.Need.binaryMIME) ? .binary : needs.contains(QueuedMessage.Need.eightBitMIME) ? .eightBit : .sevenBit
    envelope.isInternationalized = needs.contains(QueuedMessage.Need.smtpUTF8)
    envelope.requiresTLS = needs.contains(QueuedMessage.Need.requireTLS)
    envelope.envelopeID = message.envelopeID
    envelope.reportContent = message.report.map { $0 == .full ? .full : .headers }
    return envelope
  }

  private static func mailbox(_ text: String) throws(SavedMessageFault) -> Mailbox {
    if text.lowercased() == "postmaster" { return Mailbox(verifiedLocalPart: "postmaster", domain: nil) }
    do throws(AddressFault) { return try AddressGrammar.mailbox(text.utf8.span) } catch { throw .badAddress(text, error) }
  }
}

/// Why a saved message cannot go on.
enum SavedMessageFault: Error {
  case nobodyLeft
  case badAddress(String, AddressFault)
}

extension QueuedMessage {
  /// The description of a message that was read from a spool.
  init(_ letter: StoredLetter) {
    let state: State =
      switch letter.state {
      case .held: .held
      case .failed: .failed
      case .queued: letter.attempts > 0 ? .deferred : .queued
      }
    self.init(letter.id, state, size: letter.size, letter.envelope, letter.outcomes, attempts: letter.attempts)
    if letter.state == .queued { nextAttemptUSec = letter.nextAttempt.microseconds }
  }
}

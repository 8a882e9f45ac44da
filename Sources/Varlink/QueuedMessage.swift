// SPDX-License-Identifier: Apache-2.0
/// One message in the spool, as `List` shows it.
package struct QueuedMessage: Hashable, Sendable {
  /// Its name.
  package var id: String
  /// Where it is in its life.
  package var state: State
  /// Its size as it was handed in.
  package var sizeBytes: Int
  /// Where reports go; empty for the null sender.
  package var sender: String
  /// Who shall have it, and what became of each.
  package var recipients: [Recipient]
  /// When it was accepted, in microseconds of civil time.
  package var acceptedUSec: Int64
  /// How often it was tried.
  package var attempts: Int
  /// When it is tried next.
  package var nextAttemptUSec: Int64?
  /// The upstream's last answer, or why there was none.
  package var lastReply: String?
  /// Where it was handed in from.
  package var peer: String
  /// The user who handed it in, as far as the kernel told.
  package var peerUID: UInt32?
  /// What that user was called.
  package var peerUser: String?
  /// The systemd unit that handed it in, as far as the kernel told.
  package var peerUnit: String?
  /// What the client called itself.
  package var greeting: String?
  /// What the message needs on its way, as ``Need`` names it.
  package var extensions: [String] = []
  /// The sender's own name for the message.
  package var envelopeID: String?
  /// What a report shall contain.
  package var report: Report?
  /// The time before which it is not sent, as its sender wished.
  package var holdUntilUSec: Int64?

  /// A message that was just accepted.
  package init(id: String, state: State, sizeBytes: Int, sender: String, recipients: [Recipient], acceptedUSec: Int64, peer: String) {
    self.id = id
    self.state = state
    self.sizeBytes = sizeBytes
    self.sender = sender
    self.recipients = recipients
    self.acceptedUSec = acceptedUSec
    self.peer = peer
    attempts = 0
  }

  /// Where a message is in its life.
  package enum State: String, CaseIterable, Hashable, Sendable {
    case queued, active, deferred, held, failed
  }

  /// One of those who shall have it.
  package struct Recipient: Hashable, Sendable {
    /// Where it goes.
    package var address: String
    /// What became of it so far.
    package var state: RecipientState
    /// The upstream's last answer about this recipient.
    package var reply: String?

    /// When the sender wants a report about it; empty for never, nil where nothing was said.
    package var notify: [Notify]?
    /// The address as first given, `type;address`.
    package var original: String?

    /// A recipient from its parts.
    package init(address: String, state: RecipientState, reply: String? = nil) {
      self.address = address
      self.state = state
      self.reply = reply
    }
  }

  /// What became of a recipient.
  package enum RecipientState: String, CaseIterable, Hashable, Sendable {
    case waiting, delivered, deferred, failed
  }

  /// The registered names of the service extensions that a message can need; there may be more in the future.
  package enum Need {
    package static let eightBitMIME = "8BITMIME"
    package static let binaryMIME = "BINARYMIME"
    package static let smtpUTF8 = "SMTPUTF8"
    package static let requireTLS = "REQUIRETLS"
  }

  /// An occasion for a report.
  package enum Notify: String, CaseIterable, Hashable, Sendable {
    case success, failure, delay
  }

  /// What a report carries of the message.
  package enum Report: String, CaseIterable, Hashable, Sendable {
    case full, headers
  }
}

extension QueuedMessage {
  /// The message as JSON.
  package var json: JSONObject {
    var json = JSONObject([
      "id": .string(id), "state": .string(state.rawValue), "sizeBytes": .count(sizeBytes), "sender": .string(sender),
      "recipients": .array(recipients.map { .object($0.json) }), "acceptedUSec": .integer(acceptedUSec), "attempts": .count(attempts),
    ])
    json.add("nextAttemptUSec", nextAttemptUSec.map { .integer($0) })
    json.add("lastReply", lastReply.map { .string($0) })
    json.add("peer", .string(peer))
    json.add("peerUID", peerUID.map { .integer(Int64($0)) })
    json.add("peerUser", peerUser.map { .string($0) })
    json.add("peerUnit", peerUnit.map { .string($0) })
    json.add("greeting", greeting.map { .string($0) })
    json.add("extensions", extensions.isEmpty ? nil : .array(extensions.map { .string($0) }))
    json.add("envelopeID", envelopeID.map { .string($0) })
    json.add("report", report.map { .string($0.rawValue) })
    json.add("holdUntilUSec", holdUntilUSec.map { .integer($0) })
    return json
  }

  /// The message that JSON shows.
  package init(_ json: JSONObject) throws(VarlinkError) {
    id = try json.string("id")
    state = try json.choice("state")
    sizeBytes = Int(try json.integer("sizeBytes"))
    sender = try json.string("sender")
    recipients = []
    for recipient in try json.objects("recipients") { recipients.append(try Recipient(recipient)) }
    acceptedUSec = try json.integer("acceptedUSec")
    attempts = Int(try json.integer("attempts"))
    nextAttemptUSec = try json.optionalInteger("nextAttemptUSec")
    lastReply = try json.optionalString("lastReply")
    peer = try json.string("peer")
    if let number = try json.optionalInteger("peerUID") {
      guard let user = UInt32(exactly: number) else { throw .invalidParameter("peerUID") }
      peerUID = user
    }
    peerUser = try json.optionalString("peerUser")
    peerUnit = try json.optionalString("peerUnit")
    greeting = try json.optionalString("greeting")
    extensions = try json.optionalStrings("extensions") ?? []
    envelopeID = try json.optionalString("envelopeID")
    report = try json.optionalChoice("report")
    holdUntilUSec = try json.optionalInteger("holdUntilUSec")
  }
}

extension QueuedMessage.Recipient {
  fileprivate var json: JSONObject {
    var json = JSONObject(["address": .string(address), "state": .string(state.rawValue)])
    json.add("reply", reply.map { .string($0) })
    json.add("notify", notify.map { .array($0.map { .string($0.rawValue) }) })
    json.add("original", original.map { .string($0) })
    return json
  }

  fileprivate init(_ json: JSONObject) throws(VarlinkError) {
    address = try json.string("address")
    state = try json.choice("state")
    reply = try json.optionalString("reply")
    notify = try json.optionalChoices("notify")
    original = try json.optionalString("original")
  }
}

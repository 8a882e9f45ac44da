// SPDX-License-Identifier: Apache-2.0
internal import Mail
internal import Octets
internal import Timekeeping

/// The envelope as fields of an accepted record.
///
/// A field is a tag, three bytes of length and its content. A reader skips a field whose tag is 128 or more and that it does not
/// know; any other unknown tag means that the record cannot be understood.
enum EnvelopeFields {
  /// Adds the fields of an envelope; `outcomes` is empty, or has one place for each recipient.
  static func encode(_ envelope: Envelope, outcomes: [Outcome?], into bytes: inout [UInt8]) {
    precondition(outcomes.isEmpty || outcomes.count == envelope.recipients.count, "outcomes belong to recipients")
    let limit = OutcomeField.textLimit(recipients: outcomes.count)
    if let sender = envelope.sender { bytes.putField(Tag.sender.rawValue, sender.text) }
    for (index, recipient) in envelope.recipients.enumerated() {
      bytes.putField(Tag.recipient.rawValue) { bytes in
        bytes.putField(RecipientTag.mailbox.rawValue, recipient.mailbox.text)
        if let notify = recipient.notify { bytes.putField(RecipientTag.notify.rawValue) { $0.append(notify.rawValue) } }
        if let original = recipient.original { bytes.putField(RecipientTag.original.rawValue, original) }
        if !outcomes.isEmpty, let outcome = outcomes[index] {
          bytes.putField(RecipientTag.outcome.rawValue) { OutcomeField.encode(outcome, into: &$0, textLimit: limit) }
        }
      }
    }
    if envelope.coding != .sevenBit { bytes.putField(Tag.coding.rawValue) { $0.append(envelope.coding.rawValue) } }
    if envelope.isInternationalized { bytes.putField(Tag.internationalized.rawValue) { _ in } }
    if let content = envelope.reportContent { bytes.putField(Tag.reportContent.rawValue) { $0.append(content.rawValue) } }
    if let id = envelope.envelopeID { bytes.putField(Tag.envelopeID.rawValue, id) }
    if envelope.requiresTLS { bytes.putField(Tag.requiresTLS.rawValue) { _ in } }
    if let time = envelope.holdUntil { bytes.putField(Tag.holdUntil.rawValue) { $0.put(time.microseconds) } }
    bytes.putField(Tag.peer.rawValue, envelope.submitter.peer)
    bytes.putField(Tag.greeting.rawValue, envelope.submitter.greeting)
    if let user = envelope.submitter.user { bytes.putField(Tag.user.rawValue) { $0.put(user) } }
    if let unit = envelope.submitter.unit { bytes.putField(Tag.unit.rawValue, unit) }
    if envelope.isBulk { bytes.putField(Tag.bulk.rawValue) { _ in } }
    if let name = envelope.submitter.userName { bytes.putField(Tag.userName.rawValue, name) }
  }

  /// The envelope and the outcomes in the fields that start at `offset`.
  static func decode(_ bytes: Span<UInt8>, from offset: Int, accepted: WallTime) throws(RecordDefect) -> (Envelope, [Outcome?]) {
    var envelope = Envelope(sender: nil, recipients: [], submitter: Submitter(peer: "", greeting: ""), accepted: accepted)
    var outcomes: [Outcome?] = []
    var cursor = FieldCursor(bytes, from: offset)
    while try cursor.advance() {
      let content = bytes.extracting(cursor.content)
      guard let tag = Tag(rawValue: cursor.tag) else {
        try skip(cursor.tag)
        continue
      }
      switch tag {
      case .sender: envelope.sender = try mailbox(content)
      case .recipient:
        let (recipient, outcome) = try self.recipient(content)
        envelope.recipients.append(recipient)
        outcomes.append(outcome)
      case .coding: envelope.coding = try value(content)
      case .internationalized: envelope.isInternationalized = true
      case .reportContent: envelope.reportContent = try value(content) as Envelope.ReportContent
      case .envelopeID: envelope.envelopeID = try text(content)
      case .requiresTLS: envelope.requiresTLS = true
      case .holdUntil: envelope.holdUntil = WallTime(microseconds: try number(content))
      case .peer: envelope.submitter.peer = try text(content)
      case .greeting: envelope.submitter.greeting = try text(content)
      case .user: envelope.submitter.user = try number(content) as UInt32
      case .unit: envelope.submitter.unit = try text(content)
      case .bulk: envelope.isBulk = true
      case .userName: envelope.submitter.userName = try text(content)
      }
    }
    return (envelope, outcomes.contains { $0 != nil } ? outcomes : [])
  }

  /// Calls `body` with the verdict of each recipient that has an outcome.
  static func verdicts(_ bytes: Span<UInt8>, from offset: Int) throws(RecordDefect) -> [RecipientVerdict] {
    var verdicts: [RecipientVerdict] = []
    var index = 0
    var cursor = FieldCursor(bytes, from: offset)
    while try cursor.advance() {
      guard cursor.tag == Tag.recipient.rawValue else { continue }
      let content = bytes.extracting(cursor.content)
      var inner = FieldCursor(content)
      while try inner.advance() {
        guard inner.tag == RecipientTag.outcome.rawValue else { continue }
        let verdict = try OutcomeField.verdict(content.extracting(inner.content))
        verdicts.append(RecipientVerdict(index: UInt16(index), verdict: verdict))
      }
      index += 1
    }
    return verdicts
  }

  private enum Tag: UInt8 {
    case sender = 1
    case recipient = 2
    case coding = 3
    case internationalized = 4
    case reportContent = 5
    case envelopeID = 6
    case requiresTLS = 7
    case holdUntil = 8
    case peer = 9
    case greeting = 10
    case user = 11
    case unit = 12
    case userName = 128
    case bulk = 129
  }

  private enum RecipientTag: UInt8 {
    case mailbox = 1
    case notify = 2
    case original = 3
    case outcome = 4
  }

  private static func recipient(_ bytes: Span<UInt8>) throws(RecordDefect) -> (Recipient, Outcome?) {
    var recipient: Recipient?
    var notify: Recipient.Notify?
    var original: String?
    var outcome: Outcome?
    var cursor = FieldCursor(bytes)
    while try cursor.advance() {
      let content = bytes.extracting(cursor.content)
      guard let tag = RecipientTag(rawValue: cursor.tag) else {
        try skip(cursor.tag)
        continue
      }
      switch tag {
      case .mailbox: recipient = Recipient(try mailbox(content))
      case .notify: notify = Recipient.Notify(rawValue: try number(content))
      case .original: original = try text(content)
      case .outcome: outcome = try OutcomeField.decode(content)
      }
    }
    guard var recipient else { throw .malformed("a recipient has no address") }
    recipient.notify = notify
    recipient.original = original
    return (recipient, outcome)
  }

  private static func skip(_ tag: UInt8) throws(RecordDefect) {
    if tag < 128 { throw .malformed("it has a field of the unknown kind \(tag)") }
  }

  private static func text(_ bytes: Span<UInt8>) throws(RecordDefect) -> String {
    guard let text = bytes.utf8Text else { throw .malformed("a text is not UTF-8") }
    return text
  }

  /// A mailbox splits at its last `@`: a domain has none.
  private static func mailbox(_ bytes: Span<UInt8>) throws(RecordDefect) -> Mailbox {
    let text = try text(bytes)
    guard let at = text.lastIndex(of: "@") else { return Mailbox(verifiedLocalPart: text, domain: nil) }
    return Mailbox(verifiedLocalPart: String(text[..<at]), domain: String(text[text.index(after: at)...]))
  }

  private static func number<Number: FixedWidthInteger & BitwiseCopyable>(_ bytes: Span<UInt8>) throws(RecordDefect) -> Number {
    guard bytes.count == Number.bitWidth / 8 else { throw .malformed("a number has the wrong length") }
    return bytes.number(Number.self, at: 0)
  }

  private static func value<Value: RawRepresentable>(_ bytes: Span<UInt8>) throws(RecordDefect) -> Value where Value.RawValue == UInt8 {
    guard let value = Value(rawValue: try number(bytes)) else { throw .malformed("a field has an unknown value") }
    return value
  }
}

/// One recipient's verdict without its words.
struct RecipientVerdict: Hashable, Sendable {
  /// Which of the envelope's recipients.
  var index: UInt16
  /// What became of it.
  var verdict: Outcome.Verdict
}

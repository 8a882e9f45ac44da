// SPDX-License-Identifier: Apache-2.0
internal import Octets
internal import Timekeeping

/// The lines that we put in front of a message: `Received:` always, `Date:` and `Message-ID:` where the sender left them out (RFC 5321
/// §4.4, §6.4).
///
/// Nothing of the message itself is touched. Whatever a peer called itself, it cannot end a line or open a comment: the names in a trace
/// are reduced to the characters of host names.
package struct TraceHeader: Sendable {
  /// The name this relay goes by.
  package var host: String
  /// The name of the message in this house.
  package var id: MessageID
  /// What it came in by.
  package var with: TransferProtocol

  /// The trace of a message that `host` took in by the protocol `with` and named `id`.
  package init(host: String, id: MessageID, with: TransferProtocol) {
    self.host = host
    self.id = id
    self.with = with
  }

  /// The lines for a message with this envelope and this header section, ready to stand in front of it.
  package func lines(for envelope: Envelope, _ survey: HeaderSurvey) -> [UInt8] {
    // Naming one of several recipients would tell the others of them.
    var recipient = envelope.recipients.count == 1 ? envelope.recipients[0].mailbox : nil
    if let only = recipient, !only.isASCII, !envelope.isInternationalized { recipient = nil }
    let names = envelope.submitter.greeting.utf8.count + envelope.submitter.peer.utf8.count + 2 * host.utf8.count
    var date: [UInt8] = []
    date.append(addingCapacity: CivilTime.longestText) { CivilTime(envelope.accepted).appendRFC5322(to: &$0) }
    let room = TraceHeader.roomForWords + names + 2 * date.count + (recipient?.text.utf8.count ?? 0)
    var lines: [UInt8] = []
    lines.append(addingCapacity: room) { text in
      text.append("Received: from ")
      TraceHeader.append(name: envelope.submitter.greeting.utf8.span, to: &text)
      text.append(" (")
      TraceHeader.append(origin: envelope.submitter.peer, to: &text)
      text.append(")\r\n\tby ")
      TraceHeader.append(name: host.utf8.span, to: &text)
      text.append(" (Posthouse) with ")
      text.append(text: with.description)
      text.append(" id ")
      id.append(to: &text)
      if let recipient {
        text.append("\r\n\tfor <")
        text.append(text: recipient.text)
        text.append(">")
      }
      text.append(";\r\n\t")
      text.append(date.span)
      text.append("\r\n")
      if !survey.hasDate {
        text.append("Date: ")
        text.append(date.span)
        text.append("\r\n")
      }
      if !survey.hasMessageID {
        text.append("Message-ID: <")
        id.append(to: &text)
        text.append("@")
        TraceHeader.append(name: host.utf8.span, to: &text)
        text.append(">\r\n")
      }
      if survey.beginsWithoutHeader { text.append("\r\n") }
    }
    return lines
  }

  /// More than all that is written beside names, dates and the recipient; a name that is missing has a word of its own.
  private static let roomForWords = 320
  private static let longestName = 255

  private static func append(name: Span<UInt8>, to text: inout OutputSpan<UInt8>) {
    if name.isEmpty { return text.append("unknown") }
    for place in 0..<min(name.count, longestName) { text.append(isAllowed(name[place]) ? name[place] : UInt8(ascii: "?")) }
  }

  private static func isAllowed(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: ":"), UInt8(ascii: "["), UInt8(ascii: "]"): true
    default: byte.isASCIIDigit || byte.isASCIILetter
    }
  }

  /// The address of a peer as a literal, without its port; a peer without an address by its kind.
  private static func append(origin peer: String, to text: inout OutputSpan<UInt8>) {
    let whole = peer.utf8.span
    var (start, end) = (0, whole.count)
    // A bare IPv6 address ends with a colon and more, too.
    if let colon = whole.lastIndex(of: UInt8(ascii: ":")), IPAddress(whole) == nil { end = colon }
    if end - start >= 2, whole[start] == UInt8(ascii: "["), whole[end - 1] == UInt8(ascii: "]") { (start, end) = (start + 1, end - 1) }
    let address = whole.extracting(start..<end)
    guard let parsed = IPAddress(address) else { return append(name: address, to: &text) }
    text.append(parsed.isIPv4 ? "[" : "[IPv6:")
    // There is only one way to write an IPv4 address.
    if parsed.isIPv4 { text.append(address) } else { text.append(text: parsed.description) }
    text.append("]")
  }
}

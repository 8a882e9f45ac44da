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
    let date = CivilTime(envelope.accepted).rfc5322
    var text = "Received: from \(TraceHeader.hostName(envelope.submitter.greeting)) (\(TraceHeader.origin(envelope.submitter.peer)))\r\n"
    text += "\tby \(TraceHeader.hostName(host)) (Posthouse) with \(with) id \(id)"
    // Naming one of several recipients would tell the others of them.
    if envelope.recipients.count == 1, let recipient = envelope.recipients.first?.mailbox, recipient.isASCII || envelope.isInternationalized
    {
      text += "\r\n\tfor <\(recipient)>"
    }
    text += ";\r\n\t\(date)\r\n"
    if !survey.hasDate { text += "Date: \(date)\r\n" }
    if !survey.hasMessageID { text += "Message-ID: <\(id)@\(TraceHeader.hostName(host))>\r\n" }
    if survey.beginsWithoutHeader { text += "\r\n" }
    return Array(text.utf8)
  }

  private static func hostName(_ name: String) -> String {
    let bytes = name.utf8.prefix(255).map { byte in
      byte.isASCIIDigit || byte.isASCIILetter || allowed.contains(byte) ? byte : UInt8(ascii: "?")
    }
    return bytes.isEmpty ? "unknown" : String(decoding: bytes, as: UTF8.self)
  }

  private static let allowed = Array("-._:[]".utf8)

  /// The address of a peer as a literal, without its port; a peer without an address by its kind.
  private static func origin(_ peer: String) -> String {
    var address = peer[...]
    if let colon = peer.lastIndex(of: ":"), IPAddress(peer) == nil { address = peer[..<colon] }
    if address.first == "[", address.last == "]" { address = address.dropFirst().dropLast() }
    guard let parsed = IPAddress(String(address)) else { return hostName(String(address)) }
    return parsed.isIPv4 ? "[\(parsed)]" : "[IPv6:\(parsed)]"
  }
}

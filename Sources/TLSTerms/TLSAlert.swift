// SPDX-License-Identifier: Apache-2.0
/// Why the peer broke the connection off, in its own code (RFC 8446 §6).
package struct TLSAlert: Hashable, Sendable {
  /// The number on the wire.
  package let number: UInt8

  /// An alert by its number.
  package init(number: UInt8) { self.number = number }

  /// Whether it is about the certificate that we show, or fail to show.
  package var isAboutOurCertificate: Bool { [42, 43, 44, 45, 46, 48, 116].contains(number) }

  /// What the code means, in words.
  package var meaning: String { row?.meaning ?? "alert \(number)" }

  /// What can be done about it.
  package var remedy: String { row?.remedy ?? "ask the peer's administrator; its log has the reason" }

  private var row: Row? { TLSAlert.table.first { $0.number == number } }

  private struct Row {
    let number: UInt8
    let meaning: String
    let remedy: String
    init(_ number: UInt8, _ meaning: String, _ remedy: String) {
      self.number = number
      self.meaning = meaning
      self.remedy = remedy
    }
  }

  private static let ourCertificate = "check the certificate and key that we present, and that the peer trusts their issuer"
  private static let theirLog = "ask the peer's administrator; its log has the reason"

  private static let table = [
    Row(10, "unexpected message", theirLog),
    Row(20, "a record was damaged on the way", "look for a proxy or firewall that alters the connection"),
    Row(22, "a record was too long", theirLog),
    Row(40, "handshake failure", "the peer found no cipher, key or version in common, or demands a client certificate"),
    Row(42, "our certificate is bad", ourCertificate),
    Row(43, "our certificate is of a kind it does not support", ourCertificate),
    Row(44, "our certificate is revoked", ourCertificate),
    Row(45, "our certificate has expired", "renew the certificate that we present"),
    Row(46, "our certificate is not acceptable", ourCertificate),
    Row(47, "an illegal parameter", theirLog),
    Row(48, "it does not know the issuer of our certificate", ourCertificate),
    Row(49, "access denied", "check with the peer whether this certificate may connect"),
    Row(50, "it could not decode a message", theirLog),
    Row(51, "it could not decrypt a message", theirLog),
    Row(70, "it does not speak this protocol version", "let both sides speak TLS 1.2 or 1.3"),
    Row(71, "our ciphers are too weak for it", "look at the OpenSSL configuration of this machine"),
    Row(80, "an internal error of the peer", theirLog),
    Row(86, "an inappropriate fallback", theirLog),
    Row(90, "it gave up", theirLog),
    Row(109, "a missing extension", theirLog),
    Row(110, "an unsupported extension", theirLog),
    Row(112, "it does not know the host name we asked for", "set Upstream.Host= to a name the server serves"),
    Row(113, "it is not satisfied with our certificate's status", ourCertificate),
    Row(116, "it demands a client certificate", "set ClientCertificate= and ClientKey= under [Upstream]"),
    Row(120, "no application protocol in common", theirLog),
  ]
}

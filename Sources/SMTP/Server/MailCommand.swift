// SPDX-License-Identifier: Apache-2.0
package import Mail
internal import Octets
package import Timekeeping

/// MAIL, read: who sends and what is asked of the carriers (RFC 5321 §4.1.1.2, RFC 1870, 3461, 4865, 4954, 6152, 6531, 8689).
///
/// The path is read first, with any characters, then the parameters; only then is it judged whether characters outside ASCII are welcome,
/// since the parameter that makes them so stands behind the path.
package struct MailCommand: Hashable, Sendable {
  /// Where reports go; nil is `<>`.
  package private(set) var sender: Mailbox?
  /// The size the client announces.
  package private(set) var size: Int?
  /// How the body will be coded.
  package private(set) var coding = Envelope.BodyCoding.sevenBit
  /// Whether SMTPUTF8 was given.
  package private(set) var isInternationalized = false
  /// RET.
  package private(set) var reportContent: Envelope.ReportContent?
  /// ENVID, decoded.
  package private(set) var envelopeID: String?
  /// Whether REQUIRETLS was given.
  package private(set) var requiresTLS = false
  /// HOLDFOR or HOLDUNTIL, as the time it comes to.
  package private(set) var holdUntil: WallTime?

  private static let parameters: [ParameterScanner.Entry] = [
    .init(keyword: "SIZE", parameter: .size, needs: .size), .init(keyword: "BODY", parameter: .body, needs: .eightBitMIME),
    .init(keyword: "SMTPUTF8", parameter: .smtpUTF8, needs: .smtpUTF8), .init(keyword: "RET", parameter: .ret, needs: .dsn),
    .init(keyword: "ENVID", parameter: .envid, needs: .dsn), .init(keyword: "AUTH", parameter: .auth, needs: .anyAuth),
    .init(keyword: "REQUIRETLS", parameter: .requireTLS, needs: .requireTLS),
    .init(keyword: "HOLDFOR", parameter: .holdFor, needs: .futureRelease),
    .init(keyword: "HOLDUNTIL", parameter: .holdUntil, needs: .futureRelease),
  ]

  /// Reads what stands behind the word MAIL.
  init(
    _ scanner: consuming GrammarScanner, _ extensions: ServerOffer.Extensions, longestHold: Duration, limits: ServerLimits, at now: WallTime
  ) throws(CommandFault) {
    scanner.takeSpaces()
    guard scanner.takeIgnoringCase("FROM:") else { throw .mailWithoutFrom }
    // RFC 5321 §3.3 has no space here; many clients do.
    scanner.takeSpaces()
    do throws(AddressFault) {
      switch try AddressGrammar.takePath(&scanner) {
      case .null: sender = nil
      case .mailbox(let mailbox): sender = mailbox
      case .postmaster: throw AddressFault.missingDomain
      }
    } catch {
      throw .badSender(error)
    }
    var list = ParameterScanner(scanner, known: MailCommand.parameters, offered: extensions)
    while let parameter = try list.next() {
      try take(parameter, list, extensions, longestHold: longestHold, at: now)
    }
    if let size, size > limits.messageSize.bytes { throw .tooLarge(limit: limits.messageSize.bytes) }
    if let sender, !sender.isASCII, !isInternationalized { throw .senderNeedsUTF8 }
  }

  private mutating func take(
    _ parameter: CommandFault.Parameter, _ list: borrowing ParameterScanner, _ extensions: ServerOffer.Extensions, longestHold: Duration,
    at now: WallTime
  ) throws(CommandFault) {
    switch parameter {
    case .size: size = try list.number(.size, digits: 20)
    case .body: coding = try MailCommand.coding(list, extensions)
    case .smtpUTF8:
      try list.requireNoValue(.smtpUTF8)
      isInternationalized = true
    case .ret:
      guard list.valueIs("FULL") || list.valueIs("HDRS") else { throw .badValue(.ret) }
      reportContent = list.valueIs("FULL") ? .full : .headers
    case .envid:
      guard list.bytes.count <= 100, let text = Xtext.decode(list.bytes), !text.isEmpty else { throw .badValue(.envid) }
      envelopeID = text
    case .auth:
      // Who is said to have written it is nothing that this relay passes on.
      guard !list.bytes.isEmpty, Xtext.decode(list.bytes) != nil else { throw .badValue(.auth) }
    case .requireTLS:
      try list.requireNoValue(.requireTLS)
      requiresTLS = true
    case .holdFor:
      let wait = Duration.seconds(try list.number(.holdFor, digits: 9))
      try hold(until: now + wait, longestHold: longestHold, at: now)
    case .holdUntil:
      guard let time = list.bytes.utf8Text.flatMap({ WallTime(rfc3339: $0) }) else { throw .badValue(.holdUntil) }
      try hold(until: time, longestHold: longestHold, at: now)
    case .notify, .orcpt: throw .unknownParameter
    }
  }

  private mutating func hold(until time: WallTime, longestHold: Duration, at now: WallTime) throws(CommandFault) {
    guard holdUntil == nil else { throw .holdsTwice }
    guard time - now <= longestHold else { throw .holdTooLong(seconds: longestHold.components.seconds) }
    holdUntil = time
  }

  private static func coding(_ list: borrowing ParameterScanner, _ extensions: ServerOffer.Extensions) throws(CommandFault)
    -> Envelope.BodyCoding
  {
    if list.valueIs("7BIT") { return .sevenBit }
    if list.valueIs("8BITMIME") { return .eightBit }
    guard list.valueIs("BINARYMIME"), extensions.contains(.binaryMIME) else { throw .badValue(.body) }
    return .binary
  }
}

// SPDX-License-Identifier: Apache-2.0
internal import Mail
internal import Octets

/// RCPT, read: one recipient with what was asked about reports (RFC 5321 §4.1.1.3, RFC 3461, RFC 6533).
struct RecipientCommand {
  /// Who shall have the message.
  private(set) var recipient: Recipient

  private static let parameters: [ParameterScanner.Entry] = [
    .init(keyword: "NOTIFY", parameter: .notify, needs: .dsn), .init(keyword: "ORCPT", parameter: .orcpt, needs: .dsn),
  ]

  /// Reads what stands behind the word RCPT, in a transaction that is international or not.
  init(_ scanner: consuming GrammarScanner, _ extensions: ServerOffer.Extensions, isInternationalized: Bool) throws(CommandFault) {
    scanner.takeSpaces()
    guard scanner.takeIgnoringCase("TO:") else { throw .recipientWithoutTo }
    scanner.takeSpaces()
    do throws(AddressFault) {
      switch try AddressGrammar.takePath(&scanner) {
      case .null: throw AddressFault.nullNotAllowed
      case .mailbox(let mailbox): recipient = Recipient(mailbox)
      case .postmaster: recipient = Recipient(Mailbox(verifiedLocalPart: "postmaster", domain: nil))
      }
    } catch {
      throw .badRecipient(error)
    }
    var list = ParameterScanner(scanner, known: RecipientCommand.parameters, offered: extensions)
    while let parameter = try list.next() {
      if parameter == .notify {
        recipient.notify = try RecipientCommand.notify(list.bytes)
      } else {
        recipient.original = try RecipientCommand.original(list.bytes, isInternationalized: isInternationalized)
      }
    }
    if !recipient.mailbox.isASCII, !isInternationalized { throw .recipientNeedsUTF8 }
  }

  private static func notify(_ value: Span<UInt8>) throws(CommandFault) -> Recipient.Notify {
    if value.equalsIgnoringCase("NEVER") { return [] }
    var notify: Recipient.Notify = []
    var start = 0
    repeat {
      let end = value.firstIndex(of: UInt8(ascii: ","), from: start) ?? value.count
      let word = value.extracting(start..<end)
      let wish: Recipient.Notify? =
        if word.equalsIgnoringCase("SUCCESS") { .success } else if word.equalsIgnoringCase("FAILURE") {
          .failure
        } else if word.equalsIgnoringCase("DELAY") { .delay } else { nil }
      guard let wish else { throw .badValue(.notify) }
      notify.insert(wish)
      start = end + 1
    } while start <= value.count
    return notify
  }

  /// The type and the decoded address of ORCPT. What is outside ASCII is kept as `\x{…}`, RFC 6533's form for carriers without SMTPUTF8,
  /// so that it is always printable ASCII and can be coded as xtext again.
  private static func original(_ value: Span<UInt8>, isInternationalized: Bool) throws(CommandFault) -> String {
    guard value.count <= 500, let semicolon = value.firstIndex(of: UInt8(ascii: ";")), semicolon > 0 else { throw .badValue(.orcpt) }
    for index in 0..<semicolon where !value[index].isASCIILetter && !value[index].isASCIIDigit && value[index] != UInt8(ascii: "-") {
      throw .badValue(.orcpt)
    }
    let type = value.extracting(0..<semicolon)
    let coded = value.extracting(semicolon + 1..<value.count)
    guard !coded.isEmpty, let typeText = type.utf8Text else { throw .badValue(.orcpt) }
    if let address = Xtext.decode(coded) { return "\(typeText);\(address)" }
    guard type.equalsIgnoringCase("UTF-8"), isInternationalized, let text = coded.utf8Text else { throw .badValue(.orcpt) }
    var embedded = ""
    for scalar in text.unicodeScalars {
      if scalar.isASCII {
        embedded.unicodeScalars.append(scalar)
      } else {
        embedded += "\\x{\(String(scalar.value, radix: 16, uppercase: true))}"
      }
    }
    guard let address = Xtext.decode(embedded.utf8.span) else { throw .badValue(.orcpt) }
    return "\(typeText);\(address)"
  }
}

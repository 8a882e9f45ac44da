// SPDX-License-Identifier: Apache-2.0
internal import Mail
internal import Octets
internal import SMTP

/// An address: what is taken can be printed into a command and is read back as the same mailbox.
enum PathFuzz {
  static func run(_ bytes: [UInt8]) throws(FuzzFinding) {
    var scanner = GrammarScanner(bytes.span)
    do throws(AddressFault) {
      switch try AddressGrammar.takePath(&scanner) {
      case .null, .postmaster: return
      case .mailbox(let mailbox): try check(mailbox)
      }
    } catch {
      try FuzzFinding.require(!"\(error)".isEmpty, "a refusal has no words")
    }
  }

  private static func check(_ mailbox: Mailbox) throws(AddressFault) {
    let text = mailbox.text
    precondition(text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7f }, "an address has a control character")
    precondition(text == "\(mailbox.localPart)@\(mailbox.domain)", "an address is put together from its parts")
    let path = "<\(text)>"
    var scanner = GrammarScanner(path.utf8.span)
    let again = try AddressGrammar.takePath(&scanner)
    precondition(again == .mailbox(mailbox) && scanner.isAtEnd, "an address is not read back as it was: \(path)")
  }
}

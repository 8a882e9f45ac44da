// SPDX-License-Identifier: Apache-2.0
internal import Octets

/// One mail address, already checked: `local@domain`, or the reserved `postmaster` without a domain (RFC 5321 §4.1.2, §4.5.1).
///
/// Only a parser makes one from a peer's bytes, so whoever holds a mailbox may print it into a command: it has no control character, no
/// unquoted space and no angle bracket outside quotes. `text` is in canonical form, the local part quoted only where it must be.
package struct Mailbox: Hashable, Sendable {
  /// The address as it is written between angle brackets.
  package let text: String
  /// Where the domain starts in the UTF-8 of `text`; the length of `text` when there is none.
  private let domainOffset: Int

  /// A mailbox from parts that the caller has checked: the local part as written, quotes included, and the domain or address literal.
  package init(verifiedLocalPart localPart: String, domain: String?) {
    guard let domain else {
      text = localPart
      domainOffset = localPart.utf8.count
      return
    }
    text = localPart + "@" + domain
    domainOffset = localPart.utf8.count + 1
  }

  /// A mailbox whose text the caller has checked, with a local part of so many bytes before the `@`.
  package init(verifiedText text: String, localPartLength: Int) {
    precondition(localPartLength < text.utf8.count, "a mailbox has an @ behind its local part")
    self.text = text
    domainOffset = localPartLength + 1
  }

  /// The part before the `@`, quotes included.
  package var localPart: Substring {
    let end = domainOffset == text.utf8.count ? domainOffset : domainOffset - 1
    return text[..<text.utf8.index(text.startIndex, offsetBy: end)]
  }

  /// The part behind the `@`, or an empty text for `postmaster`.
  package var domain: Substring { text[text.utf8.index(text.startIndex, offsetBy: domainOffset)...] }

  /// Whether it can travel without SMTPUTF8.
  package var isASCII: Bool { !text.utf8.span.kinds.contains(.beyondASCII) }
}

extension Mailbox: CustomStringConvertible {
  package var description: String { text }
}

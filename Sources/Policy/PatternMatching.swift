// SPDX-License-Identifier: Apache-2.0
package import Mail
package import Settings

/// An address made comparable once, to be held against many patterns.
struct ComparableAddress {
  /// What stands before and behind the `@`, in small letters; nil is the empty sender.
  private let parts: (localPart: String, domain: String)?

  init(_ mailbox: Mailbox?) {
    parts = mailbox.map { (AddressPattern.folded($0.localPart), AddressPattern.folded($0.domain)) }
  }

  func belongs(to pattern: AddressPattern) -> Bool {
    guard let parts else { return pattern.domain == .none }
    if let wanted = pattern.localPart, wanted != parts.localPart { return false }
    switch pattern.domain {
    case .any: return true
    case .exactly(let name): return name == parts.domain
    case .below(let suffix): return parts.domain.hasSuffix(suffix)
    case .none: return false
    }
  }
}

extension AddressPattern {
  /// Whether `mailbox` is one of the addresses; nil is the empty sender.
  package func matches(_ mailbox: Mailbox?) -> Bool { ComparableAddress(mailbox).belongs(to: self) }
}

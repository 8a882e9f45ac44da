// SPDX-License-Identifier: Apache-2.0
package import Octets

/// A block of addresses: `10.0.0.0/8`, `fd00::/8`, or one address alone.
package struct AddressBlock: Hashable, Sendable {
  /// The first address of the block.
  package let address: IPAddress
  /// How many leading bits all its addresses share.
  package let prefixLength: Int

  /// Whether `other` lies in this block.
  package func contains(_ other: IPAddress) -> Bool {
    other.isIPv4 == address.isIPv4 && other.prefix(prefixLength) == address
  }

  /// Whether it is every address there is, or is written as if it were: `0.0.0.0/0`, `0.0.0.0`.
  package var isEverything: Bool { prefixLength == 0 || (address.isUnspecified && prefixLength == address.width) }

  /// The block that `text` is; nil when it is none.
  package init?(_ text: String) {
    do throws(ValueRefusal) { try self.init(written: text) } catch { return nil }
  }
}

extension AddressBlock: SingleSettingValue {
  static var kind: String { "network" }

  init(written text: String) throws(ValueRefusal) {
    let refusal = ValueRefusal("is not a network", "write an address and a prefix length, such as 10.0.0.0/8 or fd00::/8")
    let (before, behind) = text.cutOnce(at: "/") ?? (text, "")
    guard let address = IPAddress(before) else { throw refusal }
    let isAlone = !text.contains("/")
    guard behind.utf8.allSatisfy(\.isASCIIDigit), let length = isAlone ? address.width : Int(behind), length <= address.width else {
      throw refusal
    }
    let first = address.prefix(length)
    guard first == address else {
      throw ValueRefusal("has bits behind its prefix", "write \(first)/\(length), or the one address alone")
    }
    self.address = address
    prefixLength = length
  }

  var text: String { prefixLength == address.width ? "\(address)" : "\(address)/\(prefixLength)" }
}

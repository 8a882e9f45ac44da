// SPDX-License-Identifier: Apache-2.0
internal import Octets

/// A block of addresses: `10.0.0.0/8`, `fd00::/8`, or one address alone.
package struct Network: Hashable, Sendable {
  /// The first address of the block.
  package let address: IPAddress
  /// How many leading bits all its addresses share.
  package let prefixLength: Int

  /// Whether `other` lies in this block.
  package func contains(_ other: IPAddress) -> Bool {
    other.isV6 == address.isV6 && other.firstBits(prefixLength) == address.bytes
  }

  /// Whether it is every address there is.
  package var isEverything: Bool { prefixLength == 0 }
}

extension Network: SingleSettingValue {
  static var kind: String { "network" }

  init(written text: String) throws(ValueRefusal) {
    let refusal = ValueRefusal("is not a network", "write an address and a prefix length, such as 10.0.0.0/8 or fd00::/8")
    let (before, behind) = text.cutOnce(at: "/") ?? (text, "")
    guard let address = IPAddress(before) else { throw refusal }
    let bits = address.bytes.count * 8
    let isAlone = !text.contains("/")
    guard behind.utf8.allSatisfy(\.isASCIIDigit), let length = isAlone ? bits : Int(behind), length <= bits else { throw refusal }
    let first = address.firstBits(length)
    guard first == address.bytes else {
      throw ValueRefusal("has bits behind its prefix", "write \(IPAddress(bytes: first))/\(length), or the one address alone")
    }
    self.address = address
    prefixLength = length
  }

  var text: String { prefixLength == address.bytes.count * 8 ? "\(address)" : "\(address)/\(prefixLength)" }
}

extension IPAddress {
  /// The bytes with everything behind the first `count` bits set to zero.
  fileprivate func firstBits(_ count: Int) -> [UInt8] {
    bytes.enumerated().map { index, byte in
      let kept = min(max(count - index * 8, 0), 8)
      return kept == 0 ? 0 : byte & (0xff << UInt8(8 - kept))
    }
  }
}

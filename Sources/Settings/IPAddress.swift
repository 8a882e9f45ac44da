// SPDX-License-Identifier: Apache-2.0
internal import Octets

/// A numeric address, IPv4 or IPv6; an IPv4 address in IPv6 clothes (`::ffff:10.0.0.1`) becomes plain IPv4.
package struct IPAddress: Hashable, Sendable {
  /// Four or sixteen bytes, in network order.
  package let bytes: [UInt8]

  /// The address with these bytes; there must be four or sixteen.
  package init(bytes: [UInt8]) {
    precondition(bytes.count == 4 || bytes.count == 16, "an address has 4 or 16 bytes")
    let isMapped = bytes.count == 16 && bytes[..<10].allSatisfy { $0 == 0 } && bytes[10] == 0xff && bytes[11] == 0xff
    self.bytes = isMapped ? Array(bytes[12...]) : bytes
  }

  /// The address that `text` shows, without brackets and without a zone (RFC 4291 §2.2); nil when it is none.
  package init?(_ text: some StringProtocol) {
    if let bytes = IPAddress.four(text) ?? IPAddress.sixteen(text) {
      self.init(bytes: bytes)
    } else {
      return nil
    }
  }

  /// Whether it is an IPv6 address.
  package var isV6: Bool { bytes.count == 16 }

  /// Whether it never leaves this machine.
  package var isLoopback: Bool { isV6 ? bytes == [UInt8](repeating: 0, count: 15) + [1] : bytes[0] == 127 }

  /// Whether it means every address of this machine.
  package var isUnspecified: Bool { bytes.allSatisfy { $0 == 0 } }

  private static func four(_ text: some StringProtocol) -> [UInt8]? {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    guard parts.count == 4 else { return nil }
    var bytes: [UInt8] = []
    for part in parts {
      let hasLeadingZero = part.utf8.count > 1 && part.utf8.first == UInt8(ascii: "0")
      guard !part.isEmpty, !hasLeadingZero, part.utf8.allSatisfy(\.isASCIIDigit), let byte = UInt8(part) else { return nil }
      bytes.append(byte)
    }
    return bytes
  }

  private static func sixteen(_ text: some StringProtocol) -> [UInt8]? {
    guard text.utf8.count <= 45, let (front, back) = halves(of: text) else { return nil }
    guard let first = groups(front, mayEndInFour: back == nil), let last = groups(back ?? "", mayEndInFour: true) else { return nil }
    if back == nil { return first.count == 16 ? first : nil }
    guard first.count + last.count <= 14 else { return nil }
    return first + [UInt8](repeating: 0, count: 16 - first.count - last.count) + last
  }

  /// What stands before and behind the one `::`; the second is nil when there is none.
  private static func halves(of text: some StringProtocol) -> (String, String?)? {
    let bytes = Array(text.utf8)
    let colon = UInt8(ascii: ":")
    let gaps = bytes.indices.dropLast().filter { bytes[$0] == colon && bytes[$0 + 1] == colon }
    guard let gap = gaps.first else { return (String(text), nil) }
    guard gaps.count == 1 else { return nil }
    return (String(decoding: bytes[..<gap], as: UTF8.self), String(decoding: bytes[(gap + 2)...], as: UTF8.self))
  }

  private static func groups(_ text: String, mayEndInFour: Bool) -> [UInt8]? {
    guard !text.isEmpty else { return [] }
    var bytes: [UInt8] = []
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    for (index, part) in parts.enumerated() {
      if mayEndInFour, index == parts.count - 1, let tail = four(part) { return bytes + tail }
      let isHex = part.utf8.allSatisfy { $0.isASCIIDigit || ($0.asciiLowercased &- 0x61) < 6 }
      guard (1...4).contains(part.utf8.count), isHex, let group = UInt16(part, radix: 16) else { return nil }
      bytes += [UInt8(group >> 8), UInt8(group & 0xff)]
    }
    return bytes.count <= 16 ? bytes : nil
  }
}

extension IPAddress: CustomStringConvertible {
  /// The address in canonical form (RFC 5952).
  package var description: String {
    guard isV6 else { return bytes.map(\.description).joined(separator: ".") }
    let groups = stride(from: 0, to: 16, by: 2).map { UInt16(bytes[$0]) << 8 | UInt16(bytes[$0 + 1]) }
    var (gapStart, gapLength, run) = (0, 1, 0)
    for index in 0..<8 {
      run = groups[index] == 0 ? run + 1 : 0
      if run > gapLength { (gapStart, gapLength) = (index + 1 - run, run) }
    }
    let texts = groups.map { String($0, radix: 16) }
    guard gapLength > 1 else { return texts.joined(separator: ":") }
    return texts[..<gapStart].joined(separator: ":") + "::" + texts[(gapStart + gapLength)...].joined(separator: ":")
  }
}

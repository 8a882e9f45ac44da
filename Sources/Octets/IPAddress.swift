// SPDX-License-Identifier: Apache-2.0
/// An IPv4 or IPv6 address as a value: read, compared and shown the same way everywhere (RFC 4291, RFC 5952).
///
/// An IPv4 address that came mapped into IPv6 (`::ffff:127.0.0.1`), as a dual-stack listener reports it, is the IPv4 address; two
/// spellings of one address are never two.
package struct IPAddress: Hashable, Sendable {
  /// The first eight octets of the IPv6 form; an IPv4 address is held mapped.
  private let high: UInt64
  private let low: UInt64

  /// The IPv4 address with these octets.
  package init(_ first: UInt8, _ second: UInt8, _ third: UInt8, _ fourth: UInt8) {
    high = 0
    low = IPAddress.mapping | UInt64(first) << 24 | UInt64(second) << 16 | UInt64(third) << 8 | UInt64(fourth)
  }

  /// The IPv6 address with these 16 octets in network order.
  package init(octets: Span<UInt8>) {
    precondition(octets.count == 16, "an IPv6 address has 16 octets")
    var (high, low): (UInt64, UInt64) = (0, 0)
    for index in 0..<8 {
      high = high << 8 | UInt64(octets[index])
      low = low << 8 | UInt64(octets[index + 8])
    }
    (self.high, self.low) = (high, low)
  }

  /// The address that `text` spells; nil when it is none. Zones (`fe80::1%eth0`) are not part of an address.
  package init?(_ text: String) { self.init(text.utf8.span) }

  /// The address that these bytes spell.
  package init?(_ text: Span<UInt8>) {
    if let number = IPAddress.dotted(text) {
      (high, low) = (0, IPAddress.mapping | UInt64(number))
    } else if let halves = IPAddress.colons(text) {
      (high, low) = halves
    } else {
      return nil
    }
  }

  /// Whether this is an IPv4 address.
  package var isIPv4: Bool { high == 0 && low >> 32 == 0xffff }

  /// Whether it names this machine only: 127.0.0.0/8 or ::1.
  package var isLoopback: Bool { isIPv4 ? low & 0xff00_0000 == 0x7f00_0000 : high == 0 && low == 1 }

  /// Whether it names no address: 0.0.0.0 or ::.
  package var isUnspecified: Bool { isIPv4 ? low & 0xffff_ffff == 0 : high == 0 && low == 0 }

  /// The octets in network order: four of an IPv4 address, sixteen of any other.
  package var octets: [UInt8] {
    let all = [high, low].flatMap { half in (0..<8).map { UInt8(truncatingIfNeeded: half >> UInt64(56 - 8 * $0)) } }
    return isIPv4 ? Array(all[12...]) : all
  }

  /// How many bits an address of this family has.
  package var width: Int { isIPv4 ? 32 : 128 }

  /// This address with all but its first `length` bits made zero.
  package func prefix(_ length: Int) -> IPAddress {
    precondition(length >= 0 && length <= width, "a prefix is not longer than the address")
    let bits = isIPv4 ? length + 96 : length
    let highMask: UInt64 = bits >= 64 ? .max : ~(.max >> UInt64(bits))
    let lowMask: UInt64 = bits <= 64 ? 0 : bits == 128 ? .max : ~(.max >> UInt64(bits - 64))
    return IPAddress(high: high & highMask, low: low & lowMask)
  }

  private init(high: UInt64, low: UInt64) { (self.high, self.low) = (high, low) }

  private static let mapping: UInt64 = 0xffff << 32

  private static func dotted(_ text: Span<UInt8>) -> UInt32? {
    var (number, part, digits, dots): (UInt32, UInt32, Int, Int) = (0, 0, 0, 0)
    for index in text.indices {
      let byte = text[index]
      if byte.isASCIIDigit {
        guard digits < 3, digits == 0 || part != 0 else { return nil }
        part = part * 10 + UInt32(byte - 0x30)
        digits += 1
      } else {
        guard byte == UInt8(ascii: "."), digits > 0, part < 256, dots < 3 else { return nil }
        number = number << 8 | part
        (part, digits, dots) = (0, 0, dots + 1)
      }
    }
    guard dots == 3, digits > 0, part < 256 else { return nil }
    return number << 8 | part
  }

  /// Eight groups of up to four hexadecimal digits; `::` once for as many as are missing; the last two may be written as IPv4.
  private static func colons(_ text: Span<UInt8>) -> (UInt64, UInt64)? {
    guard text.count >= 2, text.count <= 45, text.firstIndex(of: UInt8(ascii: ":")).map({ $0 <= 4 }) == true else { return nil }
    var (groups, gap, position): ([UInt16], Int?, Int) = ([], nil, 0)
    if text[0] == UInt8(ascii: ":") {
      guard text[1] == UInt8(ascii: ":") else { return nil }
      (gap, position) = (0, 2)
    }
    while position < text.count {
      guard groups.count < 8 else { return nil }
      let end = text.firstIndex(of: UInt8(ascii: ":"), from: position) ?? text.count
      if end == text.count, groups.count <= 6, let tail = dotted(text.extracting(position..<end)) {
        groups += [UInt16(tail >> 16), UInt16(tail & 0xffff)]
        break
      }
      guard let group = hexadecimal(text.extracting(position..<end)) else { return nil }
      groups.append(group)
      if end == text.count { break }
      position = end + 1
      if position == text.count { return nil }
      if text[position] == UInt8(ascii: ":") {
        guard gap == nil else { return nil }
        (gap, position) = (groups.count, position + 1)
      }
    }
    guard gap == nil ? groups.count == 8 : groups.count < 8 else { return nil }
    if let gap { groups.insert(contentsOf: repeatElement(0, count: 8 - groups.count), at: gap) }
    let halves = (groups[0..<4], groups[4..<8])
    return (halves.0.reduce(0) { $0 << 16 | UInt64($1) }, halves.1.reduce(0) { $0 << 16 | UInt64($1) })
  }

  private static func hexadecimal(_ text: Span<UInt8>) -> UInt16? {
    guard !text.isEmpty, text.count <= 4 else { return nil }
    var value: UInt16 = 0
    for index in text.indices {
      let byte = text[index]
      let digit: UInt8
      if byte.isASCIIDigit {
        digit = byte - 0x30
      } else if (byte | 0x20) &- 0x61 < 6 {
        digit = (byte | 0x20) - 0x57
      } else {
        return nil
      }
      value = value << 4 | UInt16(digit)
    }
    return value
  }
}

extension IPAddress: CustomStringConvertible {
  /// The one recommended spelling (RFC 5952): lower case, the longest run of zero groups as `::`.
  package var description: String {
    if isIPv4 {
      var text: [UInt8] = []
      for shift: UInt64 in [24, 16, 8, 0] {
        if shift < 24 { text.append(UInt8(ascii: ".")) }
        text.append(decimal: Int(low >> shift & 0xff))
      }
      return String(decoding: text, as: UTF8.self)
    }
    let shifts: [UInt64] = [48, 32, 16, 0]
    let groups: [UInt64] = shifts.map { high >> $0 & 0xffff } + shifts.map { low >> $0 & 0xffff }
    var (best, run) = (0..<0, 0)
    for index in 0..<8 {
      run = groups[index] == 0 ? run + 1 : 0
      if run > 1, run > best.count { best = index + 1 - run..<index + 1 }
    }
    func spell(_ range: Range<Int>) -> String { groups[range].map { String($0, radix: 16) }.joined(separator: ":") }
    return best.isEmpty ? spell(0..<8) : spell(0..<best.lowerBound) + "::" + spell(best.upperBound..<8)
  }
}

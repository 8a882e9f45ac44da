// SPDX-License-Identifier: Apache-2.0
/// Base 64 with the standard alphabet and padding (RFC 4648 §4), as SASL uses it on the wire (RFC 4954 §4).
///
/// Decoding is strict: no line breaks, no missing padding, no bits left over behind the last byte. Whatever was encoded has one
/// form only, so two peers can never read two different secrets out of the same text.
package enum Base64 {
  /// How many characters the code of so many bytes takes.
  package static func encodedCount(_ count: Int) -> Int { (count + 2) / 3 * 4 }

  /// Adds the code of `bytes` to the queue.
  package static func encode(_ bytes: Span<UInt8>, into queue: inout ByteQueue) {
    queue.reserve(encodedCount(bytes.count))
    encode(bytes) { queue.append($0) }
  }

  /// The code of `bytes` as a text.
  package static func encode(_ bytes: [UInt8]) -> String {
    var text: [UInt8] = []
    text.reserveCapacity(encodedCount(bytes.count))
    encode(bytes.span) { text.append($0) }
    return String(decoding: text, as: UTF8.self)
  }

  /// The bytes that `text` is the code of; nil when it is no valid code.
  package static func decode(_ text: Span<UInt8>) -> [UInt8]? {
    guard text.count.isMultiple(of: 4) else { return nil }
    guard !text.isEmpty else { return [] }
    var padding = 0
    while padding < 2, text[text.count - 1 - padding] == UInt8(ascii: "=") { padding += 1 }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(text.count / 4 * 3)
    var (bits, width): (UInt32, UInt32) = (0, 0)
    for index in 0..<(text.count - padding) {
      guard let digit = value(of: text[index]) else { return nil }
      bits = bits << 6 | UInt32(digit)
      width += 6
      guard width >= 8 else { continue }
      width -= 8
      bytes.append(UInt8(truncatingIfNeeded: bits >> width))
      bits &= (1 << width) - 1
    }
    return bits == 0 ? bytes : nil
  }

  /// The bytes that `text` is the code of; nil when it is no valid code.
  package static func decode(_ text: String) -> [UInt8]? { decode(Array(text.utf8).span) }

  private static func encode(_ bytes: Span<UInt8>, _ emit: (UInt8) -> Void) {
    var index = 0
    while index < bytes.count {
      let left = min(3, bytes.count - index)
      var group = UInt32(bytes[index]) << 16
      if left > 1 { group |= UInt32(bytes[index + 1]) << 8 }
      if left > 2 { group |= UInt32(bytes[index + 2]) }
      emit(digit(group >> 18))
      emit(digit(group >> 12))
      emit(left > 1 ? digit(group >> 6) : UInt8(ascii: "="))
      emit(left > 2 ? digit(group) : UInt8(ascii: "="))
      index += 3
    }
  }

  private static func digit(_ bits: UInt32) -> UInt8 {
    let value = UInt8(truncatingIfNeeded: bits & 63)
    switch value {
    case 0..<26: return UInt8(ascii: "A") + value
    case 26..<52: return UInt8(ascii: "a") + (value - 26)
    case 52..<62: return UInt8(ascii: "0") + (value - 52)
    case 62: return UInt8(ascii: "+")
    default: return UInt8(ascii: "/")
    }
  }

  private static func value(of digit: UInt8) -> UInt8? {
    switch digit {
    case UInt8(ascii: "A")...UInt8(ascii: "Z"): digit - UInt8(ascii: "A")
    case UInt8(ascii: "a")...UInt8(ascii: "z"): digit - UInt8(ascii: "a") + 26
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0") + 52
    case UInt8(ascii: "+"): 62
    case UInt8(ascii: "/"): 63
    default: nil
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
internal import Octets

/// One part of a report: its MIME header, and its body coded as the header says (RFC 2045).
struct ReportPart: Sendable {
  /// The fields of its header, each ended with CRLF.
  let header: String
  /// The coded body.
  let body: [UInt8]
  /// How it is coded.
  let coding: Coding

  enum Coding: String, Sendable {
    case sevenBit = "7bit"
    case eightBit = "8bit"
    case quotedPrintable = "quoted-printable"
    case base64
  }

  /// The words for a person.
  init(words: String, _ form: ReportForm) {
    let bytes = Array(words.utf8)
    let isASCII = bytes.allSatisfy { $0 < 0x80 }
    self.init(
      type: "text/plain; charset=\(isASCII ? "us-ascii" : "utf-8")", "What happened", bytes[...],
      isASCII ? .sevenBit : form == .unicode ? .eightBit : .quotedPrintable, more: "Content-Language: en\r\n")
  }

  /// The fields for a program.
  init(fields: String, _ form: ReportForm) {
    let bytes = Array(fields.utf8)
    switch form {
    case .ascii: self.init(type: "message/delivery-status", "The same for programs", bytes[...], .sevenBit)
    case .unicode: self.init(type: "message/global-delivery-status", "The same for programs", bytes[...], .eightBit)
    }
  }

  /// The original or its header section. A message within must not be coded unless it is a `message/global` (RFC 2046 §5.2.1, RFC 6532
  /// §3.7).
  init(returning bytes: ArraySlice<UInt8>, _ content: Envelope.ReportContent, isInternationalized: Bool, _ form: ReportForm) {
    let isPlain = bytes.allSatisfy { $0 < 0x80 }
    let isGlobal = isInternationalized && !isPlain
    switch content {
    case .full:
      let coding: Coding = isPlain ? .sevenBit : isGlobal && form == .ascii ? .base64 : .eightBit
      self.init(type: isGlobal ? "message/global" : "message/rfc822", "Your message", bytes, coding)
    case .headers:
      let coding: Coding =
        isPlain && !ReportPart.hasLongLines(bytes) ? .sevenBit : isGlobal && form == .unicode ? .eightBit : .quotedPrintable
      self.init(type: isGlobal ? "message/global-headers" : "text/rfc822-headers", "The beginning of your message", bytes, coding)
    }
  }

  /// Whether a text stands somewhere in its body.
  func holds(_ text: String) -> Bool {
    let wanted = Array(text.utf8)
    var start = body.startIndex
    while let found = body[start...].firstIndex(of: wanted[0]) {
      if body[found...].starts(with: wanted) { return true }
      start = found + 1
    }
    return false
  }

  private init(type: String, _ description: String, _ bytes: ArraySlice<UInt8>, _ coding: Coding, more: String = "") {
    self.coding = coding
    header = "Content-Type: \(type)\r\nContent-Description: \(description)\r\n\(more)Content-Transfer-Encoding: \(coding.rawValue)\r\n"
    switch coding {
    case .sevenBit, .eightBit: body = Array(bytes)
    case .quotedPrintable: body = QuotedPrintable.encode(bytes)
    case .base64: body = ReportPart.base64Lines(bytes)
    }
  }

  private static func hasLongLines(_ bytes: ArraySlice<UInt8>) -> Bool {
    bytes.split(separator: 0x0a, omittingEmptySubsequences: false).contains { $0.count > 998 }
  }

  private static func base64Lines(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
    var lines: [UInt8] = []
    var rest = bytes
    while !rest.isEmpty {
      lines += Base64.encode(Array(rest.prefix(57))).utf8
      lines += [0x0d, 0x0a]
      rest = rest.dropFirst(57)
    }
    return lines
  }
}

/// The coding that leaves plain text readable (RFC 2045 §6.7): lines of at most 76, everything beyond printable ASCII as `=XX`.
enum QuotedPrintable {
  /// The code of text in CRLF lines.
  static func encode(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
    var (result, width): ([UInt8], Int) = ([], 0)
    for index in bytes.indices {
      let byte = bytes[index]
      let behind = index + 1 < bytes.endIndex ? bytes[index + 1] : 0x0d
      if byte == 0x0d, behind == 0x0a, index + 1 < bytes.endIndex {
        result.append(byte)
        continue
      }
      if byte == 0x0a, index > bytes.startIndex, bytes[index - 1] == 0x0d {
        result.append(byte)
        width = 0
        continue
      }
      let isBlank = byte == 0x20 || byte == 0x09
      let isPlain = isBlank ? behind != 0x0d : byte > 0x20 && byte < 0x7f && byte != UInt8(ascii: "=")
      let length = isPlain ? 1 : 3
      if width + length > 75 {
        result += [UInt8(ascii: "="), 0x0d, 0x0a]
        width = 0
      }
      if isPlain { result.append(byte) } else { result += [UInt8(ascii: "="), digits[Int(byte >> 4)], digits[Int(byte & 15)]] }
      width += length
    }
    return result
  }

  private static let digits = Array("0123456789ABCDEF".utf8)
}

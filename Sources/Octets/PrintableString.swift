// SPDX-License-Identifier: Apache-2.0
/// Making foreign words safe to store, to log and to show on a terminal.
///
/// Control characters, invisible format characters (among them those that turn the direction of writing), line separators and
/// unassigned code points become `?`; everything else stays. The result never has a line break and never more bytes than allowed.
extension String {
  /// The text that `bytes` show, made printable; what is not valid UTF-8 becomes `?`. A text longer than `limit` bytes ends in `…`.
  package init(printable bytes: Span<UInt8>, limit: Int) {
    precondition(limit >= 3, "a limit has room for the ellipsis")
    let shown = bytes.extracting(0..<Swift.min(bytes.count, limit + 4))
    if bytes.count <= limit, shown.isPlain, let text = shown.utf8Text {
      self = text
    } else {
      self.init(printable: String(decoding: shown.array, as: UTF8.self), limit: limit, isCut: bytes.count > shown.count)
    }
  }

  /// `text` made printable. A text longer than `limit` bytes ends in `…`.
  package init(printable text: String, limit: Int) {
    precondition(limit >= 3, "a limit has room for the ellipsis")
    if text.utf8.count <= limit, text.utf8.span.isPlain {
      self = text
    } else {
      self.init(printable: text, limit: limit, isCut: false)
    }
  }

  private init(printable text: String, limit: Int, isCut: Bool) {
    var result = ""
    var (wasCut, lengthThatFits) = (isCut, 0)
    for scalar in text.unicodeScalars {
      let shown = scalar.isPrintable ? scalar : "?"
      let length = result.utf8.count
      if length + UTF8.width(shown) > limit {
        wasCut = true
        break
      }
      result.unicodeScalars.append(shown)
      if result.utf8.count <= limit - 3 { lengthThatFits = result.utf8.count }
    }
    if wasCut {
      result = String(result[..<result.utf8.index(result.startIndex, offsetBy: lengthThatFits)]) + "…"
    }
    self = result
  }
}

extension Unicode.Scalar {
  /// Whether it shows as itself and moves nothing else on a terminal.
  package var isPrintable: Bool {
    if value < 0x7f { return value >= 0x20 }
    switch properties.generalCategory {
    case .control, .format, .surrogate, .unassigned, .privateUse, .lineSeparator, .paragraphSeparator: return false
    default: return self != "\u{fffd}"
    }
  }
}

extension Span where Element == UInt8 {
  /// Whether all of it is printable ASCII.
  package var isPlain: Bool { kinds.isDisjoint(with: [.control, .beyondASCII]) }
}

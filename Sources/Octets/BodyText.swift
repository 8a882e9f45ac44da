// SPDX-License-Identifier: Apache-2.0
internal import COctets

/// The bytes of a mail body on their way in: line ends checked, dots unstuffed, copied 64 at a time (RFC 5321 §2.3.8, §4.5.2).
///
/// A body is text in lines that end with CRLF. A CR or LF by itself, or a NUL, is never passed on: one reader's line end is another's
/// nonsense, and between the two a second message can be smuggled. However the bytes are cut into pieces, the result is the same.
package struct BodyText: Sendable {
  private var text = coctets_text()
  private let framing: Framing

  /// The start of a body.
  package init(_ framing: Framing) { self.framing = framing }

  /// How the end is known.
  package enum Framing: Sendable {
    /// By a line with a single dot; other lines lose the dot they begin with.
    case dotted
    /// By a count that the caller keeps; dots mean nothing.
    case counted
  }

  /// Takes bytes and appends what belongs to the body to `output`, up to the end or the first violation; answers how many bytes it took.
  package mutating func take(_ input: Span<UInt8>, appendingTo output: inout [UInt8]) -> Int {
    guard !input.isEmpty else { return 0 }
    var taken = 0
    output.append(addingCapacity: input.count) { room in
      unsafe room.withUnsafeMutableBufferPointer { free, initialized in
        unsafe input.withUnsafeBufferPointer { bytes in
          switch framing {
          case .dotted:
            taken = unsafe coctets_text_unstuff(&text, bytes.baseAddress, bytes.count, free.baseAddress! + initialized, &initialized)
          case .counted:
            taken = unsafe coctets_text_check(&text, bytes.baseAddress, bytes.count, free.baseAddress! + initialized)
            initialized = taken - (violation == nil ? 0 : 1)
          }
        }
      }
    }
    return taken
  }

  /// Whether the line with a single dot was seen.
  package var hasEnded: Bool { text.state == COCTETS_TEXT_ENDED.rawValue }

  /// Whether the body is empty so far, or its last line is complete.
  package var isAtLineStart: Bool { text.state == COCTETS_TEXT_LINE_START.rawValue || hasEnded }

  /// Whether the last byte is a CR whose LF is still to come.
  package var awaitsLineFeed: Bool { text.state == COCTETS_TEXT_AFTER_CR.rawValue }

  /// Whether a byte above 0x7f was seen.
  package var isBeyondASCII: Bool { text.beyond_ascii != 0 }

  /// The bytes of the longest line with its end, exact when above 64.
  package var longestLine: Int { Int(text.longest_line) }

  /// What was wrong with the last byte taken; nil when nothing was.
  package var violation: Violation? {
    switch UInt32(text.state) {
    case COCTETS_TEXT_BARE_LF.rawValue: .bareLineFeed
    case COCTETS_TEXT_BARE_CR.rawValue: .bareCarriageReturn
    case COCTETS_TEXT_NUL.rawValue: .nul
    default: nil
    }
  }

  /// What no body of text may contain.
  package enum Violation: Hashable, Sendable {
    case bareLineFeed
    case bareCarriageReturn
    case nul
  }
}

extension BodyText.Violation: CustomStringConvertible {
  package var description: String {
    switch self {
    case .bareLineFeed: "bare LF"
    case .bareCarriageReturn: "bare CR"
    case .nul: "NUL"
    }
  }
}

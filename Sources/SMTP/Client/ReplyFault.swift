// SPDX-License-Identifier: Apache-2.0
/// Why bytes from an upstream are no reply; the connection cannot be used any further.
package enum ReplyFault: Error, Hashable, Sendable {
  /// The line does not begin with a reply code; its first bytes, made printable.
  case notAReply(start: String)
  /// A line ended with LF alone.
  case bareLineFeed
  /// A CR stood inside a line.
  case bareCarriageReturn
  /// A NUL stood inside a line.
  case nul
  /// A line was longer than the limit.
  case lineTooLong(limit: Int)
  /// A reply had more lines than the limit.
  case tooManyLines(limit: Int)
  /// A reply had more bytes than the limit.
  case tooLong(limit: Int)
  /// A later line carried another code than the first.
  case codeChanged(first: UInt16, then: UInt16)

  static let shownStart = 40
}

extension ReplyFault: CustomStringConvertible {
  package var description: String {
    switch self {
    case .notAReply(let start): "the upstream sent \"\(start)\", which is no SMTP reply"
    case .bareLineFeed: "the upstream ended a reply line with LF instead of CRLF"
    case .bareCarriageReturn: "the upstream sent a CR inside a reply line"
    case .nul: "the upstream sent a NUL inside a reply line"
    case .lineTooLong(let limit): "the upstream sent a reply line of more than \(limit) bytes"
    case .tooManyLines(let limit): "the upstream sent a reply of more than \(limit) lines"
    case .tooLong(let limit): "the upstream sent a reply of more than \(limit) bytes"
    case .codeChanged(let first, let then): "the upstream began a reply with code \(first) and went on with \(then)"
    }
  }
}

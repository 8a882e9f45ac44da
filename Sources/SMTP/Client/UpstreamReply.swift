// SPDX-License-Identifier: Apache-2.0
package import Mail
internal import Octets

/// One whole reply of an upstream: code, enhanced status and words (RFC 5321 §4.2).
///
/// Only ``ReplyReader`` makes one from a peer's bytes, so its texts are printable and bounded: they may be stored, logged and shown. The
/// enhanced status is the one on this reply's own last line and counts only where its class agrees with the code (RFC 2034 §4);
/// nothing is ever carried over from another line or reply.
package struct UpstreamReply: Hashable, Sendable {
  /// The three-digit code, 200 to 599.
  package let code: UInt16
  /// The enhanced status code of the last line, when it has one that agrees with the code.
  package let status: EnhancedStatus?
  /// What each line said behind its code, enhanced status included, made printable; at least one line.
  package let lines: [String]

  init(code: UInt16, status: EnhancedStatus?, lines: [String]) {
    self.code = code
    self.status = status
    self.lines = lines
  }

  /// The lines joined to one sentence without the codes, cut to a length that is fit to be stored.
  package var words: String {
    var words: [UInt8] = []
    for line in lines {
      let bytes = line.utf8.span
      var start = EnhancedStatus.leading(bytes)?.length ?? 0
      while start < bytes.count, bytes[start] == UInt8(ascii: " ") { start += 1 }
      guard start < bytes.count else { continue }
      if !words.isEmpty { words.append(UInt8(ascii: " ")) }
      words.append(bytes.extracting(start..<bytes.count))
      guard words.count < UpstreamReply.wordsLimit else { break }
    }
    return String(printable: words.span, limit: UpstreamReply.wordsLimit)
  }

  /// The reply as the reason of an outcome.
  package var reason: Outcome.Reason {
    Outcome.Reason(code: code, status: status?.description ?? "", text: words)
  }

  /// The most bytes of a reply's words that are kept.
  package static let wordsLimit = 512
}

extension UpstreamReply: CustomStringConvertible {
  package var description: String {
    let parts = ["\(code)", status?.description ?? "", words]
    return parts.filter { !$0.isEmpty }.joined(separator: " ")
  }
}

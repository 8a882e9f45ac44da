// SPDX-License-Identifier: Apache-2.0
package import Octets

/// Reads an upstream's replies out of a stream of bytes, line by line, whatever pieces they arrive in.
///
/// A line ends with CRLF and nothing else. A bare LF or CR is refused, although many clients let it pass: with commands in flight the
/// *count* of replies decides which message was taken, and a peer that echoes foreign bytes must not be able to shift it (RFC 5321
/// §2.3.8). Length of a line, number of lines and length of a reply are bounded; every line must carry the code of the first
/// (§4.2.1). A peer that is no SMTP server is recognised by its first bytes. After a fault the connection has no defined state and is
/// to be closed.
///
///     first line ──"ddd-"──► continuation ──"ddd-"──► continuation
///         └──"ddd " ────────────┴──────"ddd "──► reply, and back to the first line
package struct ReplyReader: Sendable {
  private let limits: Limits
  private var code: UInt16?
  private var lines: [String] = []
  private var total = 0

  /// A reader at the start of a reply.
  package init(limits: Limits = Limits()) { self.limits = limits }

  /// Whether some lines of an unfinished reply were read.
  package var isInsideReply: Bool { code != nil }

  /// Takes whole lines from the start of `bytes`, up to the end of one reply; what was not consumed must be offered again with more
  /// behind it.
  package mutating func read(_ bytes: Span<UInt8>) throws(ReplyFault) -> Progress {
    var consumed = 0
    while consumed < bytes.count {
      let rest = bytes.extracting(consumed..<bytes.count)
      try checkStart(rest)
      guard let end = rest.firstIndex(of: 0x0a) else {
        guard rest.count < limits.lineLength else { throw .lineTooLong(limit: limits.lineLength) }
        break
      }
      guard end < limits.lineLength else { throw .lineTooLong(limit: limits.lineLength) }
      consumed += end + 1
      if let reply = try take(rest.extracting(0..<end)) { return Progress(consumed: consumed, reply: reply) }
    }
    return Progress(consumed: consumed, reply: nil)
  }

  /// The next whole reply in the queue, taken out of it; nil when more bytes are needed.
  package mutating func next(from queue: inout ByteQueue) throws(ReplyFault) -> UpstreamReply? {
    let progress = try read(queue.bytes)
    queue.consume(progress.consumed)
    return progress.reply
  }

  /// Refuses what cannot become a reply line as soon as its first bytes are there.
  private func checkStart(_ rest: Span<UInt8>) throws(ReplyFault) {
    for index in 0..<min(4, rest.count) {
      let byte = rest[index]
      let fits =
        switch index {
        case 0: byte >= UInt8(ascii: "2") && byte <= UInt8(ascii: "5")
        case 1, 2: byte.isASCIIDigit
        default: byte == UInt8(ascii: "-") || byte == UInt8(ascii: " ") || byte == 0x0d
        }
      guard fits else { throw .notAReply(start: String(printable: rest, limit: ReplyFault.shownStart)) }
    }
  }

  /// Takes one line, LF already removed; answers the reply when it was the last line.
  private mutating func take(_ line: Span<UInt8>) throws(ReplyFault) -> UpstreamReply? {
    guard line[line.count - 1] == 0x0d else { throw .bareLineFeed }
    let content = line.extracting(0..<(line.count - 1))
    guard content.firstIndex(of: 0x0d) == nil else { throw .bareCarriageReturn }
    guard content.firstIndex(of: 0) == nil else { throw .nul }
    let code = (0..<3).reduce(UInt16(0)) { $0 * 10 + UInt16(content[$1] - UInt8(ascii: "0")) }
    if let first = self.code, first != code { throw .codeChanged(first: first, then: code) }
    guard lines.count < limits.lines else { throw .tooManyLines(limit: limits.lines) }
    total += line.count + 1
    guard total <= limits.total else { throw .tooLong(limit: limits.total) }

    let text = content.extracting(min(4, content.count)..<content.count)
    lines.append(String(printable: text, limit: limits.lineLength))
    if content.count > 3, content[3] == UInt8(ascii: "-") {
      self.code = code
      return nil
    }
    let found = EnhancedStatus.leading(text)?.status
    let reply = UpstreamReply(code: code, status: found.flatMap { UInt16($0.severity) == code / 100 ? $0 : nil }, lines: lines)
    self = ReplyReader(limits: limits)
    return reply
  }

  /// What one look at the bytes brought.
  package struct Progress: Hashable, Sendable {
    /// How many bytes were used up.
    package let consumed: Int
    /// The reply that ended with them, if one did.
    package let reply: UpstreamReply?
  }

  /// How much a reply may be.
  package struct Limits: Hashable, Sendable {
    /// The most bytes in a line, CRLF included; RFC 5321 §4.5.3.1.5 asks for 512.
    package var lineLength: Int
    /// The most lines in a reply.
    package var lines: Int
    /// The most bytes in a reply.
    package var total: Int

    /// Limits that no honest server meets.
    package init(lineLength: Int = 2048, lines: Int = 128, total: Int = 65_536) {
      precondition(lineLength >= 8 && lines >= 1 && total >= lineLength, "a limit lets one line through")
      self.lineLength = lineLength
      self.lines = lines
      self.total = total
    }
  }
}

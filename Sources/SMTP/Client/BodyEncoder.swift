// SPDX-License-Identifier: Apache-2.0
package import Octets

/// Writes a body behind DATA: dots stuffed, every line ended with CRLF, and the terminator at the end (RFC 5321 §4.5.2).
///
/// The body comes in pieces cut anywhere. Our door lets only clean CRLF lines in; here it is made certain once more, because one bare
/// LF or CR could look like the end of the message to a careless upstream, and what follows it like commands. A stray CR, LF or NUL is
/// an error and is never emitted; the connection must then be closed, since DATA cannot be taken back. Runs without a leading dot are
/// copied whole.
///
///     lineStart ──text──► inLine ──CR──► afterReturn ──LF──► lineStart
///         └────────────────CR──────────────┘
package struct BodyEncoder: Sendable {
  private var place: Place = .lineStart

  /// An encoder at the start of a body.
  package init() {}

  /// Adds the code of the next piece of the body to the queue. After an error the queue holds nothing of the offending line end.
  package mutating func encode(_ piece: Span<UInt8>, into queue: inout ByteQueue) throws(BodyFault) {
    guard !piece.isEmpty else { return }
    guard piece.firstIndex(of: 0) == nil else { throw .nul }
    queue.reserve(piece.count + piece.count / 32 + 2)
    var start = 0
    if place == .afterReturn {
      guard piece[0] == 0x0a else { throw .bareCarriageReturn }
      queue.append("\r\n")
      place = .lineStart
      start = 1
    }
    // The last CR is kept back until the LF behind it has been seen.
    let endsInReturn = piece.count > start && piece[piece.count - 1] == 0x0d
    let end = endsInReturn ? piece.count - 1 : piece.count
    if start < end { try copyLines(piece.extracting(start..<end), into: &queue) }
    if endsInReturn { place = .afterReturn }
  }

  /// Ends the body: a missing last CRLF is added, then the terminator.
  package mutating func finish(into queue: inout ByteQueue) throws(BodyFault) {
    switch place {
    case .lineStart: queue.append(".\r\n")
    case .inLine: queue.append("\r\n.\r\n")
    case .afterReturn: throw .bareCarriageReturn
    }
    place = .lineStart
  }

  /// Copies lines that do not end in a CR; a run goes on until a dot must be doubled.
  private mutating func copyLines(_ piece: Span<UInt8>, into queue: inout ByteQueue) throws(BodyFault) {
    var (run, line) = (0, 0)
    if place == .lineStart, piece[0] == UInt8(ascii: ".") { queue.append(UInt8(ascii: ".")) }
    while true {
      let feed = piece.firstIndex(of: 0x0a, from: line)
      let text = piece.extracting(line..<(feed ?? piece.count))
      let carriage = text.firstIndex(of: 0x0d)
      guard let feed else {
        guard carriage == nil else { throw .bareCarriageReturn }
        break
      }
      guard let carriage else { throw .bareLineFeed }
      guard carriage == text.count - 1 else { throw .bareCarriageReturn }
      line = feed + 1
      guard line < piece.count else { break }
      if piece[line] == UInt8(ascii: ".") {
        queue.append(piece.extracting(run..<line))
        queue.append(UInt8(ascii: "."))
        run = line
      }
    }
    queue.append(piece.extracting(run..<piece.count))
    place = line == piece.count ? .lineStart : .inLine
  }

  private enum Place {
    case lineStart
    case inLine
    case afterReturn
  }
}

/// Why a body cannot be sent: something in it is no CRLF line.
package enum BodyFault: Error, Hashable, Sendable {
  /// An LF without a CR before it.
  case bareLineFeed
  /// A CR without an LF behind it.
  case bareCarriageReturn
  /// A NUL byte.
  case nul
}

extension BodyFault: CustomStringConvertible {
  package var description: String {
    switch self {
    case .bareLineFeed: "the stored body has an LF without CR; it is damaged and was not sent"
    case .bareCarriageReturn: "the stored body has a CR without LF; it is damaged and was not sent"
    case .nul: "the stored body has a NUL byte; it is damaged and was not sent"
    }
  }
}

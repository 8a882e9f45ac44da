// SPDX-License-Identifier: Apache-2.0
package import Mail
package import Octets

/// Turns what a client sends behind DATA or BDAT into the bytes of a message, and finds out about it what the server must know (RFC 5321
/// §4.5.2, RFC 3030).
///
/// Only CRLF.CRLF ends DATA. A bare CR, a bare LF or a NUL stops the decoder at once: some other mail server takes such a thing for a
/// line end, and behind it a second message could be hidden. In BDAT, where a count tells the end, the rest of the chunks is swallowed
/// instead. A message or header section that grows over its limit is dropped and swallowed to its end, so that the refusal comes where the
/// client looks for it. However the bytes are cut into pieces, the result is the same.
package struct DataDecoder: Sendable {
  /// How the client sends the message.
  package enum Framing: Sendable {
    /// DATA: until the line with a dot.
    case dotted
    /// BDAT with text: by count; the line ends are checked all the same.
    case chunkedText
    /// BDAT with BODY=BINARYMIME: by count, any bytes.
    case chunkedBinary
  }

  /// The decoded bytes so far, those dropped included.
  package private(set) var size = 0
  /// What the header section contains.
  package private(set) var survey = HeaderSurvey()
  /// Whether the message is over the limit of its size; what came of it has been dropped.
  package private(set) var isTooLarge = false

  private let framing: Framing
  private let largest: Int
  private let largestHeader: Int
  private var text: BodyText
  private var binaryBeyondASCII = false

  /// A decoder at the start of a message.
  package init(_ framing: Framing, limits: ServerLimits) {
    self.framing = framing
    largest = limits.messageSize.bytes
    largestHeader = limits.headerSection.bytes
    switch framing {
    case .dotted: text = BodyText(.dotted)
    case .chunkedText, .chunkedBinary: text = BodyText(.counted)
    }
  }

  /// Takes bytes, appends the message's to `body`, and answers how many it took: fewer than there are only where DATA ended or was
  /// violated.
  ///
  /// When the message or its header section gets too large, `body` is emptied, and stays empty.
  package mutating func take(_ input: Span<UInt8>, appendingTo body: inout [UInt8]) -> Int {
    let start = body.count
    let taken = decode(input, appendingTo: &body)
    let added = body.count - start
    if !survey.isComplete, added > 0 { survey.add(body.span.extracting(start..<body.count)) }
    size += added
    if size > largest { isTooLarge = true }
    if isDropped { body.removeAll(keepingCapacity: false) }
    return taken
  }

  /// Takes bytes off a queue, no more than `limit`, and answers how many it took.
  package mutating func take(from queue: inout ByteQueue, atMost limit: Int = .max, appendingTo body: inout [UInt8]) -> Int {
    let taken = take(queue.bytes.extracting(first: limit), appendingTo: &body)
    queue.consume(taken)
    return taken
  }

  /// Whether the header section is over the limit of its size.
  package var isHeaderTooLarge: Bool { survey.length > largestHeader }

  /// Whether what came has been dropped, because the message is refused at its end in any case.
  package var isDropped: Bool { isTooLarge || isHeaderTooLarge }

  /// Whether the line with the single dot was taken.
  package var hasEnded: Bool { text.hasEnded }

  /// What text must not contain, and this did.
  package var violation: BodyText.Violation? { text.violation }

  /// Whether a message sent in chunks ends with a CR whose LF never came; known when the last chunk is over.
  package var endsInsideLineEnd: Bool { text.awaitsLineFeed }

  /// Whether there is a byte above 0x7f.
  package var isBeyondASCII: Bool { text.isBeyondASCII || binaryBeyondASCII }

  /// The longest line of a text with its end, exact when above 64 bytes; 0 for binary bodies.
  package var longestLine: Int { text.longestLine }

  private mutating func decode(_ input: Span<UInt8>, appendingTo body: inout [UInt8]) -> Int {
    switch framing {
    case .dotted:
      return violation == nil && !hasEnded ? text.take(input, appendingTo: &body) : 0
    case .chunkedText:
      if violation == nil { _ = text.take(input, appendingTo: &body) }
      return input.count
    case .chunkedBinary:
      body.append(input)
      for index in input.indices where !binaryBeyondASCII { binaryBeyondASCII = input[index] > 0x7f }
      return input.count
    }
  }
}

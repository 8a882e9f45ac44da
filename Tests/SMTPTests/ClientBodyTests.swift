// SPDX-License-Identifier: Apache-2.0
import Octets
import SMTP
import Testing

/// The body behind DATA: nothing changes on the way, and nothing in it can look like its end.
struct ClientBodyTests {
  static let codes: [(String, String)] = [
    ("", ".\r\n"), ("\r\n", "\r\n.\r\n"), ("a", "a\r\n.\r\n"), ("a\r\n", "a\r\n.\r\n"), (".", "..\r\n.\r\n"), (".\r\n", "..\r\n.\r\n"),
    ("..\r\n", "...\r\n.\r\n"), ("a\r\n.\r\nb", "a\r\n..\r\nb\r\n.\r\n"), ("a.b\r\n.c\r\n", "a.b\r\n..c\r\n.\r\n"),
    ("\r\n.\r\n.\r\n", "\r\n..\r\n..\r\n.\r\n"), ("a\r\n\r\n", "a\r\n\r\n.\r\n"),
  ]

  @Test(arguments: codes) func `dots are doubled, the last line end is added, the terminator follows`(body: String, code: String) throws {
    #expect(try encode(Array(body.utf8), pieces: [body.utf8.count]) == Array(code.utf8))
    #expect(try encode(Array(body.utf8), pieces: Array(repeating: 1, count: body.utf8.count)) == Array(code.utf8))
  }

  @Test(arguments: 1...40 as ClosedRange<UInt64>) func `what a reader of the RFC decodes is what went in, however it was cut`(seed: UInt64)
    throws
  {
    var random = ClientGenerator(seed)
    for _ in 0..<50 {
      let body = randomBody(&random)
      let code = try encode(body, pieces: randomPieces(of: body.count, &random))
      for index in code.indices {
        if code[index] == 0x0a { #expect(index > 0 && code[index - 1] == 0x0d) }
        if code[index] == 0x0d { #expect(index + 1 < code.count && code[index + 1] == 0x0a) }
      }
      let isWhole = body.isEmpty || body.suffix(2) == [0x0d, 0x0a]
      #expect(decode(code) == (isWhole ? body : body + [0x0d, 0x0a]))
    }
  }

  static let faults: [([UInt8], BodyFault)] = [
    (Array("a\nb".utf8), .bareLineFeed), (Array("\n".utf8), .bareLineFeed), (Array("a\r\n\n.\r\n".utf8), .bareLineFeed),
    (Array("a\n.\n".utf8), .bareLineFeed), (Array("a\r\n.\n".utf8), .bareLineFeed), (Array("a\rb".utf8), .bareCarriageReturn),
    (Array("a\r".utf8), .bareCarriageReturn), (Array("\r".utf8), .bareCarriageReturn), (Array("a\r\r\n".utf8), .bareCarriageReturn),
    (Array("a\r.\r\n".utf8), .bareCarriageReturn), (Array("a\r\n.\r".utf8), .bareCarriageReturn), ([0x61, 0, 0x62], .nul), ([0], .nul),
    (Array("\r\n\r.\r\n".utf8), .bareCarriageReturn), (Array("a\n\r\n".utf8), .bareLineFeed),
  ]

  @Test(arguments: faults) func `a stray CR, LF or NUL is refused and never written, however it was cut`(body: [UInt8], fault: BodyFault)
    throws
  {
    for pieces in [[body.count], Array(repeating: 1, count: body.count)] {
      var encoder = BodyEncoder()
      var queue = ByteQueue()
      #expect(throws: fault) {
        var start = 0
        for piece in pieces {
          try encoder.encode(body.span.extracting(start..<(start + piece)), into: &queue)
          start += piece
        }
        try encoder.finish(into: &queue)
      }
      let written = queue.bytes.array
      for index in written.indices {
        #expect(written[index] != 0)
        if written[index] == 0x0a { #expect(index > 0 && written[index - 1] == 0x0d) }
        if written[index] == 0x0d { #expect(index + 1 < written.count && written[index + 1] == 0x0a) }
      }
      #expect(!String(decoding: written, as: UTF8.self).contains("\r\n.\r\n"))
      #expect(!fault.description.isEmpty)
    }
  }

  @Test func `a body that looks like commands stays a body`() throws {
    let body = "Subject: x\r\n\r\nhello\r\n.\r\nMAIL FROM:<evil@example.com>\r\nDATA\r\n.\r\n"
    let code = try encode(Array(body.utf8), pieces: [body.utf8.count])
    let text = String(decoding: code, as: UTF8.self)
    #expect(text.components(separatedByTerminator: "\r\n.\r\n") == 2)
    #expect(text.hasSuffix("\r\n..\r\n.\r\n"))
  }

  private func encode(_ body: [UInt8], pieces: [Int]) throws -> [UInt8] {
    var encoder = BodyEncoder()
    var queue = ByteQueue()
    var start = 0
    for piece in pieces {
      try encoder.encode(body.span.extracting(start..<(start + piece)), into: &queue)
      start += piece
    }
    #expect(start == body.count)
    try encoder.finish(into: &queue)
    return queue.bytes.array
  }

  /// RFC 5321 §4.5.2, line by line: a lone dot ends, a leading dot goes.
  private func decode(_ code: [UInt8]) -> [UInt8]? {
    var (body, line) = ([UInt8](), [UInt8]())
    for (index, byte) in code.enumerated() {
      line.append(byte)
      guard line.suffix(2) == [0x0d, 0x0a] else { continue }
      if line == [0x2e, 0x0d, 0x0a] { return index == code.count - 1 ? body : nil }
      body += line.first == 0x2e ? line.dropFirst() : line[...]
      line = []
    }
    return nil
  }

  private func randomBody(_ random: inout ClientGenerator) -> [UInt8] {
    var body: [UInt8] = []
    for _ in 0..<Int.random(in: 0...12, using: &random) {
      switch Int.random(in: 0..<5, using: &random) {
      case 0: body += [0x2e]
      case 1: body += [0x0d, 0x0a]
      case 2: body += [0x0d, 0x0a, 0x2e, 0x0d, 0x0a]
      default:
        for _ in 0..<Int.random(in: 0...90, using: &random) {
          let byte = UInt8.random(in: 1...255, using: &random)
          body.append(byte == 0x0d || byte == 0x0a ? 0x2e : byte)
        }
      }
    }
    return body
  }

  private func randomPieces(of count: Int, _ random: inout ClientGenerator) -> [Int] {
    var (pieces, left) = ([Int](), count)
    while left > 0 {
      let piece = Int.random(in: 0...min(left, 30), using: &random)
      pieces.append(piece)
      left -= piece
    }
    return pieces
  }
}

extension String {
  /// How many times `terminator` stands in this text, overlaps counted, plus one.
  fileprivate func components(separatedByTerminator terminator: String) -> Int {
    let (text, wanted) = (Array(utf8), Array(terminator.utf8))
    return 1 + (0...(text.count - wanted.count)).count { text[$0..<($0 + wanted.count)].elementsEqual(wanted) }
  }
}

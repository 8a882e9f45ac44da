// SPDX-License-Identifier: Apache-2.0
import Mail
import Octets
import SMTP
import Testing

/// Bodies from the wire to a message: limits, framing, and the same result however the bytes are cut.
@Suite struct ServerDecoderTests {
  struct Result: Equatable {
    var body: [UInt8] = []
    var taken = 0
    var hasEnded = false
    var violation: BodyText.Violation?
    var isTooLarge = false
    var size = 0
    var survey = HeaderSurvey()
    var endsInsideLineEnd = false
  }

  func decode(_ input: [UInt8], _ framing: DataDecoder.Framing = .dotted, largest: Int = 1 << 20, cuts: [Int] = []) -> Result {
    var limits = ServerLimits()
    limits.messageSize = ByteCount(bytes: largest)
    var decoder = DataDecoder(framing, limits: limits)
    var result = Result()
    var start = 0
    for end in cuts + [input.count] {
      result.taken += decoder.take(input.span.extracting(start..<end), appendingTo: &result.body)
      start = end
    }
    result.hasEnded = decoder.hasEnded
    result.violation = decoder.violation
    result.isTooLarge = decoder.isTooLarge
    result.size = decoder.size
    result.survey = decoder.survey
    result.endsInsideLineEnd = decoder.endsInsideLineEnd
    return result
  }

  static let messages: [String] = [
    ".\r\n", "Subject: x\r\n\r\nbody\r\n.\r\nQUIT\r\n", "Date: x\r\nReceived: y\r\n folded\r\n\r\n..dot\r\n..\r\n.\r\n",
    "Subject: x\r\n\r\n\n.\n\r\n.\r\n",
    "a\r\n.\r\r\n.\r\n", "a\r.\r\n", "a\r\n.\n.\r\n", "a\0b\r\n.\r\n", "\r\n\r\n.\r\n", "Message-ID: <a@b>\r\n.\r\n",
    "no header here\r\n\r\n.\r\n",
    "\(String(repeating: "long ", count: 60))\r\n.x\r\n.\r\n",
  ]

  @Test(arguments: messages)
  func `DATA cut anywhere comes out the same`(text: String) {
    let input = Array(text.utf8)
    for largest in [1 << 20, 20, 5] {
      let whole = decode(input, largest: largest)
      for cut in 0...input.count where decode(input, largest: largest, cuts: [cut]) != whole { Issue.record("cut at \(cut)") }
      #expect(decode(input, largest: largest, cuts: Array(0..<input.count)) == whole)
    }
  }

  @Test(arguments: messages)
  func `chunks cut anywhere come out the same`(text: String) {
    let input = Array(text.utf8)
    for framing in [DataDecoder.Framing.chunkedText, .chunkedBinary] {
      let whole = decode(input, framing)
      #expect(whole.taken == input.count)
      for cut in 0...input.count where decode(input, framing, cuts: [cut]) != whole { Issue.record("cut at \(cut)") }
      #expect(decode(input, framing, cuts: Array(0..<input.count)) == whole)
    }
  }

  @Test func `what comes behind the end stays where it is`() {
    let result = decode(Array("x\r\n.\r\nMAIL FROM:<>\r\n".utf8))
    #expect(result.hasEnded && result.taken == 6 && result.body == Array("x\r\n".utf8))
  }

  @Test func `a message over the limit is swallowed to its end and nothing of it is kept`() {
    let input = Array("0123456789\r\n0123456789\r\n.\r\n".utf8)
    let result = decode(input, largest: 20, cuts: [5, 18])
    #expect(result.isTooLarge && result.hasEnded && result.body.isEmpty && result.size == 24 && result.taken == input.count)
    #expect(!decode(input, largest: 24).isTooLarge)
  }

  @Test func `a violation in a message over the limit is still a violation`() {
    let result = decode(Array("0123456789\r\n0123456789\r\n\n.\n.\r\n".utf8), largest: 10)
    #expect(result.violation == .bareLineFeed && !result.hasEnded)
  }

  @Test func `binary chunks are taken as they are`() {
    let input: [UInt8] = Array(0...255) + [0x0d, 0x0a, 0x2e, 0x0d, 0x0a, 0x0d]
    let result = decode(input, .chunkedBinary)
    #expect(result.body == input && result.violation == nil && !result.endsInsideLineEnd)
  }

  @Test func `dots mean nothing in chunks`() {
    let input = Array("..\r\n.\r\nx".utf8)
    #expect(decode(input, .chunkedText).body == input)
  }

  @Test func `a chunked text that ends with CR is not finished`() {
    #expect(decode(Array("x\r".utf8), .chunkedText).endsInsideLineEnd)
    #expect(!decode(Array("x\r\n".utf8), .chunkedText).endsInsideLineEnd)
  }

  @Test func `a line of 10 MiB and 100,000 header fields are one message like any other`() {
    var input = Array("Subject: x\r\n\r\n".utf8) + [UInt8](repeating: 0x61, count: 10 << 20) + Array("\r\n.\r\n".utf8)
    #expect(decode(input, largest: 11 << 20).body == Array(input.dropLast(3)))
    input = Array(String(repeating: "X: y\r\nReceived: z\r\n", count: 50_000).utf8) + Array("\r\n.\r\n".utf8)
    let result = decode(input, largest: 11 << 20)
    #expect(result.hasEnded && result.survey.hops == 50_000 && result.survey.length == 19 * 50_000)
  }
}

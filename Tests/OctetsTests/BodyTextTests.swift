// SPDX-License-Identifier: Apache-2.0
import COctets
import Octets
import Testing

/// Bodies cut into pieces in every way, against a decoder that is too simple to be wrong.
@Suite struct BodyTextTests {
  /// What becomes of a whole body.
  struct Result: Equatable {
    var body: [UInt8] = []
    var taken = 0
    var hasEnded = false
    var violation: BodyText.Violation?
    var longestLine = 0
    var isBeyondASCII = false
  }

  static func decode(_ input: [UInt8], _ framing: BodyText.Framing, cuts: [Int]) -> Result {
    var text = BodyText(framing)
    var result = Result()
    var start = 0
    for end in cuts + [input.count] where !text.hasEnded && text.violation == nil {
      result.taken += text.take(input.span.extracting(start..<end), appendingTo: &result.body)
      start = end
    }
    result.hasEnded = text.hasEnded
    result.violation = text.violation
    result.longestLine = text.longestLine
    result.isBeyondASCII = text.isBeyondASCII
    return result
  }

  /// The definition, byte by byte, with the whole body in sight.
  static func model(_ input: [UInt8], _ framing: BodyText.Framing) -> Result {
    var result = Result()
    var line = 0
    func finish(_ index: Int, _ violation: BodyText.Violation?) -> Result {
      result.taken = min(index + 1, input.count)
      result.violation = violation
      result.isBeyondASCII = input[..<result.taken].contains { $0 > 0x7f }
      return result
    }
    var index = 0
    var isLineStart = true
    while index < input.count {
      let byte = input[index]
      if framing == .dotted, isLineStart, byte == 0x2e {
        if index + 1 < input.count, input[index + 1] == 0x0d, index + 2 < input.count {
          if input[index + 2] != 0x0a { return finish(index + 2, .bareCarriageReturn) }
          result.hasEnded = true
          return finish(index + 2, nil)
        }
        if index + 1 < input.count, input[index + 1] == 0x0d { break }
        isLineStart = false
        index += 1
        guard index < input.count else { break }
        if input[index] == 0x2e {
          result.body.append(0x2e)
          line += 1
          if line > 64 { result.longestLine = max(result.longestLine, line) }
          index += 1
          isLineStart = false
        }
        continue
      }
      if byte == 0 { return finish(index, .nul) }
      if byte == 0x0a { return finish(index, .bareLineFeed) }
      if byte == 0x0d, index + 1 < input.count, input[index + 1] != 0x0a {
        result.body.append(byte)
        line += 1
        if line > 64 { result.longestLine = max(result.longestLine, line) }
        return finish(index + 1, .bareCarriageReturn)
      }
      result.body.append(byte)
      line += 1
      isLineStart = false
      if line > 64 { result.longestLine = max(result.longestLine, line) }
      if byte == 0x0d, index + 1 < input.count {
        result.body.append(0x0a)
        index += 1
        line += 1
        if line > 64 { result.longestLine = max(result.longestLine, line) }
        line = 0
        isLineStart = true
      }
      index += 1
    }
    return finish(input.count - 1, nil)
  }

  static func randomBody(_ random: inout SeededRandom, atMost length: Int) -> [UInt8] {
    let pieces: [[UInt8]] = [
      [0x0d, 0x0a], [0x0d, 0x0a], [0x0d, 0x0a, 0x2e], [0x0d, 0x0a, 0x2e, 0x2e], [0x2e], Array("word ".utf8), Array("x".utf8), [0xc3, 0xa9],
      Array(repeating: 0x61, count: 63), Array(repeating: 0x62, count: 130),
    ]
    let rare: [[UInt8]] = [[0x0d], [0x0a], [0], [0x0d, 0x0a, 0x2e, 0x0d, 0x0a], [0x0d, 0x0d, 0x0a], [0x0d, 0x0a, 0x2e, 0x0d]]
    var body: [UInt8] = []
    let wanted = random.below(length)
    while body.count < wanted {
      body += random.below(40) == 0 ? rare[random.below(rare.count)] : pieces[random.below(pieces.count)]
    }
    if random.below(2) == 0 { body += [0x0d, 0x0a, 0x2e, 0x0d, 0x0a, 0x51] }
    return body
  }

  @Test(arguments: [BodyText.Framing.dotted, .counted])
  func `random bodies in random pieces come out as the definition says`(framing: BodyText.Framing) {
    for seed in 0..<4000 {
      var random = SeededRandom(seed: UInt64(seed))
      let body = BodyTextTests.randomBody(&random, atMost: 700)
      let expected = BodyTextTests.model(body, framing)
      let cuts = (0..<random.below(8)).map { _ in random.below(body.count + 1) }.sorted()
      let whole = BodyTextTests.decode(body, framing, cuts: [])
      let pieces = BodyTextTests.decode(body, framing, cuts: cuts)
      if whole != expected || pieces != expected {
        Issue.record("seed \(seed), cuts \(cuts): \(body)\nwhole \(whole)\npieces \(pieces)\nexpected \(expected)")
        return
      }
    }
  }

  @Test func `a body cut in two at any byte comes out the same`() {
    for seed in 0..<60 {
      var random = SeededRandom(seed: UInt64(seed) + 99_000)
      let body = BodyTextTests.randomBody(&random, atMost: 400)
      let whole = BodyTextTests.decode(body, .dotted, cuts: [])
      for cut in 0...body.count where BodyTextTests.decode(body, .dotted, cuts: [cut]) != whole {
        Issue.record("seed \(seed), cut \(cut)")
        return
      }
      let single = BodyTextTests.decode(body, .dotted, cuts: Array(0..<body.count))
      #expect(single == whole, "seed \(seed), byte by byte")
    }
  }

  @Test func `processors without vectors decode alike`() {
    for seed in 0..<2000 {
      var random = SeededRandom(seed: UInt64(seed) + 7_000_000)
      let body = BodyTextTests.randomBody(&random, atMost: 900)
      let vector = unsafe raw(body, coctets_text_unstuff)
      let plain = unsafe raw(body, coctets_text_unstuff_plain)
      #expect(vector == plain, "seed \(seed)")
    }
  }

  private typealias Kernel = (
    UnsafeMutablePointer<coctets_text>?, UnsafePointer<UInt8>?, Int, UnsafeMutablePointer<UInt8>?, UnsafeMutablePointer<Int>?
  ) -> Int

  private func raw(_ body: [UInt8], _ kernel: Kernel) -> [UInt64] {
    var text = coctets_text()
    var (produced, output) = (0, [UInt8](repeating: 0, count: body.count))
    let taken = unsafe kernel(&text, body, body.count, &output, &produced)
    let sum = output[..<produced].reduce(UInt64(17)) { $0 &* 31 &+ UInt64($1) }
    return [UInt64(taken), UInt64(produced), UInt64(text.state), UInt64(text.beyond_ascii), text.line, text.longest_line, sum]
  }
}

/// A small generator of numbers that look random and are the same on every run.
struct SeededRandom {
  private var state: UInt64
  init(seed: UInt64) { state = seed &* 0x9e37_79b9_7f4a_7c15 &+ 0x1234_5678_9abc_def1 }

  mutating func below(_ limit: Int) -> Int {
    guard limit > 0 else { return 0 }
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return Int(state >> 11) % limit
  }
}

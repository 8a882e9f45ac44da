// SPDX-License-Identifier: Apache-2.0
import EventLoop
import FuzzTargets
import LinuxSystem
import Mail
import Octets
import Simulation
import Spool
import Synchronization
import Testing
import Timekeeping

@testable import Submission

/// However the network cuts what a client sends, the same comes of it: in the session as it runs, with its wire, its files and its memory.
@Suite struct CutTests {
  /// What came of a session.
  private struct Outcome: Equatable {
    var replies: [String] = []
    var envelopes: [String] = []
    var bodies: [[UInt8]] = []
  }

  @Test func `sessions of the fuzzer's corpus come out the same in pieces`() throws {
    var compared = 0
    for (name, bytes) in FuzzTarget.cuts.corpus where bytes.count > 2 {
      let flights = bytes.dropFirst(2).split(separator: 0x1e).map(Array.init)
      let whole = try CutTests.outcome(of: flights) { _ in .max }
      // Whoever does not wait for a reply is found out only where the bytes are there together.
      if whole.replies.contains(where: { $0.hasPrefix("554 5.5.0") }) { continue }
      for seed in 1...3 as ClosedRange<UInt64> {
        var random = SeededGenerator(seed: seed &* 1_000_003 &+ UInt64(bytes[1]))
        let pieces = try CutTests.outcome(of: flights) { _ in Int(random.next() % (seed == 1 ? 3 : 40)) + 1 }
        #expect(pieces == whole, "\(name), seed \(seed)")
      }
      compared += 1
    }
    #expect(compared > 40)
  }

  @Test(arguments: [1, 2, 3, 4, 5, 6] as [UInt64])
  func `a large message comes out the same in pieces, whether memory is short or not`(seed: UInt64) throws {
    var random = SeededGenerator(seed: seed)
    let words = [
      "x", ".", "..", "", "a line that is somewhat longer than the others", "\u{fc}\u{1F4EE}", String(repeating: "z", count: 3000),
    ]
    var text = Array("Subject: large\r\n\r\n".utf8)
    while text.count < 150_000 * Int(seed) { text += Array((words[Int(random.next() % UInt64(words.count))] + "\r\n").utf8) }
    let stuffed = text.split(separator: 0x0a, omittingEmptySubsequences: false).map { $0.first == 0x2e ? [0x2e] + $0 : Array($0) }
    let open = Array("MAIL FROM:<a@b.example> BODY=8BITMIME\r\nRCPT TO:<c@d.example>\r\n".utf8)
    let data = [open, Array("DATA\r\n".utf8), Array(stuffed.joined(separator: [0x0a])) + Array(".\r\n".utf8)]
    let cut = Int(random.next() % UInt64(text.count))
    let chunks = [
      open + Array("BDAT \(cut)\r\n".utf8) + text.prefix(cut), Array("BDAT \(text.count - cut) LAST\r\n".utf8) + text.dropFirst(cut),
    ]
    for flights in [data, chunks] {
      for memory in [ByteCount.kibibytes(64), .mebibytes(64)] {
        for largest in [1000, 20_000, 300_000] as [UInt64] {
          let outcome = try CutTests.outcome(of: [Array("EHLO app\r\n".utf8)] + flights, memory) { left in
            min(left, Int(random.next() % largest) + 1)
          }
          let place = Comment(rawValue: "memory \(memory), pieces up to \(largest): \(outcome.replies.suffix(2))")
          // Where one read brings more than all the memory there is, the message may be refused, in these words.
          let isRefused = outcome.replies.last == "452 4.3.1 too many messages are coming in at present; try again later"
          #expect(outcome.bodies == (isRefused ? [] : [text]), place)
          if memory > .mebibytes(1) || largest == 1000 { #expect(!isRefused, place) }
        }
      }
    }
  }

  /// Leads a session whose flights are cut as `length` says, which is told how much is left of one.
  private static func outcome(
    of flights: [[UInt8]], _ memory: ByteCount = .mebibytes(64), _ length: (_ left: Int) -> Int
  ) throws -> Outcome {
    let extensions = "PIPELINING SIZE 8BITMIME SMTPUTF8 DSN CHUNKING BINARYMIME LIMITS ENHANCEDSTATUSCODES"
    var plan = Bench.Plan("[Listen]\nExtensions=\(extensions)\nAcceptAnyAuth=yes\nMaxErrors=100\nMaxMessageSize=2M\nMaxHeaderSize=8K\n")
    plan.change = { $0.maxMemory = memory }
    let pieces = flights.map { flight in
      var (rest, pieces) = (flight[...], [[UInt8]]())
      while !rest.isEmpty {
        pieces.append(Array(rest.prefix(length(rest.count))))
        rest = rest.dropFirst(pieces[pieces.count - 1].count)
      }
      return pieces
    }
    let result = Result()
    try Bench.simulated(plan) { bench in
      let client = try await bench.visitor()
      _ = try await client.reply()
      for flight in pieces {
        for piece in flight {
          await client.offer(piece)
          _ = await bench.loop.sleep(.milliseconds(1))
        }
        _ = await bench.loop.sleep(.milliseconds(20))
      }
      client.finish()
      var outcome = Outcome()
      while let reply = try? await client.reply(), !reply.isEmpty { outcome.replies.append(CutTests.withoutNames(reply)) }
      for letter in bench.letters {
        outcome.envelopes.append("\(letter.envelope.sender?.text ?? "") \(letter.envelope.recipients) \(letter.envelope.coding)")
        outcome.bodies.append(CutTests.withoutTrace(try await bench.bytes(of: letter)))
      }
      result.outcome.withLock { $0 = outcome }
      #expect(bench.server.memory.held == 0)
    }
    return result.outcome.withLock { $0 }
  }

  private static func withoutNames(_ reply: String) -> String { reply.hasPrefix("250 2.0.0 queued as") ? "250 2.0.0 queued" : reply }

  /// The message without the lines in front of it that name it and the time.
  private static func withoutTrace(_ bytes: [UInt8]) -> [UInt8] {
    var rest = bytes[...]
    while let end = rest.firstIndex(of: 0x0a) {
      let line = String(decoding: rest[...end], as: UTF8.self)
      let isOurs = ["Received: from ", "\t", "Date: ", "Message-ID: "].contains { line.hasPrefix($0) }
      guard isOurs else { break }
      rest = rest[(end + 1)...]
    }
    return Array(rest)
  }

  private final class Result: Sendable {
    let outcome = Mutex(Outcome())
  }
}

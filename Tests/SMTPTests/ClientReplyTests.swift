// SPDX-License-Identifier: Apache-2.0
import Mail
import Octets
import SMTP
import Testing

/// Replies of upstreams, honest and hostile.
struct ClientReplyTests {
  @Test func `a reply of one line is read with code, status and words`() throws {
    let reply = try #require(try read("550 5.1.1 <x@example.com>: no such user\r\n"))
    #expect(reply.code == 550)
    #expect(reply.status == EnhancedStatus(5, 1, 1))
    #expect(reply.words == "<x@example.com>: no such user")
    #expect(reply.description == "550 5.1.1 <x@example.com>: no such user")
    #expect(reply.reason.status == "5.1.1")
  }

  @Test func `lines of one reply are joined, and each line's status is left out of the words`() throws {
    let reply = try #require(try read("550-5.7.26 Unauthenticated mail\r\n550-5.7.26 is blocked.\r\n550 5.7.26 q1-2\r\n"))
    #expect(reply.lines.count == 3)
    #expect(reply.status == EnhancedStatus(5, 7, 26))
    #expect(reply.words == "Unauthenticated mail is blocked. q1-2")
  }

  @Test(arguments: ["250\r\n", "250 \r\n"]) func `a reply without words is a reply`(text: String) throws {
    let reply = try #require(try read(text))
    #expect(reply.code == 250)
    #expect(reply.words.isEmpty)
    #expect(reply.description == "250")
  }

  static let statuses: [(String, EnhancedStatus?)] = [
    ("250 2.1.5 ok", EnhancedStatus(2, 1, 5)), ("550 5.7.139 off", EnhancedStatus(5, 7, 139)), ("554 5.0.0", EnhancedStatus(5, 0, 0)),
    ("250 5.1.1 class disagrees", nil), ("550 4.1.1 class disagrees", nil), ("550 3.1.1 no class", nil), ("550 5.1 short", nil),
    ("550 5.1.1x", nil), ("550 5.1111.1 long", nil), ("550 5..1 gap", nil), ("550 5.1.", nil), ("550 x5.1.1", nil),
    ("354 go", nil), ("550-5.1.1 first line only\r\n550 last line without", nil),
    ("550-first line without\r\n550 5.2.2 full", EnhancedStatus(5, 2, 2)),
  ]

  @Test(arguments: statuses) func `a status counts on the last line only and where its class agrees`(text: String, status: EnhancedStatus?)
    throws
  {
    let reply = try #require(try read(text + "\r\n"))
    #expect(reply.status == status)
  }

  @Test func `nothing of one reply shows in the next`() throws {
    var queue = ByteQueue()
    var reader = ReplyReader()
    queue.append("550-5.1.1 a\r\n550 5.1.1 b\r\n250 c\r\n")
    #expect(try reader.next(from: &queue)?.status == EnhancedStatus(5, 1, 1))
    let second = try #require(try reader.next(from: &queue))
    #expect(second.status == nil)
    #expect(second.lines == ["c"])
    #expect(try reader.next(from: &queue) == nil)
    #expect(queue.count == 0)
  }

  @Test func `a pipelined burst gives the same replies whole, byte by byte and cut at random`() throws {
    let text = "250-mx at your service\r\n250-SIZE 100\r\n250 Ok\r\n250 2.1.0 ok\r\n550 5.1.1 no\r\n354 go\r\n"
    let whole = try all(text, pieces: [text.utf8.count])
    #expect(whole.map(\.code) == [250, 250, 550, 354])
    #expect(try all(text, pieces: Array(repeating: 1, count: text.utf8.count)) == whole)
    var random = ClientGenerator(3)
    for _ in 0..<200 {
      var (pieces, left) = ([Int](), text.utf8.count)
      while left > 0 {
        pieces.append(Int.random(in: 1...left, using: &random))
        left -= pieces.last ?? 0
      }
      #expect(try all(text, pieces: pieces) == whole)
    }
  }

  static let faults: [(String, ReplyFault)] = [
    ("HTTP/1.1 400 Bad Request\r\n", .notAReply(start: "HTTP/1.1 400 Bad Request??")),
    ("\u{15}\u{3}\u{1}", .notAReply(start: "???")),
    ("150 hello\r\n", .notAReply(start: "150 hello??")), ("650 hello\r\n", .notAReply(start: "650 hello??")),
    ("25x hello\r\n", .notAReply(start: "25x hello??")), ("2500 hello\r\n", .notAReply(start: "2500 hello??")),
    ("\r\n", .notAReply(start: "??")), ("25\r\n", .notAReply(start: "25??")), (" 250 ok\r\n", .notAReply(start: " 250 ok??")),
    ("250-a\r\n\r\n", .notAReply(start: "??")), ("250\tok\r\n", .notAReply(start: "250?ok??")),
    ("250 ok\n", .bareLineFeed), ("250-a\n250 b\r\n", .bareLineFeed), ("250 a\rb\r\n", .bareCarriageReturn),
    ("250\r\r\n", .bareCarriageReturn), ("250 a\0b\r\n", .nul),
    ("250-a\r\n550 b\r\n", .codeChanged(first: 250, then: 550)), ("250-a\r\n250-b\r\n251 c\r\n", .codeChanged(first: 250, then: 251)),
  ]

  @Test(arguments: faults) func `a malformed reply is refused with its fault, whole and byte by byte`(text: String, fault: ReplyFault) {
    #expect(throws: fault) { _ = try all(text, pieces: [text.utf8.count]) }
    let bytewise = #expect(throws: ReplyFault.self) { _ = try all(text, pieces: Array(repeating: 1, count: text.utf8.count)) }
    if case .notAReply = fault {
      guard case .notAReply = bytewise else {
        Issue.record("byte by byte gave \(String(describing: bytewise))")
        return
      }
    } else {
      #expect(bytewise == fault)
    }
    #expect(fault.description.hasPrefix("the upstream "))
  }

  @Test func `a line of the longest length is read and one byte more is refused, also when its end never comes`() throws {
    let limits = ReplyReader.Limits(lineLength: 64, lines: 4, total: 200)
    let longest = "250 " + String(repeating: "x", count: 58) + "\r\n"
    #expect(try all(longest, pieces: [64], limits).count == 1)
    #expect(try all(longest, pieces: Array(repeating: 1, count: 64), limits).count == 1)
    for text in ["250 " + String(repeating: "x", count: 59) + "\r\n", "250 " + String(repeating: "x", count: 60)] {
      #expect(throws: ReplyFault.lineTooLong(limit: 64)) { _ = try all(text, pieces: [text.utf8.count], limits) }
      #expect(throws: ReplyFault.lineTooLong(limit: 64)) { _ = try all(text, pieces: Array(repeating: 1, count: text.utf8.count), limits) }
    }
  }

  @Test func `a reply of too many lines or bytes is refused`() {
    let limits = ReplyReader.Limits(lineLength: 64, lines: 4, total: 120)
    let lines = String(repeating: "250-a\r\n", count: 4) + "250 a\r\n"
    #expect(throws: ReplyFault.tooManyLines(limit: 4)) { _ = try all(lines, pieces: [lines.utf8.count], limits) }
    let long = String(repeating: "250-" + String(repeating: "y", count: 50) + "\r\n", count: 3)
    #expect(throws: ReplyFault.tooLong(limit: 120)) { _ = try all(long, pieces: [long.utf8.count], limits) }
    let endless = String(repeating: "250-a\r\n", count: 129)
    #expect(throws: ReplyFault.tooManyLines(limit: 128)) { _ = try all(endless, pieces: [endless.utf8.count]) }
  }

  @Test func `what is stored of a hostile reply is printable and bounded`() throws {
    let hostile = "550 5.1.1 \u{1b}[2J\u{7f}\u{202e}" + String(repeating: "é", count: 900) + "\r\n"
    let reply = try #require(try read(hostile))
    #expect(reply.words.utf8.count <= UpstreamReply.wordsLimit)
    #expect(reply.words.hasPrefix("?[2J??é"))
    #expect(reply.lines.allSatisfy { $0.unicodeScalars.allSatisfy { $0.isPrintable } })
    var queue = ByteQueue()
    queue.append([0x32, 0x35, 0x30, 0x20, 0xff, 0xfe, 0x0d, 0x0a])
    var reader = ReplyReader()
    #expect(try reader.next(from: &queue)?.words == "??")
  }

  @Test func `bytes behind a reply stay in the queue for the caller to see`() throws {
    var queue = ByteQueue()
    queue.append("220 go ahead\r\n220 injected\r\n")
    var reader = ReplyReader()
    #expect(try reader.next(from: &queue)?.code == 220)
    #expect(queue.count > 0)
    #expect(!reader.isInsideReply)
  }

  @Test func `random bytes are read or refused and never more than bounded`() {
    var random = ClientGenerator(17)
    let alphabet = Array("250- \r\n\r\n5.1x\0".utf8)
    for _ in 0..<20_000 {
      let bytes = (0..<Int.random(in: 0...40, using: &random)).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &random)] }
      var reader = ReplyReader()
      var queue = ByteQueue()
      queue.append(bytes)
      do throws(ReplyFault) {
        while let reply = try reader.next(from: &queue) { #expect((200...599).contains(reply.code)) }
        #expect(queue.firstIndex(of: 0x0a) == nil)
      } catch {
        #expect(!error.description.isEmpty)
      }
    }
  }

  private func read(_ text: String) throws -> UpstreamReply? { try all(text, pieces: [text.utf8.count]).first }

  private func all(_ text: String, pieces: [Int], _ limits: ReplyReader.Limits = .init()) throws(ReplyFault) -> [UpstreamReply] {
    var reader = ReplyReader(limits: limits)
    var queue = ByteQueue()
    var replies: [UpstreamReply] = []
    let bytes = Array(text.utf8)
    var start = 0
    for piece in pieces {
      queue.append(bytes.span.extracting(start..<(start + piece)))
      start += piece
      while let reply = try reader.next(from: &queue) { replies.append(reply) }
    }
    return replies
  }
}

/// What waits in a queue, as a text.
func text(of queue: borrowing ByteQueue) -> String { String(decoding: queue.bytes.array, as: UTF8.self) }

/// A generator that repeats itself for a seed (SplitMix64).
struct ClientGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(_ seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }
}

/// The reply that these lines are, without their line ends.
func clientReply(_ lines: String...) throws -> UpstreamReply {
  var reader = ReplyReader()
  var queue = ByteQueue()
  for line in lines { queue.append(line + "\r\n") }
  return try #require(try reader.next(from: &queue))
}

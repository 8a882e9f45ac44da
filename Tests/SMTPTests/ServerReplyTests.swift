// SPDX-License-Identifier: Apache-2.0
import Octets
import SMTP
import Testing

/// Replies as bytes, and enhanced status codes as numbers.
@Suite struct ServerReplyTests {
  func wire(_ reply: Reply) -> String {
    var queue = ByteQueue()
    reply.append(to: &queue)
    return String(decoding: queue.bytes.array, as: UTF8.self)
  }

  @Test func `a reply of one line`() {
    #expect(wire(Reply(250, EnhancedStatus(2, 1, 5), "ok")) == "250 2.1.5 ok\r\n")
    #expect(wire(Reply(334, "")) == "334 \r\n")
  }

  @Test func `a reply of several lines has a hyphen in all but the last`() {
    let reply = Reply(250, "relay.example.com", furtherLines: ["PIPELINING", "SIZE 10"])
    #expect(wire(reply) == "250-relay.example.com\r\n250-PIPELINING\r\n250 SIZE 10\r\n")
    let failure = Reply(550, EnhancedStatus(5, 7, 1), "one", furtherLines: ["two"])
    #expect(wire(failure) == "550-5.7.1 one\r\n550 5.7.1 two\r\n")
  }

  @Test func `nothing in a text can end its line`() {
    #expect(wire(Reply(250, "a\r\n250 b\u{0}\u{7f}é")) == "250 a??250 b????\r\n")
  }

  @Test func `a long line is cut at what the protocol allows`() {
    let line = wire(Reply(550, EnhancedStatus(5, 7, 1), String(repeating: "x", count: 2000)))
    #expect(line.utf8.count == 512 && line.hasSuffix("x\r\n"))
  }

  @Test(arguments: [("2.0.0", 2, 0, 0), ("5.1.1 unknown", 5, 1, 1), ("4.999.999", 4, 999, 999), ("5.7.139 ", 5, 7, 139)])
  func `a status is read`(text: String, severity: UInt8, subject: UInt16, detail: UInt16) throws {
    let found = EnhancedStatus.leading(text.utf8.span)
    let read = try #require(found)
    #expect(read.status == EnhancedStatus(severity, subject, detail))
    #expect(read.length == "\(severity).\(subject).\(detail)".utf8.count)
  }

  @Test(arguments: [
    "", "2", "2.0", "2.0.", "2..0", "3.0.0", "1.0.0", "2.0.0x", "2.0.0.", "2.1000.0", "2.0.1000", "a.b.c", "2,0,0", " 2.0.0",
  ])
  func `what is no status is left alone`(text: String) {
    let found = EnhancedStatus.leading(text.utf8.span)
    #expect(found == nil)
  }
}

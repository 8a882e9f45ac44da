// SPDX-License-Identifier: Apache-2.0
internal import Dialogues
internal import SMTP

/// One command line, in a conversation that has a transaction or none: whatever it is, the answer is well formed and the conversation
/// goes on or ends.
enum CommandFuzz {
  static func run(_ bytes: [UInt8]) throws(FuzzFinding) {
    guard let choice = bytes.first else { return }
    var bench = ServerBench.greeted(choice & 1 == 0 ? ReplyRules.everything : [])
    if choice & 2 != 0 { bench.send("MAIL FROM:<a@b.example>\r\n") }
    if choice & 4 != 0 { bench.send("RCPT TO:<c@d.example>\r\n") }
    _ = bench.takeOutput()
    let line = bytes.dropFirst().filter { $0 != 0x0a }
    bench.send(line + [0x0d, 0x0a])
    try ReplyRules.check(bench.takeOutput())
    if bench.closed == nil, bench.conversation.awaitsLine {
      bench.send("NOOP\r\n")
      try ReplyRules.check(bench.takeOutput())
    }
  }
}

/// What holds for everything the server says.
enum ReplyRules {
  /// All extensions that a conversation without sockets can have.
  static let everything: ServerOffer.Extensions = [
    .dsn, .chunking, .binaryMIME, .startTLS, .requireTLS, .futureRelease, .limits, .anyAuth,
  ]

  /// Throws unless `output` is whole lines of replies, printable and not too long.
  static func check(_ output: String) throws(FuzzFinding) {
    var rest = Array(output.utf8)[...]
    while !rest.isEmpty {
      guard let end = rest.firstIndex(of: 0x0a) else { throw FuzzFinding("a reply does not end: \(output)") }
      let line = rest[..<end]
      rest = rest[(end + 1)...]
      try FuzzFinding.require(line.last == 0x0d && line.count <= 511, "a line of a reply is badly ended or too long: \(output)")
      let words = line.dropLast()
      try FuzzFinding.require(words.allSatisfy { $0 >= 0x20 && $0 < 0x7f }, "a reply has odd characters: \(output)")
      let code = words.prefix(3)
      let isCode = code.count == 3 && code.allSatisfy { $0 >= 0x30 && $0 <= 0x39 } && (0x32...0x35).contains(code.first ?? 0)
      try FuzzFinding.require(isCode && [0x20, 0x2d].contains(words.dropFirst(3).first), "a reply has no code: \(output)")
    }
  }
}

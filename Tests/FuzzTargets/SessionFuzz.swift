// SPDX-License-Identifier: Apache-2.0
internal import Dialogues
internal import Mail
internal import Octets
internal import SMTP

/// A whole session in pieces: every reply is well formed, and whatever is accepted leaves this house as one message.
enum SessionFuzz {
  static func run(_ bytes: [UInt8]) throws(FuzzFinding) {
    guard bytes.count > 2 else { return }
    var limits = ServerLimits()
    (limits.recipients, limits.errors, limits.chunks, limits.messageSize) = (5, 50, 20, .kibibytes(64))
    limits.headerSection = .kibibytes(4)
    let offer = ServerOffer(host: "relay.example.com", extensions: bytes[0] & 1 == 0 ? .usual.union(ReplyRules.everything) : .usual)
    var bench = ServerBench(offer: offer, limits: limits, isEncrypted: bytes[0] & 2 != 0)
    bench.open(early: [])
    let step = max(1, Int(bytes[1]))
    var start = 2
    while start < bytes.count, bench.closed == nil {
      let end = min(start + step, bytes.count)
      bench.send(Array(bytes[start..<end]))
      start = end
    }
    try ReplyRules.check(bench.takeOutput())
    for index in bench.stored.indices { try check(bench.stored[index].message.envelope, bench.stored[index].body, limits) }
  }

  private static func check(_ envelope: Envelope, _ body: [UInt8], _ limits: ServerLimits) throws(FuzzFinding) {
    try FuzzFinding.require(!envelope.recipients.isEmpty && envelope.recipients.count <= limits.recipients, "a message has no recipients")
    try FuzzFinding.require(body.count <= limits.messageSize.bytes, "a message is over the limit")
    guard envelope.coding != .binary else { return }
    try leaves(body)
  }

  /// What goes out behind DATA is one message, the same, to whoever ends it at CRLF.CRLF; and no other server finds an end before it.
  private static func leaves(_ body: [UInt8]) throws(FuzzFinding) {
    var encoder = BodyEncoder()
    var queue = ByteQueue()
    do throws(BodyFault) {
      try encoder.encode(body.span, into: &queue)
      try encoder.finish(into: &queue)
    } catch {
      throw FuzzFinding("what was let in cannot go out: \(error)")
    }
    let sent = queue.bytes.array
    var decoder = DataDecoder(.dotted, limits: ServerLimits())
    var back: [UInt8] = []
    let taken = decoder.take(sent.span, appendingTo: &back)
    let isWhole = body.suffix(2) == [0x0d, 0x0a] || body.isEmpty
    try FuzzFinding.require(taken == sent.count && decoder.hasEnded && decoder.violation == nil, "what goes out ends too early")
    try FuzzFinding.require(back == (isWhole ? body : body + [0x0d, 0x0a]), "what goes out is another message")
    for (index, byte) in sent.enumerated() {
      if byte == 0x0a { try FuzzFinding.require(index > 0 && sent[index - 1] == 0x0d, "a bare LF goes out") }
      if byte == 0x0d { try FuzzFinding.require(index + 1 < sent.count && sent[index + 1] == 0x0a, "a bare CR goes out") }
    }
  }
}

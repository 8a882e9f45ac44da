// SPDX-License-Identifier: Apache-2.0
internal import Dialogues
internal import Mail
internal import Octets
internal import SMTP

/// A whole session, said twice: each flight at once, and the same flights in pieces. What is answered, accepted and refused is the same,
/// unless the client did not wait for a reply that it must wait for, which shows only where its bytes are there together.
///
/// The first byte chooses the extensions, the second begins the lengths of the pieces; a record separator (0x1e) ends a flight.
enum CutFuzz {
  static func run(_ bytes: [UInt8]) throws(FuzzFinding) {
    guard bytes.count > 2 else { return }
    let flights = bytes.dropFirst(2).split(separator: 0x1e)
    var whole = bench(bytes[0])
    var pieces = bench(bytes[0])
    var lengths = Lengths(state: UInt32(bytes[1]))
    for flight in flights {
      if whole.closed == nil { whole.send(Array(flight)) }
      var rest = flight
      while !rest.isEmpty, pieces.closed == nil {
        let piece = rest.prefix(lengths.next())
        pieces.send(Array(piece))
        rest = rest[piece.endIndex...]
      }
    }
    if case .talkedAhead? = whole.closed { return }
    let (said, alsoSaid) = (whole.takeOutput(), pieces.takeOutput())
    try ReplyRules.check(said)
    try FuzzFinding.require(said == alsoSaid, "what comes in pieces is answered otherwise:\n\(said)---\n\(alsoSaid)")
    try FuzzFinding.require(whole.closed == pieces.closed, "what comes in pieces is closed otherwise")
    try FuzzFinding.require(whole.stored.count == pieces.stored.count, "what comes in pieces makes other messages")
    for (one, other) in zip(whole.stored, pieces.stored) {
      try FuzzFinding.require(one == other, "a message that comes in pieces is another one")
    }
  }

  private static func bench(_ choice: UInt8) -> ServerBench {
    var limits = ServerLimits()
    (limits.recipients, limits.errors, limits.chunks, limits.messageSize) = (5, 50, 20, .kibibytes(64))
    (limits.headerSection, limits.commandLine, limits.authLine) = (.kibibytes(4), 512, 1024)
    if choice & 4 != 0 { limits.textLine = 100 }
    let extensions = choice & 1 == 0 ? ServerOffer.Extensions.usual.union(ReplyRules.everything) : .usual
    let offer = ServerOffer(host: "relay.example.com", extensions: extensions)
    var bench = ServerBench(offer: offer, limits: limits, isEncrypted: choice & 2 != 0)
    bench.open(early: [])
    return bench
  }

  /// The lengths of the pieces, mostly short ones.
  private struct Lengths {
    var state: UInt32

    mutating func next() -> Int {
      state = state &* 1_664_525 &+ 1_013_904_223
      let choice = Int(state >> 24)
      return choice < 192 ? 1 + choice % 7 : choice * 3
    }
  }
}

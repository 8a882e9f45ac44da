// SPDX-License-Identifier: Apache-2.0
import Dialogues
import Mail
import Octets
import SMTP
import Testing

/// The files of `Tests/Dialogues/server` against the conversation; ``ServerDialogue`` says how they are written.
@Suite struct ServerDialogueTests {
  @Test func `there are dialogues`() {
    #expect(ServerDialogue.all(in: "server").count >= 20)
  }

  @Test(arguments: ServerDialogue.all(in: "server"))
  func `a dialogue goes as written`(dialogue: ServerDialogue) throws {
    try run(dialogue, inPieces: false)
  }

  @Test(arguments: ServerDialogue.all(in: "server").filter { !$0.given.contains(["one", "piece"]) })
  func `a dialogue goes as written when its bytes come one by one`(dialogue: ServerDialogue) throws {
    try run(dialogue, inPieces: true)
  }

  private func run(_ dialogue: ServerDialogue, inPieces: Bool) throws {
    var bench = try prepared(for: dialogue)
    var pending: [String] = []
    var reply: [Substring] = []
    var messages = 0
    var isOpen = false
    for (number, event) in dialogue.events {
      let place = Comment(rawValue: "\(dialogue):\(number)")
      if !isOpen {
        if case .send(let early) = event { bench.open(early: early) } else { bench.open(early: []) }
        isOpen = true
        pending += lines(bench.takeOutput())
        if case .send = event { continue }
      }
      switch event {
      case .send(let bytes):
        #expect(pending.isEmpty, place)
        #expect(bench.closed == nil, place)
        if inPieces { for byte in bytes { bench.send([byte]) } } else { bench.send(bytes) }
        pending += lines(bench.takeOutput())
      case .expect(let code, let words):
        reply = takeReply(&pending)
        let first = try #require(reply.first, place)
        #expect(first.hasPrefix(code) && first.dropFirst(4).hasPrefix(words), "\(place): \(first)")
      case .expectLine(let words): #expect(reply.contains { $0.dropFirst(4).hasPrefix(words) }, place)
      case .expectNoLine(let words): #expect(!reply.contains { $0.dropFirst(4).hasPrefix(words) }, place)
      case .expectClose: #expect(bench.closed != nil && pending.isEmpty, place)
      case .expectMessage(let sender, let recipients, let body):
        try #require(bench.stored.count > messages, place)
        let stored = bench.stored[messages]
        messages += 1
        #expect(stored.message.envelope.sender?.text ?? "" == sender, place)
        #expect(stored.message.envelope.recipients.map(\.mailbox.text) == recipients, place)
        #expect(stored.body == body, place)
      }
    }
    #expect(pending.isEmpty && bench.stored.count == messages, "\(dialogue): everything said and accepted was expected")
  }

  private func lines(_ output: String) -> [String] {
    var lines = output.utf8.split(separator: 0x0a, omittingEmptySubsequences: false).map { String(decoding: $0, as: UTF8.self) }
    #expect(lines.removeLast() == "" && lines.allSatisfy { $0.utf8.last == 0x0d }, "every line ends with CRLF")
    return lines.map { String(decoding: $0.utf8.dropLast(), as: UTF8.self) }
  }

  private func takeReply(_ pending: inout [String]) -> [Substring] {
    var reply: [Substring] = []
    while !pending.isEmpty {
      let line = pending.removeFirst()
      reply.append(line[...])
      if line.dropFirst(3).first != "-" { break }
    }
    return reply
  }

  private func prepared(for dialogue: ServerDialogue) throws -> ServerBench {
    var offer = ServerOffer(host: "relay.example.com")
    var limits = ServerLimits()
    var (refused, isFull, isFailing, isEncrypted): (Set<String>, Bool, Bool, Bool) = ([], false, false, false)
    for words in dialogue.given {
      switch words[0] {
      case "offer": for word in words.dropFirst() { offer.extensions.insert(try #require(ServerDialogueTests.extensions[word])) }
      case "withdraw": for word in words.dropFirst() { offer.extensions.remove(try #require(ServerDialogueTests.extensions[word])) }
      case "limit": try set(&limits, words[1], try #require(Int(words[2])))
      case "refuse": refused.formUnion(words.dropFirst())
      case "full": isFull = true
      case "failing": isFailing = true
      case "tls": isEncrypted = true
      case "one": break
      default: Issue.record("\(dialogue): nothing is given by \(words)")
      }
    }
    var bench = ServerBench(offer: offer, limits: limits, isEncrypted: isEncrypted)
    bench.refused = refused
    bench.isFull = isFull
    bench.isFailing = isFailing
    return bench
  }

  private static let extensions: [String: ServerOffer.Extensions] = [
    "pipelining": .pipelining, "size": .size, "8bitmime": .eightBitMIME, "smtputf8": .smtpUTF8, "dsn": .dsn, "chunking": .chunking,
    "binarymime": .binaryMIME, "starttls": .startTLS, "requiretls": .requireTLS, "futurerelease": .futureRelease, "limits": .limits,
    "anyauth": .anyAuth,
  ]

  private func set(_ limits: inout ServerLimits, _ name: String, _ value: Int) throws {
    switch name {
    case "messageSize": limits.messageSize = ByteCount(bytes: value)
    case "recipients": limits.recipients = value
    case "commandLine": limits.commandLine = value
    case "textLine": limits.textLine = value
    case "header": limits.headerSection = ByteCount(bytes: value)
    case "hops": limits.hops = value
    case "chunks": limits.chunks = value
    case "errors": limits.errors = value
    case "transactions": limits.transactions = value
    default: Issue.record("there is no limit \(name)")
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
import Dialogues
import EventLoop
import Harness
import LinuxSystem
import Mail
import Octets
import SMTP
import Simulation
import Spool
import Testing
import Timekeeping

@testable import Submission

/// The files of `Tests/Dialogues/server` against the live server, over real sockets.
@Suite struct LiveDialogueTests {
  @Test(arguments: ServerDialogue.all(in: "server"))
  func `a dialogue goes as written against the live server`(dialogue: ServerDialogue) throws {
    try Rig.use { rig in
      let certificate = dialogue.needsCertificate ? try TestCertificate(rig) : nil
      let plan = try LiveDialogueTests.plan(for: dialogue, certificate)
      try Bench.live(plan) { bench in
        if dialogue.given.contains(["failing"]) { bench.disk.fail(.write, times: 1_000_000, with: 5) }
        try await LiveDialogue(dialogue, bench, certificate).run(from: LiveDialogueTests.visitor(for: dialogue, bench))
      }
    }
  }

  /// A client that connects, or one whose first words are there before the server comes to greet it.
  @Loop private static func visitor(for dialogue: ServerDialogue, _ bench: Bench) async throws -> Speaker {
    guard case .send(let early)? = dialogue.events.first?.event else { return try await bench.visitor() }
    let door = try bench.network.listen(on: .v4([127, 0, 0, 1], port: 0))
    let client = try await bench.visitor(at: door.address)
    try await client.send(early)
    bench.server.serve(MailDoor(door))
    return client
  }

  private static func plan(for dialogue: ServerDialogue, _ certificate: TestCertificate?) throws -> Bench.Plan {
    var plan = Bench.Plan("[Listen]\nExtensions=PIPELINING SIZE 8BITMIME SMTPUTF8 ENHANCEDSTATUSCODES\nMaxErrors=20\n")
    plan.tls = try certificate?.server()
    var (limits, offered, withdrawn): ([(String, Int)], [String], [String]) = ([], [], [])
    for words in dialogue.given {
      switch words[0] {
      case "offer": offered += words.dropFirst()
      case "withdraw": withdrawn += words.dropFirst()
      case "limit": limits.append((words[1], try #require(Int(words[2]))))
      case "refuse":
        let list = words.dropFirst().joined(separator: " ")
        plan.settings += "[Policy]\nDenySenders=\(list)\nDenyRecipients=\(list)\n"
      case "full": plan.spool = { $0.reserve = .mebibytes(1 << 21) }
      case "tls": plan.protection = .implicitTLS
      default: break
      }
    }
    if offered.contains("anyauth") { plan.settings += "[Listen]\nAcceptAnyAuth=yes\n" }
    plan.change = { [limits, offered, withdrawn] rules in
      rules.limits = ServerLimits()
      for word in offered where !["anyauth", "starttls"].contains(word) { rules.extensions.insert(ServerOffer.Extensions(word)) }
      for word in withdrawn { rules.extensions.remove(ServerOffer.Extensions(word)) }
      for (name, value) in limits { rules.limits.set(name, value) }
    }
    return plan
  }
}

extension ServerDialogue {
  /// Whether TLS is spoken somewhere in it.
  fileprivate var needsCertificate: Bool { given.contains { $0.contains("starttls") || $0 == ["tls"] } }
}

/// One dialogue on its way.
@Loop private final class LiveDialogue {
  let dialogue: ServerDialogue
  let bench: Bench
  let certificate: TestCertificate?
  private var reply: [Substring] = []
  private var messages = 0
  private var replies = 0
  private var isOver = false

  init(_ dialogue: ServerDialogue, _ bench: Bench, _ certificate: TestCertificate?) {
    self.dialogue = dialogue
    self.bench = bench
    self.certificate = certificate
  }

  func run(from client: Speaker) async throws {
    if dialogue.given.contains(["tls"]), let certificate { try await client.startTLS(certificate.client()) }
    for (index, (number, event)) in dialogue.events.enumerated() {
      let place = Comment(rawValue: "\(dialogue):\(number)")
      switch event {
      case .send(let bytes): if index > 0 { await client.offer(bytes) }
      case .expect(let code, let words):
        reply = try await client.reply().split(separator: "\n")
        let first = try #require(reply.first, place)
        #expect(first.hasPrefix(code) && first.dropFirst(4).hasPrefix(words), "\(place): \(first)")
        if code == "220", replies > 0, let certificate { try await client.startTLS(certificate.client()) }
        replies += 1
      case .expectLine(let words): #expect(reply.contains { $0.dropFirst(4).hasPrefix(words) }, place)
      case .expectNoLine(let words): #expect(!reply.contains { $0.dropFirst(4).hasPrefix(words) }, place)
      case .expectClose:
        #expect(try await client.hasEnded(), place)
        isOver = true
      case .expectMessage(let sender, let recipients, let body): try await expect(sender, recipients, body, place)
      }
    }
    // Whatever else it has to say, it says before the answer to a last command.
    if !isOver { #expect(try await client.say("NOOP").hasPrefix("250 2.0.0 ok"), "\(dialogue): everything said was expected") }
    #expect(bench.letters.count == messages, "\(dialogue): everything accepted was expected")
  }

  private func expect(_ sender: String, _ recipients: [String], _ body: [UInt8], _ place: Comment) async throws {
    try #require(bench.letters.count > messages, place)
    let letter = bench.letters[messages]
    messages += 1
    #expect(letter.envelope.sender?.text ?? "" == sender, place)
    #expect(letter.envelope.recipients.map(\.mailbox.text) == recipients, place)
    let bytes = try await bench.bytes(of: letter)
    #expect(bytes.withoutTrace(before: body), "\(place): \(String(decoding: bytes, as: UTF8.self))")
  }
}

extension [UInt8] {
  /// Whether this is `body` with nothing but our trace lines in front of it.
  func withoutTrace(before body: [UInt8]) -> Bool {
    guard count > body.count, suffix(body.count).elementsEqual(body) else { return false }
    let trace = String(decoding: dropLast(body.count), as: UTF8.self)
    guard trace.hasPrefix("Received: from "), trace.utf8.suffix(2).elementsEqual([0x0d, 0x0a]) else { return false }
    return trace.split(separator: "\r\n").allSatisfy { line in
      ["Received: ", "\t", "Date: ", "Message-ID: "].contains { line.hasPrefix($0) }
    }
  }
}

extension ServerOffer.Extensions {
  /// The extension that a dialogue calls by this word.
  fileprivate init(_ word: String) {
    let all: [String: ServerOffer.Extensions] = [
      "pipelining": .pipelining, "size": .size, "8bitmime": .eightBitMIME, "smtputf8": .smtpUTF8, "dsn": .dsn, "chunking": .chunking,
      "binarymime": .binaryMIME, "requiretls": .requireTLS, "futurerelease": .futureRelease, "limits": .limits,
    ]
    self = all[word] ?? []
  }
}

extension ServerLimits {
  /// Sets the limit that a dialogue calls by this name.
  fileprivate mutating func set(_ name: String, _ value: Int) {
    switch name {
    case "messageSize": messageSize = ByteCount(bytes: value)
    case "recipients": recipients = value
    case "commandLine": commandLine = value
    case "textLine": textLine = value
    case "header": headerSection = ByteCount(bytes: value)
    case "hops": hops = value
    case "chunks": chunks = value
    case "errors": errors = value
    case "transactions": transactions = value
    default: Issue.record("there is no limit \(name)")
    }
  }
}

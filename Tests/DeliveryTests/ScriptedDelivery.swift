// SPDX-License-Identifier: Apache-2.0
import Delivery
import Dialogues
import EventLoop
import LinuxSystem
import Mail
import Octets
import Secrets
import Settings
import Simulation
import Spool
import TLS
import TLSTransport
import Telemetry
import Testing
import Timekeeping

/// Plays one dialogue file: the real dispatcher and all beneath it, against an upstream that does what the file says.
@Loop final class ScriptedDelivery {
  private let world: World
  private let file: UpstreamDialogueFile
  private let network: SimulatedNetwork
  private let spool: Spool
  private let dispatcher: Dispatcher
  private let facts: Facts
  private let listener: any Listener
  private var messages: [MessageID] = []
  private var place = 0
  private var isOver = false
  private var lastHeard: Moment
  private(set) var complaints: [String] = []
  /// What happens outside between two connections.
  var betweenConnections: () -> Void = {}

  /// Puts the house up and hands the messages in.
  init(_ file: UpstreamDialogueFile, _ world: World) async throws {
    self.world = world
    self.file = file
    let loop = world.loop
    lastHeard = loop.moment
    network = SimulatedNetwork(loop)
    listener = try network.listen(on: .v4([192, 0, 2, 1], port: 25))
    let resolver = TableResolver(loop)
    resolver.set("mx.example.com", to: [.v4([192, 0, 2, 1], port: 25)])
    let workers = SimulatedWorkers(loop)
    var limits = SpoolLimits()
    limits.segmentSize = .mebibytes(1)
    limits.reserve = ByteCount(bytes: 0)
    let disk = SimulatedDisk(seed: 1)
    spool = try await Spool.open(disk, limits: limits, journal: SimulatedWorkers(loop), workers: workers, loop: loop)
    let means = DeliveryMeans(
      network: network, resolver: resolver, disk: disk, workers: workers, secrets: SecretReader(environment: [:]),
      generator: SeededGenerator(seed: 1))
    let facts = Facts()
    self.facts = facts
    dispatcher = Dispatcher(loop, spool, try ScriptedDelivery.settings(file), means) { facts.note($0) }
    dispatcher.seed()
  }

  /// Plays it to its end and compares.
  func play() async throws {
    world.loop.spawn { [self] in
      do {
        try await perform()
      } catch {
        complain(file.steps[min(place, file.steps.count - 1)].line, "\(error)")
      }
      isOver = true
    }
    try await handIn()
    let limit = world.loop.moment + .seconds(14 * 86_400)
    while !isOver, world.loop.moment < limit { _ = await world.loop.sleep(.milliseconds(10)) }
    _ = await world.loop.sleep(.seconds(1))
    while dispatcher.underway > 0, world.loop.moment < limit { _ = await world.loop.sleep(.milliseconds(10)) }
    if world.loop.moment >= limit { complain(file.steps[min(place, file.steps.count - 1)].line, "nothing more happens") }
    await compare()
    listener.close()
    network.cutAll()
    await dispatcher.drain(until: world.loop.moment)
    _ = await spool.close()
  }

  /// Hands the messages in, and answers what is wrong with the upstream then; the upstream says nothing.
  func trouble() async throws -> String {
    try await handIn()
    _ = await world.loop.sleep(.seconds(2))
    let sentence = dispatcher.upstreams[0].health.trouble?.sentence ?? ""
    listener.close()
    await dispatcher.drain(until: world.loop.moment)
    _ = await spool.close()
    return sentence
  }

  private func handIn() async throws {
    let size = file.given.first { $0.hasPrefix("body ") }.flatMap { Int($0.dropFirst(5)) } ?? 20
    var recipients = file.given.filter { $0.hasPrefix("to ") }.map { $0.split(separator: " ").dropFirst().map(String.init) }
    if recipients.isEmpty { recipients = [["to@b.example"]] }
    for recipients in recipients {
      let envelope = Envelope(
        sender: ScriptedDelivery.mailbox("me@a.example"), recipients: recipients.map { Recipient(ScriptedDelivery.mailbox($0)) },
        submitter: Submitter(peer: "test", greeting: "test"), accepted: world.loop.wallTime)
      let line = Array("..a line of the body\r\n".utf8)
      var body = Array("Subject: hi\r\n\r\n".utf8)
      while body.count < size { body += line }
      let id = spool.nextID()
      let letter = Letter(id: id, envelope: envelope, body: try await keep(body, of: id))
      try await spool.accept(letter)
      messages.append(letter.id)
      dispatcher.take(StoredLetter(fresh: letter))
    }
  }

  /// A body as submission hands it over: large ones go into files.
  private func keep(_ body: [UInt8], of id: MessageID) async throws -> LetterBody {
    guard body.count > 100_000 else { return .memory(body) }
    let intake = spool.beginBody(of: id)
    intake.append(body.span)
    return try await intake.finish()
  }

  private func perform() async throws {
    var raw = try await listener.accept()
    var wire = Wire(raw)
    for (index, (line, step)) in file.steps.enumerated() {
      place = index
      switch step {
      case .hear(let wanted): try await hear(wanted, line, &wire)
      case .hearBody: while try await next(&wire) != "." {}
      case .hearChunk: try await hearChunk(line, &wire)
      case .say(let bytes):
        wire.output.append(bytes)
        try await wire.flush(until: world.loop.moment + .seconds(60))
      case .sayByteByByte(let bytes):
        for byte in bytes {
          wire.output.append(byte)
          try await wire.flush(until: .distantFuture)
          _ = await world.loop.sleep(.seconds(1))
        }
      case .sayForEver(let bytes): await sayForEver(bytes, line, &wire)
      case .wait(let wait): _ = await world.loop.sleep(wait)
      case .handshake(let wanted):
        do {
          let isResumed = try await handshake(&wire)
          if wanted == .refused { complain(line, "the relay takes the certificate") }
          if wanted == .new && isResumed || wanted == .resumed && !isResumed { complain(line, "the session is not \(wanted)") }
        } catch {
          if wanted != .refused { throw error }
        }
      case .close: wire.stream.close()
      case .reset: (raw as? SimulatedStream)?.breakBoth()
      case .expectClose(let wait): await expectClose(after: wait, line, &wire)
      case .expectCloseBehindAnything:
        while (try? await wire.fill(until: world.loop.moment + .seconds(600))) != nil { wire.input.removeAll() }
      case .next:
        betweenConnections()
        raw = try await listener.accept()
        wire = Wire(raw)
      }
    }
    isOver = true
    // Whatever the relay says from here on is not in the script; it is let down softly.
    while let words = try? await next(&wire) {
      if words == "QUIT" { wire.output.append("221 bye\r\n") }
    }
    wire.stream.close()
  }

  private var chunk = 0

  private func hear(_ wanted: String, _ line: Int, _ wire: inout Wire) async throws {
    let words = try await next(&wire)
    guard words.hasPrefix(wanted) else { throw Broken(description: "the relay says \"\(words)\", not \"\(wanted)\"") }
    if words.hasPrefix("BDAT ") { chunk = Int(words.split(separator: " ")[1]) ?? 0 }
  }

  private func hearChunk(_ line: Int, _ wire: inout Wire) async throws {
    while wire.input.count < chunk { try await wire.fill(until: world.loop.moment + .seconds(3600)) }
    wire.input.consume(chunk)
  }

  private func next(_ wire: inout Wire) async throws -> String {
    let length = try await wire.nextLine(limit: 100_000, until: world.loop.moment + .seconds(7 * 86_400))
    let words = String(decoding: wire.input.bytes.extracting(first: length - 2).array, as: UTF8.self)
    wire.input.consume(length)
    lastHeard = world.loop.moment
    return words
  }

  private func sayForEver(_ bytes: [UInt8], _ line: Int, _ wire: inout Wire) async {
    var count = 0
    while count < 100_000 {
      count += 1
      wire.output.append(bytes)
      guard wire.output.count > 8192 else { continue }
      do {
        try await wire.flush(until: world.loop.moment + .seconds(60))
      } catch {
        return
      }
    }
    complain(line, "the relay listens to \(count) lines")
  }

  private var contexts = TLSContexts()

  /// Makes the upstream's part of the handshake; whether an earlier session goes on.
  private func handshake(_ wire: inout Wire) async throws -> Bool {
    let name = file.given.first { $0.hasPrefix("certificate ") }.map { String($0.dropFirst(12)) } ?? "good"
    let demand = file.given.first { $0.hasPrefix("demand ") }.map { TLSTrust.file(String($0.dropFirst(7))) }
    let context = try contexts.context(for: .server(identity: TestCertificates.shared.identity(name), clientsSignedBy: demand))
    let stream = TLSStream(wire.stream, TLSSession(server: context))
    try await stream.handshake(until: world.loop.moment + .seconds(60))
    wire.stream = stream
    return stream.tlsPeer?.isResumed == true
  }

  private func expectClose(after wait: Duration, _ line: Int, _ wire: inout Wire) async {
    let begun = max(lastHeard, wait == .zero ? world.loop.moment : lastHeard)
    while let words = try? await next(&wire) {
      if words != "QUIT" { return complain(line, "the relay goes on with \"\(words)\"") }
    }
    let took = world.loop.moment - begun
    if took > wait * 1.1 + .seconds(10) || took < wait * 0.9 { complain(line, "the relay ended it after \(took), not \(wait)") }
    wire.stream.close()
  }

  private func complain(_ line: Int, _ words: String) { complaints.append("\(file):\(line): \(words)") }

  /// What a line expects and does not find.
  private struct Broken: Error, CustomStringConvertible {
    let description: String
  }
}

extension ScriptedDelivery {
  private func compare() async {
    let letters = await spool.describe(messages)
    for (line, verdict) in file.verdicts {
      switch verdict {
      case .recipient(let address, let wanted, let words):
        let outcome = facts.outcomes[address]
        let found = outcome.map { "\($0.verdict) \($0.reason.code) \($0.reason.status) \($0.reason.text)" } ?? "untried"
        if !found.hasPrefix(wanted) || !found.lowercased().contains(words.lowercased()) { complain(line, "\(address) is \(found)") }
      case .state(let wanted, let attempts):
        let state = spool.entry(messages[0]).map { "\($0.state)" } ?? "gone"
        let counted = letters.first { $0.id == messages[0] }?.attempts ?? attempts
        if state != wanted || attempts >= 0 && counted != attempts { complain(line, "the message is \(state) after \(counted) attempts") }
      case .upstream(let kind, let words):
        let trouble = dispatcher.upstreams[0].health.trouble
        let found = trouble.map { ScriptedDelivery.word(for: $0.kind) } ?? "well"
        if found != kind || trouble.map({ !$0.sentence.lowercased().contains(words.lowercased()) }) ?? false {
          complain(line, "the upstream is \(found): \(trouble?.sentence ?? "")")
        }
      case .probe(let wait): compare(dispatcher.upstreams[0].health.retryAt, wait, line, "the next probe")
      case .retry(let wait): compare(dispatcher.due(of: messages[0]), wait, line, "the next attempt")
      }
    }
  }

  private func compare(_ moment: Moment?, _ wait: Duration, _ line: Int, _ what: String) {
    let found = moment.map { $0 - lastHeard }
    if found.map({ $0 < wait * 0.75 - .seconds(1) || $0 > wait * 1.25 + .seconds(1) }) ?? true {
      complain(line, "\(what) is in \(found.map { "\($0)" } ?? "no time at all")")
    }
  }

  private static func mailbox(_ text: String) -> Mailbox {
    let parts = text.split(separator: "@").map(String.init)
    return Mailbox(verifiedLocalPart: parts[0], domain: parts[1])
  }

  private static func word(for kind: UpstreamHealth.Trouble.Kind) -> String {
    switch kind {
    case .fault: "held"
    case .outage: "failing"
    case .limited: "limited"
    }
  }

  private static func settings(_ file: UpstreamDialogueFile) throws -> RelaySettings {
    let usual = """
      [Relay]
      Hostname=relay.example.com
      [Upstream]
      Host=mx.example.com
      Port=25
      TLS=none
      Connections=1
      CAFile=\(TestCertificates.shared.authority)
      [Retry]
      Jitter=0%
      [Bounce]
      MaxPerHour=0
      [Spool]
      Directory=/sim

      """
    var more = ""
    for setting in file.given where setting.contains("=") {
      let (section, assignment) = (setting.prefix { $0 != "." }, setting.drop { $0 != "." }.dropFirst())
      more += "[\(section)]\n\(assignment)\n"
    }
    return try RelaySettings(
      files: [SettingsFile(name: "usual", text: usual), SettingsFile(name: "\(file)", text: more)], environment: [:],
      systemHostname: "relay.example.com")
  }
}

/// What delivery has told.
@Loop final class Facts {
  /// The last outcome of each recipient.
  private(set) var outcomes: [String: Outcome] = [:]

  func note(_ event: RelayEvent) {
    if case .delivery(.attempted(_, let recipient, let outcome, _, _, _)) = event { outcomes[recipient.text] = outcome }
  }
}

// SPDX-License-Identifier: Apache-2.0
package import EventLoop
package import LinuxSystem
internal import Octets
package import Timekeeping

/// An upstream on the simulated network: a well-behaved SMTP server, until somebody tells it how to misbehave.
///
/// What it takes is remembered in a ``Takings``, which outlives the network it stands in, as the world outlives a crash of this machine.
@Loop package final class SimulatedUpstream {
  /// The extensions that EHLO offers.
  package var offers = ["PIPELINING", "SIZE 100000000", "8BITMIME", "ENHANCEDSTATUSCODES", "SMTPUTF8"]
  /// The password of any user, when somebody has to log in before MAIL.
  package var password: String?
  /// How it answers a command line, `CONNECT` for a new connection, or `.` for the end of a message.
  package var answer: (_ line: String) -> Answer = { _ in .usual }
  /// How long it thinks about each answer.
  package var pause = Duration.zero
  /// Every command line that came, in order.
  package private(set) var commands: [String] = []
  /// How many connections there were.
  package private(set) var connections = 0
  /// How many connections there are.
  package private(set) var open = 0
  /// How many connections there were at one time.
  package private(set) var mostOpen = 0
  private let loop: EventLoop
  private let network: SimulatedNetwork
  private let address: SocketAddress
  private let takings: Takings
  private var listener: (any Listener)?
  private var streams: [ObjectIdentifier: SimulatedStream] = [:]

  /// An upstream that does not listen yet.
  package init(_ loop: EventLoop, _ network: SimulatedNetwork, at address: SocketAddress, into takings: Takings) {
    self.loop = loop
    self.network = network
    self.address = address
    self.takings = takings
  }

  /// What it does about a line.
  package enum Answer {
    /// What the line deserves.
    case usual
    /// These lines, without doing anything.
    case say(String)
    /// These lines and the end of the connection.
    case sayAndClose(String)
    /// The end of the connection without a word.
    case close
    /// A reset.
    case cut
    /// What the line deserves, with a reset before the answer can leave.
    case doAndCut
    /// Nothing, as if the line had not come.
    case nothing
    /// Nothing any more, whatever comes; the connection stays.
    case silence
  }

  /// Accepts connections, until ``stop()``.
  package func start() throws(SystemFailure) {
    guard listener == nil else { return }
    let listener = try network.listen(on: address)
    self.listener = listener
    loop.spawn { [self] in
      while let stream = try? await listener.accept() { serve(stream) }
    }
  }

  /// Accepts no more connections; those that are open go on.
  package func stop() {
    listener?.close()
    listener = nil
  }

  /// Closes every connection that is open.
  package func hangUp() {
    for stream in streams.values { stream.close() }
  }

  @inline(never) private func serve(_ stream: any ByteStream) {
    connections += 1
    open += 1
    mostOpen = max(mostOpen, open)
    let key = ObjectIdentifier(stream)
    streams[key] = stream as? SimulatedStream
    loop.spawn { [self] in
      let session = Session(wire: Wire(stream))
      // How a conversation ends is the relay's business, which the tests look at.
      try? await talk(session)
      stream.close()
      streams[key] = nil
      open -= 1
    }
  }

  private func talk(_ begun: consuming Session) async throws {
    var session = begun
    guard try await react(to: "CONNECT", &session) else { return }
    while true {
      let length = try await session.wire.nextLine(limit: 1_000_000, until: .distantFuture)
      let line = String(decoding: session.wire.input.bytes.extracting(first: length - 2).array, as: UTF8.self)
      session.wire.input.consume(length)
      commands.append(line)
      guard try await react(to: line, &session) else { return }
    }
  }

  /// Does what a line deserves, or what was ordered; false ends the connection.
  private func react(to line: String, _ session: inout Session) async throws -> Bool {
    if pause > .zero, await loop.sleep(pause) == .cancelled { return false }
    switch answer(line) {
    case .usual: try await act(on: line, &session, isHeard: true)
    case .say(let words):
      // A chunk is taken off the wire before anything is said about it (RFC 3030 §2).
      if line.hasPrefix("BDAT ") { try await readChunk(line, &session) }
      session.say(words)
      // The end of a message ends its transaction, however it ends (RFC 5321 §4.1.1.4).
      if line == "." { session.begin(nil) }
    case .sayAndClose(let words):
      session.say(words)
      try await session.wire.flush(until: .distantFuture)
      return false
    case .close:
      try await deliverReplies(&session)
      return false
    case .cut:
      try await deliverReplies(&session)
      (session.wire.stream as? SimulatedStream)?.breakBoth()
      return false
    case .doAndCut:
      try await deliverReplies(&session)
      try await act(on: line, &session, isHeard: false)
      (session.wire.stream as? SimulatedStream)?.breakBoth()
      return false
    case .nothing: break
    case .silence:
      try await deliverReplies(&session)
      while true {
        session.wire.input.removeAll()
        try await session.wire.fill(until: .distantFuture)
      }
    }
    return !session.hasQuit || session.wire.output.isEmpty
  }

  /// Lets the replies to earlier commands arrive, so that it is known what the relay knows.
  private func deliverReplies(_ session: inout Session) async throws {
    guard !session.wire.output.isEmpty else { return }
    try await session.wire.flush(until: .distantFuture)
    _ = await loop.sleep(.milliseconds(1))
  }

  private func act(on line: String, _ session: inout Session, isHeard: Bool) async throws {
    let verb = line.uppercased()
    switch true {
    case line == "CONNECT": session.say("220 mx.example.com ESMTP")
    case line == ".":
      end(&session, isHeard: isHeard)
      guard isHeard else { return }
      // The next message's envelope may be here already, and may be answered by cutting the line: what counts as heard has arrived.
      try await session.wire.flush(until: .distantFuture)
      _ = await loop.sleep(.milliseconds(1))
    case verb.hasPrefix("EHLO"): session.say(ehlo)
    case verb.hasPrefix("AUTH PLAIN "): logIn(line, &session)
    case verb.hasPrefix("MAIL FROM:<"):
      guard password == nil || session.isLoggedIn else { return session.say("530 5.7.0 Authentication required") }
      guard session.sender == nil else { return session.say("503 5.5.1 nested MAIL") }
      session.begin(SimulatedUpstream.address(in: line))
      session.say("250 2.1.0 sender ok")
    case verb.hasPrefix("RCPT TO:<"):
      guard session.sender != nil else { return session.say("503 5.5.1 no sender") }
      session.recipients.append(SimulatedUpstream.address(in: line))
      session.say("250 2.1.5 recipient ok")
    case verb == "DATA":
      guard session.sender != nil, !session.recipients.isEmpty else { return session.say("503 5.5.1 no recipients") }
      session.say("354 go ahead")
      session.body = try await body(&session)
      if try await !react(to: ".", &session) { throw WireFailure.ended }
    case verb.hasPrefix("BDAT "): try await take(chunk: verb, &session, isHeard: isHeard)
    case verb == "RSET":
      session.begin(nil)
      session.say("250 2.0.0 forgotten")
    case verb == "QUIT":
      session.say("221 2.0.0 bye")
      session.hasQuit = true
      try await session.wire.flush(until: .distantFuture)
    default: session.say("500 5.5.2 unknown")
    }
  }

  private var ehlo: String {
    let lines = ["mx.example.com"] + offers + (password == nil ? [] : ["AUTH PLAIN"])
    return lines.enumerated().map { $0.offset == lines.count - 1 ? "250 \($0.element)" : "250-\($0.element)" }.joined(separator: "\r\n")
  }

  private func logIn(_ line: String, _ session: inout Session) {
    let given = Base64.decode(Array(line.dropFirst(11).utf8).span).map { String(decoding: $0, as: UTF8.self) } ?? ""
    session.isLoggedIn = given.split(separator: "\0").last.map(String.init) == password
    session.say(session.isLoggedIn ? "235 2.7.0 welcome" : "535 5.7.8 Authentication credentials invalid")
  }

  private func end(_ session: inout Session, isHeard: Bool) {
    guard let sender = session.sender else { return session.say("503 5.5.1 no sender") }
    takings.add(
      Takings.Message(
        sender: sender, recipients: session.recipients, body: session.body, at: loop.wallTime, isAnswered: isHeard))
    session.begin(nil)
    session.say("250 2.0.0 taken")
  }

  /// The lines up to the dot, dots unstuffed.
  private func body(_ session: inout Session) async throws -> String {
    var body: [UInt8] = []
    while true {
      let length = try await session.wire.nextLine(limit: 1_000_000, until: .distantFuture)
      let line = session.wire.input.bytes.extracting(first: length).array
      session.wire.input.consume(length)
      if line == Array(".\r\n".utf8) { return String(decoding: body, as: UTF8.self) }
      body += line.first == UInt8(ascii: ".") ? line.dropFirst() : line[...]
    }
  }

  /// One chunk, which is always the last one here.
  private func take(chunk verb: String, _ session: inout Session, isHeard: Bool) async throws {
    session.body = try await readChunk(verb, &session)
    guard session.sender != nil, !session.recipients.isEmpty else { return session.say("503 5.5.1 no recipients") }
    if try await !react(to: ".", &session) { throw WireFailure.ended }
  }

  @discardableResult private func readChunk(_ verb: String, _ session: inout Session) async throws -> String {
    let words = verb.split(separator: " ")
    let size = words.count > 1 ? Int(words[1]) ?? 0 : 0
    while session.wire.input.count < size { try await session.wire.fill(until: .distantFuture) }
    defer { session.wire.input.consume(size) }
    return String(decoding: session.wire.input.bytes.extracting(first: size).array, as: UTF8.self)
  }

  private static func address(in line: String) -> String {
    String(line.drop { $0 != "<" }.dropFirst().prefix { $0 != ">" })
  }

  /// One connection and where it stands.
  private struct Session: ~Copyable {
    var wire: Wire
    var sender: String?
    var recipients: [String] = []
    var body = ""
    var isLoggedIn = false
    var hasQuit = false

    init(wire: consuming Wire) { self.wire = wire }

    mutating func say(_ words: String) { wire.output.append(words + "\r\n") }

    mutating func begin(_ sender: String?) {
      self.sender = sender
      recipients = []
      body = ""
    }
  }
}

/// What an upstream has taken over its whole life.
@Loop package final class Takings {
  /// The messages, in order.
  package private(set) var messages: [Message] = []
  /// Whether more is forgotten at once: what a relay does that should be dead.
  package var isClosed = false

  /// Nothing yet.
  package nonisolated init() {}

  /// One message.
  package struct Message: Sendable {
    package let sender: String
    package let recipients: [String]
    package let body: String
    package let at: WallTime
    /// Whether the relay was told.
    package let isAnswered: Bool
  }

  func add(_ message: Message) { if !isClosed { messages.append(message) } }
}

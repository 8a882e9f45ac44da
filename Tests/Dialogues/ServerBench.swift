// SPDX-License-Identifier: Apache-2.0
package import Mail
package import Octets
package import SMTP
package import Timekeeping

/// A driver without sockets: it carries out the conversation's steps as the real one does, and remembers what came of them.
package struct ServerBench: ~Copyable {
  /// The conversation that is carried out.
  package private(set) var conversation: ServerConversation
  /// Why it is over.
  package private(set) var closed: CloseReason?
  /// What was accepted.
  package private(set) var stored: [(message: CompletedTransaction, body: [UInt8], survey: HeaderSurvey)] = []
  /// What was said and not taken yet.
  package private(set) var output = ByteQueue()
  private var input = ByteQueue()
  private var mode = Mode.commands
  private var decoder: DataDecoder?
  private var body: [UInt8] = []
  private var isSenderRefused = false
  /// Senders and recipients that policy refuses, at RCPT.
  package var refused: Set<String> = []
  /// Senders who are refused at MAIL.
  package var refusedAtOnce: Set<String> = []
  /// Whether there is no room for mail.
  package var isFull = false
  /// Whether storing fails.
  package var isFailing = false
  /// The time it is here.
  package static let now = WallTime(microseconds: 1_700_534_580_000_000)

  enum Mode: Equatable {
    case commands
    case body
    case chunk(left: Int)
    case discard(left: Int)
  }

  /// A bench on which nobody has said anything.
  package init(
    offer: ServerOffer = ServerOffer(host: "relay.example.com"), limits: ServerLimits = ServerLimits(), isEncrypted: Bool = false
  ) {
    conversation = ServerConversation(
      offer: offer, limits: limits, submitter: Submitter(peer: "127.0.0.1:4000", greeting: ""), isEncrypted: isEncrypted)
  }

  /// A bench on which the greeting and EHLO are over.
  package static func greeted(_ more: ServerOffer.Extensions = [], limits: ServerLimits = ServerLimits()) -> ServerBench {
    let offer = ServerOffer(host: "relay.example.com", extensions: ServerOffer.Extensions.usual.union(more))
    var bench = ServerBench(offer: offer, limits: limits)
    bench.open(early: [])
    bench.send("EHLO app\r\n")
    _ = bench.takeOutput()
    return bench
  }

  /// Begins, with what the client sent before the greeting.
  package mutating func open(early: [UInt8]) { perform(conversation.open(early: early.span)) }

  /// What the client sends, all of it there at once.
  package mutating func send(_ bytes: [UInt8]) {
    input.append(bytes)
    while closed == nil, advance() {}
  }

  /// What the client sends, as text.
  package mutating func send(_ text: String) { send(Array(text.utf8)) }

  /// Everything said since the last time.
  package mutating func takeOutput() -> String {
    let text = String(decoding: output.bytes.array, as: UTF8.self)
    output.removeAll()
    return text
  }

  /// Sends a command and takes what is answered.
  package mutating func ask(_ line: String) -> String {
    send(line + "\r\n")
    return takeOutput()
  }

  private mutating func advance() -> Bool {
    switch mode {
    case .commands:
      guard let step = conversation.next(from: &input, at: ServerBench.now) else { return false }
      perform(step)
    case .body:
      guard !input.isEmpty else { return false }
      feed(input.count)
      if decoder?.hasEnded == true || decoder?.violation != nil { endBody() }
    case .chunk(let left), .discard(let left):
      guard left == 0 || !input.isEmpty else { return false }
      let count = min(left, input.count)
      if case .chunk = mode { feed(count) } else { input.consume(count) }
      if left > count {
        if case .chunk = mode { mode = .chunk(left: left - count) } else { mode = .discard(left: left - count) }
      } else {
        endChunk()
      }
    }
    return true
  }

  private mutating func feed(_ count: Int) {
    _ = decoder?.take(from: &input, atMost: count, appendingTo: &body)
  }

  private mutating func endBody() {
    mode = .commands
    if let decoder { perform(conversation.bodyEnded(decoder, at: ServerBench.now)) }
  }

  private mutating func endChunk() {
    let wasKept = if case .chunk = mode { true } else { false }
    mode = .commands
    if wasKept, let decoder {
      perform(conversation.chunkEnded(decoder, at: ServerBench.now))
    } else {
      perform(conversation.chunkDiscarded())
    }
  }

  private mutating func perform(_ step: ServerStep) {
    switch step {
    case .say(let reply): reply.append(to: &output)
    case .close(let reply, let reason):
      reply.append(to: &output)
      closed = reason
    case .judgeSender(let sender, _):
      isSenderRefused = refused.contains(sender?.text ?? "")
      let isRefused = isFull || refusedAtOnce.contains(sender?.text ?? "")
      perform(isRefused ? conversation.refuse(.cannotStore) : conversation.admit())
    case .judgeRecipient(let recipient):
      let isRefused = isSenderRefused || refused.contains(recipient.text)
      perform(isRefused ? conversation.refuse(Reply(550, EnhancedStatus(5, 7, 1), "not allowed by this relay")) : conversation.admit())
    case .collectBody(let reply):
      reply.append(to: &output)
      begin()
      mode = .body
    case .collectChunk(let chunk):
      if chunk.isFirst { begin(chunk) }
      mode = .chunk(left: chunk.size)
    case .discardChunk(let size): mode = .discard(left: size)
    case .store(let message):
      guard !isFailing else { return perform(conversation.notStored(.cannotStore)) }
      stored.append((message, body, decoder?.survey ?? HeaderSurvey()))
      perform(conversation.stored(as: MessageID(number: UInt64(stored.count))))
    case .startTLS(let reply):
      reply.append(to: &output)
      conversation.tlsStarted()
    }
  }

  private mutating func begin(_ chunk: ServerStep.Chunk? = nil) {
    decoder = conversation.decoder(for: chunk)
    body = []
  }

  /// Ends the conversation as a driver does.
  package mutating func interrupt(_ reason: CloseReason.Interruption) { perform(conversation.interrupt(reason)) }
}

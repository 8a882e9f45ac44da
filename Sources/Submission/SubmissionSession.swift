// SPDX-License-Identifier: Apache-2.0
import EventLoop
import Mail
import Octets
import SMTP
import Spool
import Telemetry
import Timekeeping

/// One app's connection, from greeting to goodbye.
///
/// The conversation decides what is said; the session moves the bytes, asks the rulebook, and lets `250` leave only when the spool has
/// answered. Every wait has a deadline, and every end a reason in the log.
@Loop struct SubmissionSession {
  let loop: EventLoop
  let spool: Spool
  let rules: SubmissionRules
  let report: (RelayEvent) -> Void
  let deliver: (StoredLetter) -> Void

  /// Serves the connection to its end; `note` hears when it waits between messages and when it does not.
  func run(_ stream: any ByteStream, _ note: (_ isIdle: Bool) -> Void) async {
    var wire = Wire(stream)
    let submitter = Submitter(peer: "\(stream.peer)", greeting: "")
    var conversation = ServerConversation(offer: rules.offer, limits: rules.limits, submitter: submitter, isEncrypted: false)
    var messages = 0
    report(.submission(.connectionAccepted(client: submitter)))
    var reason: SubmissionEvent.Closing
    do throws(WireFailure) {
      reason = .init(try await converse(&wire, &conversation, &messages, note))
      await hangUp(&wire)
    } catch {
      reason = await part(error, &wire, &conversation)
    }
    stream.close()
    report(.submission(.connectionClosed(client: conversation.submitter, why: reason, messages: messages)))
  }

  private func converse(
    _ wire: inout Wire, _ conversation: inout ServerConversation, _ messages: inout Int, _ note: (_ isIdle: Bool) -> Void
  ) async throws(WireFailure) -> CloseReason {
    _ = wire.stream.read(into: &wire.input, room: 512)
    var step = conversation.open(early: wire.input.bytes)
    var body = IncomingBody(conversation.decoder(for: step), MessageID(number: 0))
    defer { body.discard() }
    while true {
      switch step {
      case .say(let reply): reply.append(to: &wire.output)
      case .close(let reply, let reason):
        reply.append(to: &wire.output)
        return reason
      case .judgeSender(_, let size):
        step = judgeSender(announcedSize: size, &conversation)
        continue
      case .judgeRecipient:
        step = conversation.admit()
        continue
      case .collectBody(let reply):
        reply.append(to: &wire.output)
        body.discard()
        body = IncomingBody(conversation.decoder(for: step), spool.nextID())
        try await collect(&body, from: &wire, conversation)
        step = conversation.bodyEnded(body.decoder, at: loop.wallTime)
        continue
      case .collectChunk(let chunk):
        if chunk.isFirst {
          body.discard()
          body = IncomingBody(conversation.decoder(for: step), spool.nextID())
        }
        try await collect(chunk.size, of: &body, from: &wire, conversation)
        step = conversation.chunkEnded(body.decoder, at: loop.wallTime)
        continue
      case .discardChunk(let size):
        try await discard(size, from: &wire)
        step = conversation.chunkDiscarded()
        continue
      case .store(let transaction):
        step = await store(transaction, &body, &conversation)
        messages += 1
        continue
      case .startTLS:
        preconditionFailure("STARTTLS is not offered here")
      }
      step = try await next(&wire, &conversation, note)
    }
  }

  /// The step that the client's next command leads to.
  private func next(
    _ wire: inout Wire, _ conversation: inout ServerConversation, _ note: (_ isIdle: Bool) -> Void
  ) async throws(WireFailure) -> ServerStep {
    if let step = conversation.next(from: &wire.input, at: loop.wallTime) { return step }
    let isIdle = !conversation.isInTransaction
    if isIdle { note(true) }
    defer { if isIdle { note(false) } }
    while true {
      try await wire.fill(until: loop.moment + rules.commandTimeout)
      if let step = conversation.next(from: &wire.input, at: loop.wallTime) { return step }
    }
  }

  /// Room on the disk is asked for before the sender is let in; what is refused here costs the client nothing.
  private func judgeSender(announcedSize: Int?, _ conversation: inout ServerConversation) -> ServerStep {
    guard let refusal = spool.refusal(for: announcedSize ?? 0) else { return conversation.admit() }
    report(.submission(.refused(client: conversation.submitter, code: 452, status: "4.3.1", why: refusal.words)))
    return conversation.refuse(Reply(refusal))
  }

  private func collect(
    _ body: inout IncomingBody, from wire: inout Wire, _ conversation: ServerConversation
  ) async throws(WireFailure) {
    while !body.isComplete {
      if wire.input.isEmpty { try await wire.fill(until: loop.moment + rules.dataTimeout) }
      wire.input.consume(body.take(wire.input.bytes))
      if body.isLarge { await stream(&body, conversation) }
    }
  }

  private func collect(
    _ size: Int, of body: inout IncomingBody, from wire: inout Wire, _ conversation: ServerConversation
  ) async throws(WireFailure) {
    var left = size
    while left > 0 {
      if wire.input.isEmpty { try await wire.fill(until: loop.moment + rules.dataTimeout) }
      let taken = body.take(wire.input.bytes.extracting(first: left))
      wire.input.consume(taken)
      left -= taken
      if body.isLarge { await stream(&body, conversation) }
    }
  }

  private func stream(_ body: inout IncomingBody, _ conversation: ServerConversation) async {
    let (id, survey) = (body.id, body.decoder.survey)
    await body.stream(trace: { trace(of: conversation.underway(at: loop.wallTime), id, survey) }, into: spool)
  }

  private func trace(of transaction: CompletedTransaction, _ id: MessageID, _ survey: HeaderSurvey) -> [UInt8] {
    TraceHeader(host: rules.offer.host, id: id, with: transaction.with).lines(for: transaction.envelope, survey)
  }

  private func discard(_ size: Int, from wire: inout Wire) async throws(WireFailure) {
    var left = size
    while left > 0 {
      if wire.input.isEmpty { try await wire.fill(until: loop.moment + rules.dataTimeout) }
      let taken = min(left, wire.input.count)
      wire.input.consume(taken)
      left -= taken
    }
  }

  /// Makes a complete message durable; only then is it said to be ours.
  private func store(
    _ transaction: CompletedTransaction, _ body: inout IncomingBody, _ conversation: inout ServerConversation
  ) async -> ServerStep {
    let (id, survey) = (body.id, body.decoder.survey)
    let letter: Letter
    do throws(SpoolRefusal) {
      let content = try await body.finish { trace(of: transaction, id, survey) }
      letter = Letter(id: id, envelope: transaction.envelope, body: content)
      try await spool.accept(letter)
      body.handOver()
    } catch {
      body.discard()
      report(.submission(.refused(client: conversation.submitter, code: 452, status: "4.3.1", why: error.words)))
      return conversation.notStored(Reply(error))
    }
    report(
      .submission(
        .accepted(
          id: id, sender: letter.envelope.sender, size: ByteCount(bytes: letter.body.size), recipients: letter.envelope.recipients.count,
          client: conversation.submitter)))
    deliver(StoredLetter(fresh: letter))
    return conversation.stored(as: id)
  }

  /// Ends a connection that a failure has ended; answers why it is over.
  private func part(
    _ failure: WireFailure, _ wire: inout Wire, _ conversation: inout ServerConversation
  ) async -> SubmissionEvent.Closing {
    switch failure {
    case .ended, .system, .lineTooLong, .tls: return .lost
    case .timedOut:
      await say(conversation.interrupt(.idle), &wire)
      return .timedOut
    case .cancelled:
      await say(conversation.interrupt(.shuttingDown), &wire)
      return .stopping
    }
  }

  private func say(_ step: ServerStep, _ wire: inout Wire) async {
    guard case .close(let reply, _) = step else { return }
    reply.append(to: &wire.output)
    // The connection is over; a reply that cannot leave at once is lost.
    _ = wire.stream.write(from: &wire.output)
  }

  /// Lets the last reply arrive: closing while unread bytes wait would reset the connection and take the reply with it.
  private func hangUp(_ wire: inout Wire) async {
    let deadline = loop.moment + SubmissionSession.lingering
    do throws(WireFailure) {
      try await wire.flush(until: deadline)
      wire.stream.finishWriting()
      var patience = SubmissionSession.lingeringBytes
      while patience > 0 {
        patience -= wire.input.count
        wire.input.removeAll()
        try await wire.fill(until: deadline)
      }
    } catch {
      return
    }
  }

  private static let lingering = Duration.seconds(2)
  private static let lingeringBytes = 1_048_576
}

extension SubmissionEvent.Closing {
  fileprivate init(_ reason: CloseReason) {
    switch reason {
    case .quit: self = .quit
    case .interrupted(.idle): self = .timedOut
    case .interrupted(.shuttingDown): self = .stopping
    default: self = .violation("\(reason)")
    }
  }
}

extension Reply {
  /// The reply to a message that the spool does not take.
  init(_ refusal: SpoolRefusal) {
    switch refusal {
    case .full, .failing, .closed: self.init(452, EnhancedStatus(4, 3, 1), "mail cannot be stored now; try again later")
    case .tooLarge: self.init(552, EnhancedStatus(5, 3, 4), "the message is too large to be stored")
    }
  }
}

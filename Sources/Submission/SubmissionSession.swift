// SPDX-License-Identifier: Apache-2.0
import EventLoop
import LinuxSystem
import Mail
import Octets
import Policy
import SMTP
import Spool
import TLS
import TLSTransport
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
  let peers: PeerLookup
  let memory: MessageMemory
  let report: (RelayEvent) -> Void
  let deliver: (StoredLetter) -> Void

  /// Whoever has come, and through which kind of door.
  struct Guest {
    let stream: any ByteStream
    let identity: PeerIdentity
    let protection: MailDoor.Protection
  }

  /// What the session itself must remember of a conversation.
  private struct Course {
    /// When the connection must be over.
    let end: Moment
    /// When the message under way must be complete.
    var transactionEnd = Moment.distantFuture
    /// The messages that were stored.
    var messages = 0
    /// Why the sender may not send: said at RCPT, where programs look for it.
    var senderRefusal: Reply?
    /// Why something is refused, in words that are not for the client.
    var cause: String?
    /// The stream to ask again about a client whose unit was too new to be known.
    var acquaintance: (any ByteStream)?
  }

  /// Serves the connection to its end; `note` hears when it waits between messages and when it does not.
  func run(_ guest: Guest, _ note: (_ isIdle: Bool) -> Void) async {
    var wire = Wire(guest.stream)
    let (client, gap) = await client(guest)
    if let refusal = rules.rulebook.refusal(ofClient: client) { return await turnAway(client, refusal, guest.protection, &wire) }
    let isEncrypted = guest.protection == .implicitTLS
    var conversation = ServerConversation(
      offer: rules.offer(to: guest.stream.peer), limits: rules.limits, submitter: client, isEncrypted: isEncrypted)
    var course = Course(end: loop.moment + rules.connectionTimeout)
    if gap == .cgroupNotReadYet { course.acquaintance = guest.stream }
    report(.submission(.connectionAccepted(client: client)))
    var reason: SubmissionEvent.Closing
    do throws(WireFailure) {
      if isEncrypted { try await encrypt(&wire) }
      reason = .init(try await converse(&wire, &conversation, &course, note))
      await Farewell.wait(on: &wire, loop)
    } catch {
      reason = await part(error, &wire, &conversation)
    }
    wire.stream.close()
    report(.submission(.connectionClosed(client: conversation.submitter, why: reason, messages: course.messages)))
  }

  /// Who it is. Where a rule asks for the unit and the unit is too new to be known, it is asked for again for a short while.
  private func client(_ guest: Guest) async -> (Submitter, PeerIdentity.Gap?) {
    var identity = guest.identity
    let deadline = loop.moment + SubmissionSession.patienceForUnit
    while rules.rulebook.asksForUnits, identity.gap == .cgroupNotReadYet, loop.moment < deadline {
      _ = await loop.sleep(.milliseconds(20))
      identity = guest.stream.peerIdentity(by: peers)
    }
    return (Submitter(guest.stream.peer, identity), identity.gap)
  }

  /// Sees off a client that the rules name.
  private func turnAway(_ client: Submitter, _ refusal: Refusal, _ protection: MailDoor.Protection, _ wire: inout Wire) async {
    report(.submission(.connectionRefused(client: client.peer, why: refusal.text)))
    do throws(WireFailure) {
      if protection == .implicitTLS { try await encrypt(&wire) }
      Reply(refusal, code: 554).append(to: &wire.output)
      await Farewell.wait(on: &wire, loop)
    } catch {
      // Nobody is there to be told.
    }
    wire.stream.close()
  }

  private func converse(
    _ wire: inout Wire, _ conversation: inout ServerConversation, _ course: inout Course, _ note: (_ isIdle: Bool) -> Void
  ) async throws(WireFailure) -> CloseReason {
    _ = wire.stream.read(into: &wire.input, room: 512)
    var step = conversation.open(early: wire.input.bytes)
    var body = IncomingBody(conversation.decoder(for: step), MessageID(number: 0), memory)
    defer { body.discard() }
    while true {
      switch step {
      case .say(let reply):
        if !reply.isPositive { tell(reply, conversation, &course) }
        reply.append(to: &wire.output)
      case .close(let reply, let reason):
        reply.append(to: &wire.output)
        return reason
      case .judgeSender(let sender, let size):
        step = judge(sender: sender, announcedSize: size, &conversation, &course)
        continue
      case .judgeRecipient(let recipient):
        step = judge(recipient: recipient, &conversation, course)
        continue
      case .collectBody(let reply):
        reply.append(to: &wire.output)
        body.discard()
        body = IncomingBody(conversation.decoder(for: step), spool.nextID(), memory)
        try await collect(&body, from: &wire, conversation, until: course.transactionEnd)
        step = conversation.bodyEnded(body.decoder, at: loop.wallTime)
        continue
      case .collectChunk(let chunk):
        if chunk.isFirst {
          body.discard()
          body = IncomingBody(conversation.decoder(for: step), spool.nextID(), memory)
        }
        try await collect(chunk.size, of: &body, from: &wire, conversation, until: course.transactionEnd)
        step = conversation.chunkEnded(body.decoder, at: loop.wallTime)
        continue
      case .discardChunk(let size):
        try await discard(size, from: &wire, until: conversation.isInTransaction ? course.transactionEnd : course.end)
        step = conversation.chunkDiscarded()
        continue
      case .store(let transaction):
        step = await store(transaction, &body, &conversation, &course.cause)
        if case .say(let reply) = step, reply.isPositive { course.messages += 1 }
        continue
      case .startTLS(let reply):
        guard try await startTLS(reply, &wire) else {
          step = conversation.interruptedTLS()
          continue
        }
        conversation.tlsStarted()
      }
      step = try await next(&wire, &conversation, course, note)
    }
  }

  /// The step that the client's next command leads to.
  private func next(
    _ wire: inout Wire, _ conversation: inout ServerConversation, _ course: Course, _ note: (_ isIdle: Bool) -> Void
  ) async throws(WireFailure) -> ServerStep {
    let isIdle = !conversation.isInTransaction
    let end = isIdle ? course.end : course.transactionEnd
    if loop.moment >= end { throw .timedOut }
    if let step = conversation.next(from: &wire.input, at: loop.wallTime) { return step }
    if isIdle { note(true) }
    defer { if isIdle { note(false) } }
    while true {
      try await wire.fill(until: min(loop.moment + rules.commandTimeout, end))
      if let step = conversation.next(from: &wire.input, at: loop.wallTime) { return step }
    }
  }

  /// Writes a refusal down, with the cause where there is one behind the reply.
  private func tell(_ reply: Reply, _ conversation: ServerConversation, _ course: inout Course) {
    let status = reply.status.map { "\($0)" } ?? ""
    let why = course.cause ?? reply.text
    course.cause = nil
    report(.submission(.refused(client: conversation.submitter, code: reply.code, status: status, why: why)))
  }

  /// Room is asked for before the sender is let in; what is refused here costs the client nothing.
  private func judge(
    sender: Mailbox?, announcedSize: Int?, _ conversation: inout ServerConversation, _ course: inout Course
  ) -> ServerStep {
    let shortage: BodyRefusal? = memory.isExhausted ? .memory : spool.refusal(for: announcedSize ?? 0).map(BodyRefusal.spool)
    if let shortage {
      course.cause = shortage.words
      return conversation.refuse(shortage.reply)
    }
    if let stream = course.acquaintance {
      course.acquaintance = nil
      conversation.learn(Submitter(stream.peer, stream.peerIdentity(by: peers)))
    }
    course.transactionEnd = loop.moment + rules.transactionTimeout
    course.senderRefusal = rules.rulebook.refusal(ofSender: sender).map { Reply($0) }
    return conversation.admit()
  }

  private func judge(recipient: Mailbox, _ conversation: inout ServerConversation, _ course: Course) -> ServerStep {
    if let reply = course.senderRefusal { return conversation.refuse(reply) }
    if let refusal = rules.rulebook.refusal(ofRecipient: recipient) { return conversation.refuse(Reply(refusal)) }
    return conversation.admit()
  }

  private static let patienceForUnit = Duration.seconds(1)
}

extension SubmissionSession {
  /// Begins TLS as the client asked; false when bytes came in the clear behind its command.
  private func startTLS(_ reply: Reply, _ wire: inout Wire) async throws(WireFailure) -> Bool {
    _ = wire.stream.read(into: &wire.input, room: 512)
    guard wire.input.isEmpty else { return false }
    reply.append(to: &wire.output)
    try await wire.flush(until: loop.moment + rules.commandTimeout)
    try await encrypt(&wire)
    return true
  }

  private func encrypt(_ wire: inout Wire) async throws(WireFailure) {
    guard let context = rules.tls else { throw .ended }
    let stream = TLSStream(wire.stream, TLSSession(server: context))
    do throws(WireFailure) {
      try await stream.handshake(until: loop.moment + rules.handshakeTimeout)
    } catch {
      // Whoever is there speaks neither TLS nor SMTP now: no word of ours would be understood.
      stream.close()
      throw error
    }
    wire.stream = stream
  }

  /// Ends a connection that a failure has ended; answers why it is over.
  private func part(
    _ failure: WireFailure, _ wire: inout Wire, _ conversation: inout ServerConversation
  ) async -> SubmissionEvent.Closing {
    switch failure {
    case .ended, .system, .lineTooLong: return .lost
    case .tls(let failure): return .violation("\(failure)")
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
    await Farewell.wait(on: &wire, loop)
  }
}

extension Submitter {
  /// The client at `peer`, as far as the kernel told.
  fileprivate init(_ peer: SocketAddress, _ identity: PeerIdentity) {
    self.init(peer: "\(peer)", greeting: "")
    user = identity.user
    userName = identity.userName
    unit = identity.unit
  }
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

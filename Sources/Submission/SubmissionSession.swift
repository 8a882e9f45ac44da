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

  /// Serves the connection to its end; `note` hears when it waits between messages and when it does not.
  func run(_ guest: Guest, _ note: (_ isIdle: Bool) -> Void) async {
    var wire = Wire(guest.stream)
    let (client, gap) = await client(guest)
    if let refusal = rules.rulebook.refusal(ofClient: client) { return await turnAway(client, refusal, guest.protection, &wire) }
    let isEncrypted = guest.protection == .implicitTLS
    var conversation = ServerConversation(
      offer: rules.offer(to: guest.stream.peer), limits: rules.limits, submitter: client, isEncrypted: isEncrypted)
    let course = SessionCourse(end: loop.moment + rules.connectionTimeout)
    if gap == .cgroupNotReadYet { course.acquaintance = guest.stream }
    report(.submission(.connectionAccepted(client: client)))
    var reason: SubmissionEvent.Closing
    do throws(WireFailure) {
      if isEncrypted { try await encrypt(&wire) }
      reason = .init(try await converse(&wire, &conversation, course, note))
      await Farewell.wait(on: &wire, loop)
    } catch {
      reason = await part(error, &wire, &conversation)
    }
    wire.stream.close()
    report(.submission(.connectionClosed(client: conversation.submitter, why: reason, messages: course.messages)))
  }

  /// Who it is. Where a rule asks for the unit and the unit is too new to be known, it is asked for again for a short while.
  @inline(never) private func client(_ guest: Guest) async -> (Submitter, PeerIdentity.Gap?) {
    var identity = guest.identity
    let deadline = loop.moment + SubmissionSession.patienceForUnit
    while rules.rulebook.asksForUnits, identity.gap == .cgroupNotReadYet, loop.moment < deadline {
      _ = await loop.sleep(.milliseconds(20))
      identity = guest.stream.peerIdentity(by: peers)
    }
    return (Submitter(guest.stream.peer, identity), identity.gap)
  }

  /// Sees off a client that the rules name.
  @inline(never) private func turnAway(_ client: Submitter, _ refusal: Refusal, _ protection: MailDoor.Protection, _ wire: inout Wire) async
  {
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

  /// Leads the conversation to its end.
  ///
  /// Thousands of sessions wait in here, so it holds next to nothing itself: what is to be done lies in the course, and doing it has
  /// frames of its own.
  private func converse(
    _ wire: inout Wire, _ conversation: inout ServerConversation, _ course: SessionCourse, _ note: (_ isIdle: Bool) -> Void
  ) async throws(WireFailure) -> CloseReason {
    open(&conversation, &wire, course)
    defer { course.forgetBody() }
    while true {
      switch advance(&wire, &conversation, course) {
      case .listening(let isInTransaction): try await listen(isInTransaction, &wire, &conversation, course, note)
      case .working(let work): try await carryOut(work, &wire, &conversation, course)
      case .over(let reason): return reason
      }
    }
  }

  /// Whose turn it is.
  private enum Turn {
    /// The client's, within a transaction or not.
    case listening(isInTransaction: Bool)
    /// Ours, and it takes time.
    case working(Work)
    /// Nobody's any more.
    case over(CloseReason)
  }

  /// What takes time.
  private enum Work {
    /// To hand what came of a large message to the spool.
    case stream
    /// To make the message durable.
    case store
    /// To shake hands.
    case startTLS
  }

  /// The step that the client leads to by saying something before the greeting, or by waiting for it.
  @inline(never) private func open(_ conversation: inout ServerConversation, _ wire: inout Wire, _ course: SessionCourse) {
    _ = wire.stream.read(into: &wire.input, room: 512)
    course.step = conversation.open(early: wire.input.bytes)
  }

  /// Does whatever can be done at once: says what is to be said, and judges.
  @inline(never) private func advance(_ wire: inout Wire, _ conversation: inout ServerConversation, _ course: SessionCourse) -> Turn {
    while let step = course.step.take() {
      switch step {
      case .say(let reply):
        if !reply.isPositive { tell(reply, conversation.submitter, course) }
        reply.append(to: &wire.output)
      case .close(let reply, let reason):
        reply.append(to: &wire.output)
        return .over(reason)
      case .judgeSender(let sender, let size): course.step = judge(sender: sender, announcedSize: size, &conversation, course)
      case .judgeRecipient(let recipient): course.step = judge(recipient: recipient, &conversation, course)
      case .collectBody(let reply):
        reply.append(to: &wire.output)
        course.begin(IncomingBody(conversation.decoder(for: nil), spool.nextID(), announced: course.announcedSize, memory))
        course.reading = .body
      case .collectChunk(let chunk):
        if chunk.isFirst {
          course.begin(IncomingBody(conversation.decoder(for: chunk), spool.nextID(), announced: course.announcedSize, memory))
        }
        course.reading = .chunk(chunk.size)
      case .discardChunk(let size): course.reading = .refusedChunk(size)
      case .store(let transaction):
        course.complete = transaction
        return .working(.store)
      case .startTLS(let reply):
        _ = wire.stream.read(into: &wire.input, room: 512)
        if wire.input.isEmpty {
          reply.append(to: &wire.output)
          return .working(.startTLS)
        }
        course.step = conversation.interruptedTLS()
      }
    }
    if course.holdsMuch { return .working(.stream) }
    if conversation.isInTransaction { return .listening(isInTransaction: true) }
    course.forgetBody()
    return .listening(isInTransaction: false)
  }

  /// Waits for what the client owes: a command, or the bytes of a message. One that never falls silent must come to an end all the same.
  private func listen(
    _ isInTransaction: Bool, _ wire: inout Wire, _ conversation: inout ServerConversation, _ course: SessionCourse,
    _ note: (_ isIdle: Bool) -> Void
  ) async throws(WireFailure) {
    let end = isInTransaction ? course.transactionEnd : course.end
    if loop.moment >= end { throw .timedOut }
    if hear(&conversation, &wire, course) { return }
    let isIdle = course.reading == .command && !isInTransaction
    if isIdle { note(true) }
    defer { if isIdle { note(false) } }
    repeat {
      if course.reading != .command, memory.isBackedUp { await memory.pause(until: end) }
      if loop.moment >= end { throw .timedOut }
      let patience = course.reading == .command ? rules.commandTimeout : rules.dataTimeout
      try await wire.fill(until: min(loop.moment + patience, end), isIdle: isIdle)
    } while !hear(&conversation, &wire, course)
  }

  /// Does what takes time.
  @inline(never) private func carryOut(
    _ work: Work, _ wire: inout Wire, _ conversation: inout ServerConversation, _ course: SessionCourse
  ) async throws(WireFailure) {
    switch work {
    case .stream: await stream(&conversation, course)
    case .store: await store(&conversation, course)
    case .startTLS:
      try await wire.flush(until: loop.moment + rules.commandTimeout)
      try await encrypt(&wire)
      conversation.tlsStarted()
      course.step = nil
    }
  }

  /// Writes a refusal down, with the cause where there is one behind the reply.
  @inline(never) private func tell(_ reply: Reply, _ client: Submitter, _ course: SessionCourse) {
    let status = reply.status.map { "\($0)" } ?? ""
    let why = course.cause ?? reply.text
    course.cause = nil
    report(.submission(.refused(client: client, code: reply.code, status: status, why: why)))
  }

  /// Room is asked for before the sender is let in; what is refused here costs the client nothing.
  private func judge(
    sender: Mailbox?, announcedSize: Int?, _ conversation: inout ServerConversation, _ course: SessionCourse
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
    course.announcedSize = announcedSize
    course.senderRefusal = rules.rulebook.refusal(ofSender: sender).map { Reply($0) }
    return conversation.admit()
  }

  private func judge(recipient: Mailbox, _ conversation: inout ServerConversation, _ course: SessionCourse) -> ServerStep {
    if let reply = course.senderRefusal { return conversation.refuse(reply) }
    if let refusal = rules.rulebook.refusal(ofRecipient: recipient) { return conversation.refuse(Reply(refusal)) }
    return conversation.admit()
  }

  private static let patienceForUnit = Duration.seconds(1)
}

extension SubmissionSession {
  @inline(never) private func encrypt(_ wire: inout Wire) async throws(WireFailure) {
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

// SPDX-License-Identifier: Apache-2.0
package import Mail
package import Octets
package import Timekeeping

/// The server's side of an SMTP dialogue (RFC 5321), as a value that is told what came and answers what to do.
///
/// It knows neither sockets nor clocks nor who may send: a driver feeds it bytes, carries out its steps and reports back. Where a
/// decision or work is the driver's, the conversation waits in a phase of its own, and calling anything else then is the driver's bug.
///
///     unopened ──open──► command ◄──────────────────────────────┐ say
///                          │ MAIL, RCPT ─► judging ──admit/refuse┤
///                          │ AUTH ───────► loggingIn ────────────┤
///                          │ DATA ───────► collecting ──ended──┐ │
///                          │ BDAT ───────► chunking ──ended────┤ │   (not the last chunk: back to command)
///                          │                             storing ┤
///                          │ STARTTLS ───► startingTLS ──────────┘   (everything the client said is forgotten)
///                          └ QUIT, a mistake too many ─► closed
///
/// Invariants: a transaction lives in one optional, and every end or failure of it sets that to nil; what a client sent never appears in
/// a reply; after ``ServerStep/close(_:_:)`` nothing more is taken.
package struct ServerConversation: Sendable {
  /// What is offered, and under which name.
  package let offer: ServerOffer
  /// What the connection may ask for.
  package let limits: ServerLimits
  /// Who is at the other end; its greeting is what HELO or EHLO said.
  package private(set) var submitter: Submitter
  /// Whether TLS is on.
  package private(set) var isEncrypted: Bool

  var phase = Phase.unopened
  var transaction: ServerTransaction?
  var isExtended = false
  var isGreeted = false
  var hasLoggedIn = false
  private var errors = 0
  private var transactions = 0
  private var skipped = 0

  /// Whose turn it is, and for what.
  enum Phase: Hashable {
    case unopened
    case command
    indirect case loggingIn(ServerLogin)
    indirect case judgingSender(MailCommand)
    indirect case judgingRecipient(Recipient)
    case collecting
    case chunking
    case discarding(Reply)
    case storing
    case startingTLS
    case closed
  }

  /// A conversation with `submitter`, whose connection was encrypted from its start or is not.
  package init(offer: ServerOffer, limits: ServerLimits, submitter: Submitter, isEncrypted: Bool) {
    self.offer = offer
    self.limits = limits
    self.submitter = submitter
    self.isEncrypted = isEncrypted
  }

  /// Begins: the greeting, unless the client talked first. `early` is what it sent before.
  package mutating func open(early: Span<UInt8>) -> ServerStep {
    precondition(phase == .unopened, "a conversation opens once")
    phase = .command
    if let step = recognizeTLS(early) { return step }
    guard !early.isEmpty else { return .say(Reply(220, "\(offer.host) ESMTP Posthouse")) }
    var scanner = GrammarScanner(early)
    if ServerVerb.take(&scanner) == .http { return close(.notHTTP, .spokeHTTP) }
    return close(.talkedBeforeGreeting, .talkedBeforeGreeting)
  }

  /// Takes the next command off the bytes that came, if it is complete; nil when more must come first.
  package mutating func next(from input: inout ByteQueue, at now: WallTime) -> ServerStep? {
    guard awaitsLine, !input.isEmpty else { return nil }
    if let step = recognizeTLS(input.bytes) { return step }
    let isLogin = phase != .command || input.bytes.startsIgnoringCase(with: "AUTH ")
    let limit = isLogin ? limits.authLine : limits.commandLine
    // Told by where the line ends, and not by how it is cut: 16 times what a command may have.
    let endless = 16 * limits.commandLine
    guard let end = input.firstIndex(of: 0x0a) else {
      guard skipped + input.count > limit else { return nil }
      skipped += input.count
      input.removeAll()
      return skipped > endless ? close(.lineTooLong, .endlessLine) : nil
    }
    guard skipped == 0, end < limit else {
      if skipped + end > endless { return close(.lineTooLong, .endlessLine) }
      skipped = 0
      phase = .command
      input.consume(end + 1)
      return fail(.lineTooLong)
    }
    guard end > 0, input.bytes[end - 1] == 0x0d else { return close(.bareLineFeed, .bareLineFeedInCommand) }
    let step = receive(input.bytes.extracting(0..<end - 1), behind: end + 1 < input.count ? .bytes : .nothing, at: now)
    input.consume(end + 1)
    return step
  }

  /// What had already come behind a command when it was taken.
  package enum Behind: Hashable, Sendable {
    case nothing
    case bytes
  }

  /// Takes one command, or one line of a login, without its CRLF.
  package mutating func receive(_ line: Span<UInt8>, behind: Behind, at now: WallTime) -> ServerStep {
    precondition(awaitsLine, "a line is taken only where one is awaited")
    if case .loggingIn(let login) = phase { return continueLogin(login, line, behind: behind) }
    guard line.count + 2 <= limits.authLine else { return fail(.lineTooLong) }
    if line.kinds.contains(.control) { return fail(.controlCharacter) }
    var scanner = GrammarScanner(line)
    let verb = ServerVerb.take(&scanner)
    if verb != .auth, line.count + 2 > limits.commandLine { return fail(.lineTooLong) }
    if endsGroup(verb), behind == .bytes { return close(.talkedAhead, .talkedAhead(of: verb)) }
    switch verb {
    case .mail: return mail(scanner, at: now)
    case .rcpt: return recipient(scanner)
    case .bdat: return chunk(scanner)
    case .helo, .ehlo: return greet(verb, scanner, at: now)
    case .auth: return login(scanner)
    case .data: return refuseParameters(scanner) ?? data()
    case .rset: return refuseParameters(scanner) ?? reset()
    case .quit: return refuseParameters(scanner) ?? close(.goodbye, .quit)
    case .startTLS: return refuseParameters(scanner) ?? startTLS()
    case .noop: return .say(.done)
    case .help: return .say(.help(extensions))
    case .vrfy: return .say(.cannotVerify)
    case .expn, .unsupported: return fail(.unsupportedCommand)
    case .http: return close(.notHTTP, .spokeHTTP)
    case .unknown: return fail(.unknownCommand)
    }
  }

  /// Takes the sender or recipient that was to be judged.
  package mutating func admit() -> ServerStep {
    switch phase {
    case .judgingSender(let mail):
      phase = .command
      transactions += 1
      transaction = ServerTransaction(mail)
      return .say(.senderAdmitted)
    case .judgingRecipient(let recipient):
      phase = .command
      transaction?.recipients.append(recipient)
      return .say(.recipientAdmitted)
    case .unopened, .command, .loggingIn, .collecting, .chunking, .discarding, .storing, .startingTLS, .closed:
      preconditionFailure("only a sender or recipient under judgement can be admitted")
    }
  }

  /// Refuses the sender or recipient that was to be judged, in the driver's words. A refusal is no mistake in the protocol and does not
  /// count as one.
  package mutating func refuse(_ reply: Reply) -> ServerStep {
    precondition(!reply.isPositive, "a refusal is negative")
    switch phase {
    case .judgingSender, .judgingRecipient: phase = .command
    case .unopened, .command, .loggingIn, .collecting, .chunking, .discarding, .storing, .startingTLS, .closed:
      preconditionFailure("only a sender or recipient under judgement can be refused")
    }
    return .say(reply)
  }

  /// The message is on stable storage under this name.
  package mutating func stored(as id: MessageID) -> ServerStep {
    endStoring()
    return .say(.queued(as: id))
  }

  /// The message was not stored, for the reason that `reply` gives.
  package mutating func notStored(_ reply: Reply) -> ServerStep {
    precondition(!reply.isPositive, "a refusal is negative")
    endStoring()
    return .say(reply)
  }

  /// Bytes came in the clear behind STARTTLS, from whoever (CVE-2011-0411): nothing of this conversation can be trusted.
  package mutating func interruptedTLS() -> ServerStep {
    precondition(phase == .startingTLS, "TLS is given up where the conversation asked for it")
    return close(.talkedAhead, .talkedAhead(of: .startTLS))
  }

  /// The handshake is done: whatever the client said before it may have been said by somebody else, and is forgotten (RFC 3207 §4.2).
  package mutating func tlsStarted() {
    precondition(phase == .startingTLS, "TLS starts where the conversation asked for it")
    phase = .command
    isEncrypted = true
    isGreeted = false
    isExtended = false
    hasLoggedIn = false
    submitter.greeting = ""
    resetTransaction()
  }

  /// The kernel has told more about who is at the other end; what the client calls itself stays.
  package mutating func learn(_ client: Submitter) {
    let greeting = submitter.greeting
    submitter = client
    submitter.greeting = greeting
  }

  /// Ends the conversation for a reason that is the driver's.
  package mutating func interrupt(_ reason: CloseReason.Interruption) -> ServerStep {
    close(.interruption(reason), .interrupted(reason))
  }

  /// Whether the conversation is waiting for a line from the client.
  package var awaitsLine: Bool {
    switch phase {
    case .command, .loggingIn: true
    case .unopened, .judgingSender, .judgingRecipient, .collecting, .chunking, .discarding, .storing, .startingTLS, .closed: false
    }
  }

  /// Whether a message is begun, so that ending the conversation now would lose work of the client's.
  package var isInTransaction: Bool {
    if case .some = transaction { true } else { false }
  }

  /// What holds on the connection as it is.
  var extensions: ServerOffer.Extensions { offer.current(isEncrypted: isEncrypted) }

  /// The one way in which a transaction ends, however it ends.
  mutating func resetTransaction() { transaction = nil }

  /// Answers a mistake, or closes when it was one too many.
  mutating func fail(_ reply: Reply) -> ServerStep {
    errors += 1
    return errors >= limits.errors ? close(.tooManyErrors, .tooManyErrors) : .say(reply)
  }

  mutating func close(_ reply: Reply, _ reason: CloseReason) -> ServerStep {
    phase = .closed
    resetTransaction()
    return .close(reply, reason)
  }

  private mutating func endStoring() {
    precondition(phase == .storing, "only a complete message is stored")
    phase = .command
    resetTransaction()
  }

  private mutating func recognizeTLS(_ bytes: Span<UInt8>) -> ServerStep? {
    guard bytes.count >= 2, bytes[0] == 0x16, bytes[1] == 0x03, phase == .command else { return nil }
    return close(.notTLS, .spokeTLS)
  }

  /// Commands whose reply decides what may come next. RFC 2920 counts VRFY, EXPN, NOOP and QUIT too; nothing follows from theirs.
  private func endsGroup(_ verb: ServerVerb) -> Bool {
    switch verb {
    case .helo, .ehlo, .data, .startTLS, .auth: true
    case .mail, .rcpt, .bdat, .rset, .noop, .vrfy, .expn, .help, .quit, .unsupported, .http, .unknown: false
    }
  }

  private mutating func greet(_ verb: ServerVerb, _ scanner: consuming GrammarScanner, at now: WallTime) -> ServerStep {
    scanner.takeSpaces()
    let name = scanner.take(while: { $0 != 0x20 })
    scanner.takeSpaces()
    guard !name.isEmpty, name.count <= 255, scanner.isAtEnd else { return fail(.needsHostName) }
    resetTransaction()
    submitter.greeting = PrintableText(scanner.bytes.extracting(name)).description
    isGreeted = true
    isExtended = verb == .ehlo
    guard isExtended else { return .say(Reply(250, offer.host)) }
    return .say(Reply(250, offer.host, furtherLines: offer.keywords(isEncrypted: isEncrypted, limits: limits, at: now)))
  }

  private mutating func mail(_ scanner: consuming GrammarScanner, at now: WallTime) -> ServerStep {
    guard isGreeted else { return fail(.greetFirst) }
    guard isEncrypted || !offer.demandsTLS else { return fail(.encryptFirst) }
    guard transaction == nil else { return fail(.transactionOpen) }
    if let most = limits.transactions, transactions >= most { return close(.tooManyTransactions, .tooManyTransactions) }
    do throws(CommandFault) {
      let mail = try MailCommand(scanner, extensions, longestHold: offer.longestHold, limits: limits, at: now)
      phase = .judgingSender(mail)
      return .judgeSender(mail.sender, announcedSize: mail.size)
    } catch {
      return fail(error.reply)
    }
  }

  private mutating func recipient(_ scanner: consuming GrammarScanner) -> ServerStep {
    guard let transaction else { return fail(isGreeted ? .mailFirst : .greetFirst) }
    guard transaction.chunks == 0 else { return fail(.chunksBegun) }
    guard transaction.recipients.count < limits.recipients else { return .say(.tooManyRecipients) }
    do throws(CommandFault) {
      let command = try RecipientCommand(scanner, extensions, isInternationalized: transaction.mail.isInternationalized)
      phase = .judgingRecipient(command.recipient)
      return .judgeRecipient(command.recipient.mailbox)
    } catch {
      return fail(error.reply)
    }
  }

  /// Commands that stand alone on their line are refused when they do not.
  private mutating func refuseParameters(_ scanner: consuming GrammarScanner) -> ServerStep? {
    scanner.takeSpaces()
    return scanner.isAtEnd ? nil : fail(.noParameters)
  }

  private mutating func reset() -> ServerStep {
    resetTransaction()
    return .say(.reset)
  }

  private mutating func startTLS() -> ServerStep {
    guard !isEncrypted else { return fail(.alreadyEncrypted) }
    guard extensions.contains(.startTLS) else { return fail(.notOffered) }
    guard isGreeted else { return fail(.greetFirst) }
    guard transaction == nil else { return fail(.transactionOpen) }
    phase = .startingTLS
    return .startTLS(.startTLS)
  }
}

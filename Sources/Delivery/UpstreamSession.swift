// SPDX-License-Identifier: Apache-2.0
import EventLoop
import LinuxSystem
import Mail
import Octets
import SMTP
import Settings
import Spool
import Timekeeping

/// A conversation with an upstream that is ready for mail: transactions follow each other until one side has had enough.
///
/// Where PIPELINING is offered, the envelope leaves in one flight, and the envelope of the next message right behind the final dot.
/// Where CHUNKING is offered too, envelope and body leave together, and several messages may be on their way before the first is
/// answered. Each of those may arrive twice if the connection dies, so their number is bounded, and a message that was tried before
/// travels alone.
struct UpstreamSession: Carrier, ~Copyable {
  /// What the upstream can do, learned behind TLS.
  let capabilities: UpstreamCapabilities
  /// How the connection is protected.
  let security: UpstreamSecurity
  var dialogue: UpstreamDialogue
  let settings: UpstreamSettings
  private var flights: [Flight] = []
  private var begun = 0
  private var hasServed = false
  /// Whether the upstream may still be in a transaction that is over for us.
  var mustReset = false

  /// A conversation behind greeting, TLS and login.
  init(
    _ dialogue: consuming UpstreamDialogue, _ settings: UpstreamSettings, _ capabilities: UpstreamCapabilities,
    _ security: UpstreamSecurity
  ) {
    self.dialogue = dialogue
    self.settings = settings
    self.capabilities = capabilities
    self.security = security
  }

  @Loop consuming func serve(_ desk: LinkDesk) async {
    do throws(Setback) {
      while hasRoom, let consignment = await desk.next() {
        guard hasRoom else {
          desk.giveBack(consignment)
          break
        }
        guard !hasEndedWhileIdle() else {
          if begun > 0 { desk.giveBack(consignment) } else { desk.fail(consignment, UpstreamSession.isUseless) }
          break
        }
        do throws(Setback) {
          if mustReset { try await reset() }
        } catch {
          desk.giveBack(consignment)
          throw error
        }
        launch(consignment, desk)
        while !flights.isEmpty {
          try await keepBusy(desk)
          try await land(desk)
        }
      }
      await quit()
    } catch {
      abandon(error, desk)
      dialogue.wire.stream.close()
    }
  }

  /// Whether the upstream is still worth another message.
  @Loop private var hasRoom: Bool {
    begun < min(settings.messagesPerConnection, capabilities.transactionLimit ?? .max) && dialogue.age < settings.connection.maxAge
  }

  var isPipelining: Bool { capabilities.offers(.pipelining) }

  /// Sends what may leave before the oldest flight is answered.
  @Loop private mutating func keepBusy(_ desk: LinkDesk) async throws(Setback) {
    guard isPipelining else { return }
    while hasRoom, mayLaunch, let assignment = desk.assignment() {
      guard assignment.attempts == 0 else { return desk.giveBack(assignment) }
      if let consignment = desk.fresh(assignment) {
        launch(consignment, desk)
      } else {
        // Reading it back takes a while; what is ready must not wait for it.
        do throws(Setback) {
          try await dialogue.flush(at: .endOfData, within: settings.dataTimeout)
        } catch {
          desk.giveBack(assignment)
          throw error
        }
        if let consignment = await desk.fetch(assignment) { launch(consignment, desk) }
      }
      try await flushWhenLarge()
    }
  }

  /// Another envelope may leave when every flight before it has its body on the way, and not too many of them are unanswered.
  private var mayLaunch: Bool {
    guard let last = flights.last, let first = flights.first, !mustReset else { return false }
    return last.isComplete && first.consignment.attempts == 0 && flights.count < (last.form == .chunks ? settings.unanswered : 2)
  }

  /// Sends a message's envelope, and its body too where that need not be asked for.
  @Loop private mutating func launch(_ consignment: Consignment, _ desk: LinkDesk) {
    begun += 1
    let transaction: UpstreamTransaction
    do throws(TransactionRefusal) {
      transaction = try UpstreamTransaction(consignment.envelope, size: ByteCount(bytes: consignment.size), to: capabilities)
    } catch {
      var report = TransactionReport()
      report.decide(consignment.candidates, error.outcome)
      return desk.finish(consignment, report)
    }
    let named = Array(consignment.candidates.prefix(min(settings.maxRecipients, capabilities.recipientLimit ?? .max)))
    let form: Flight.Form = capabilities.offers(.chunking) && isPipelining && consignment.bodyInMemory != nil ? .chunks : .lines
    var flight = Flight(consignment, transaction, form, named: named, leadsWithReset: flights.last?.form == .chunks)
    flight.report.isReportedOnward = transaction.passesOnNotifications
    if flight.leadsWithReset { UpstreamCommand.reset.append(to: &dialogue.wire.output) }
    transaction.appendMail(to: &dialogue.wire.output)
    if isPipelining {
      for index in named { transaction.appendRecipient(consignment.envelope.recipients[index], to: &dialogue.wire.output) }
      if form == .lines { UpstreamCommand.data.append(to: &dialogue.wire.output) }
    }
    if form == .chunks, let body = consignment.bodyInMemory {
      appendChunk(body)
      flight.isComplete = true
    }
    flights.append(flight)
  }

  /// A body as one chunk; text ends with a line end, as it would behind DATA.
  private mutating func appendChunk(_ body: [UInt8]) {
    let isWhole = body.count >= 2 && body[body.count - 2] == 0x0d && body[body.count - 1] == 0x0a
    UpstreamCommand.chunk(ByteCount(bytes: body.count + (isWhole ? 0 : 2)), .last).append(to: &dialogue.wire.output)
    dialogue.wire.output.append(body)
    if !isWhole { dialogue.wire.output.append("\r\n") }
  }

  /// Goes on with the oldest flight until its body is on the way, or to its end.
  @Loop private mutating func land(_ desk: LinkDesk) async throws(Setback) {
    guard var flight = flights.first else { return }
    do throws(Setback) {
      switch flight.form {
      case .lines where flight.isComplete: try await hearEnd(&flight)
      case .lines:
        if try await negotiate(&flight) {
          try await send(flight.consignment)
          flight.isComplete = true
          flights[0] = flight
          return
        }
      case .chunks: try await hearWhole(&flight)
      }
    } catch {
      // What was decided before the connection ended stays decided.
      flights[0] = flight
      throw error
    }
    flights.removeFirst()
    hasServed = true
    desk.finish(flight.consignment, flight.report)
  }

  /// The conversation is over: what may have arrived is counted as tried, what cannot have is given back.
  @Loop private mutating func abandon(_ setback: Setback, _ desk: LinkDesk) {
    for (place, flight) in flights.enumerated() {
      // A connection that had died unnoticed says nothing about the message.
      let foundNobody = hasServed && setback.isLossAtMail && flight.report.decided.isEmpty
      guard flight.isComplete || place == 0 && !foundNobody else {
        desk.giveBack(flight.consignment)
        continue
      }
      var flight = flight
      flight.refuse(setback)
      desk.finish(flight.consignment, flight.report)
    }
    flights = []
  }

  /// Whether the upstream has hung up, or spoken out of turn, while nothing was asked.
  @Loop private mutating func hasEndedWhileIdle() -> Bool {
    if !dialogue.wire.input.isEmpty { return true }
    switch dialogue.wire.stream.read(into: &dialogue.wire.input, room: 512) {
    case .notNow: return false
    case .bytes, .ended, .failed: return true
    }
  }

  @Loop private mutating func quit() async {
    UpstreamCommand.quit.append(to: &dialogue.wire.output)
    // Whatever it answers, the conversation is over.
    _ = try? await dialogue.reply(at: .idle, within: min(settings.commandTimeout, .seconds(5)))
    dialogue.wire.stream.close()
  }

  private static let isUseless = Setback(.idle, .connectionLost("the upstream hung up, or spoke out of turn, before any mail"))
}

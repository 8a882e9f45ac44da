// SPDX-License-Identifier: Apache-2.0
import EventLoop
import LinuxSystem
import Mail
import Octets
import SMTP
import Settings
import Spool
import TLS
import Timekeeping

/// A conversation with an upstream that is ready for mail: one transaction after the other until one side has had enough.
///
/// Where PIPELINING is offered, MAIL, every RCPT and DATA leave in one flight (RFC 2920); replies are matched to commands by their order. A
/// message's recipients are each told what became of them; what stopped the whole conversation is told beside.
struct UpstreamSession: Carrier, ~Copyable {
  /// What the upstream can do, learned behind TLS.
  let capabilities: UpstreamCapabilities
  /// How the connection is protected.
  let security: UpstreamSecurity
  private var dialogue: UpstreamDialogue
  private let settings: UpstreamSettings
  /// How many transactions were begun.
  private(set) var transactions = 0

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

  /// Whether the upstream is still worth another message.
  var hasRoom: Bool { transactions < min(settings.messagesPerConnection, capabilities.transactionLimit ?? .max) }

  /// The stream beneath, for being told when it speaks or ends while nobody asks.
  var stream: any ByteStream { dialogue.wire.stream }

  /// Delivers one message to those of its recipients that are still open.
  @Loop mutating func deliver(_ consignment: Consignment) async -> TransactionReport {
    transactions += 1
    var report = TransactionReport(consignment)
    let transaction: UpstreamTransaction
    do throws(TransactionRefusal) {
      transaction = try UpstreamTransaction(consignment.envelope, size: ByteCount(bytes: consignment.size), to: capabilities)
    } catch {
      report.decideOpen(error.outcome)
      return report
    }
    do throws(Setback) {
      try await converse(transaction, consignment, &report)
    } catch {
      report.stop(error)
      guard !error.endsConnection else {
        end(&report)
        return report
      }
      if error.stage == .data { await reset(&report) }
    }
    return report
  }

  /// Says goodbye and closes.
  @Loop mutating func quit() async {
    UpstreamCommand.quit.append(to: &dialogue.wire.output)
    // Whatever it answers, the conversation is over.
    _ = try? await dialogue.reply(at: .idle, within: min(settings.commandTimeout, .seconds(5)))
    dialogue.wire.stream.close()
  }

  /// Whether the upstream has hung up, or spoken out of turn, while nothing was asked.
  @Loop mutating func hasEndedWhileIdle() -> Bool {
    if !dialogue.wire.input.isEmpty { return true }
    switch dialogue.wire.stream.read(into: &dialogue.wire.input, room: 512) {
    case .notNow: return false
    case .bytes, .ended, .failed: return true
    }
  }

  private var isPipelining: Bool { capabilities.offers(.pipelining) }

  @Loop private mutating func converse(
    _ transaction: UpstreamTransaction, _ consignment: Consignment, _ report: inout TransactionReport
  ) async throws(Setback) {
    transaction.appendMail(to: &dialogue.wire.output)
    if isPipelining {
      for index in report.open { transaction.appendRecipient(consignment.envelope.recipients[index], to: &dialogue.wire.output) }
      UpstreamCommand.data.append(to: &dialogue.wire.output)
    }
    let mail = try await reply(at: .mail)
    guard Judgement.of(mail, at: .mail) == .proceed else {
      let setback = Setback(.mail, mail)
      if isPipelining, !setback.endsConnection { await discardReplies(&report) }
      throw setback
    }
    let accepted = try await addRecipients(transaction, consignment, &report)
    if !isPipelining {
      guard accepted else { return await reset(&report) }
      UpstreamCommand.data.append(to: &dialogue.wire.output)
    }
    let data = try await reply(at: .data)
    guard Judgement.of(data, at: .data) == .proceed else {
      // Without a recipient the refusal of DATA is only an echo of what was said before.
      if !accepted { return await reset(&report) }
      throw Setback(.data, data)
    }
    guard accepted else { return try await sendNothing() }
    try await send(consignment)
    let end = try await reply(at: .endOfData)
    guard Judgement.of(end, at: .endOfData) == .delivered else { throw Setback(.endOfData, end) }
    report.decideOpen(Outcome(.delivered, end.reason))
  }

  /// Names the recipients; true when the upstream takes at least one.
  @Loop private mutating func addRecipients(
    _ transaction: UpstreamTransaction, _ consignment: Consignment, _ report: inout TransactionReport
  ) async throws(Setback) -> Bool {
    var accepted = false
    for index in report.open {
      if !isPipelining { transaction.appendRecipient(consignment.envelope.recipients[index], to: &dialogue.wire.output) }
      let setback = Setback(.recipient, try await reply(at: .recipient))
      if setback.judgement == .proceed {
        accepted = true
      } else {
        report.decide(index, setback)
        if setback.endsConnection { throw setback }
      }
    }
    return accepted
  }

  /// The next reply. A success that was not asked for shows that commands and replies no longer match, and ends the conversation.
  @Loop private mutating func reply(at stage: UpstreamStage) async throws(Setback) -> UpstreamReply {
    let reply = try await dialogue.reply(at: stage, within: stage == .endOfData ? settings.replyTimeout : settings.commandTimeout)
    guard reply.code >= 400 || [.proceed, .delivered].contains(Judgement.of(reply, at: stage)) else { throw Setback(stage, reply) }
    return reply
  }

  /// Hears out the replies to what left together with a MAIL that was refused; they say nothing more, but they must come.
  @Loop private mutating func discardReplies(_ report: inout TransactionReport) async {
    do throws(Setback) {
      for _ in report.open { _ = try await dialogue.reply(at: .recipient, within: settings.commandTimeout) }
      let data = try await dialogue.reply(at: .data, within: settings.commandTimeout)
      if data.code < 400 { try await sendNothing() }
    } catch {
      end(&report)
    }
  }

  /// RFC 2920 §3.1: an upstream that waits for a body nobody wants gets an empty one.
  @Loop private mutating func sendNothing() async throws(Setback) {
    dialogue.wire.output.append(".\r\n")
    _ = try await reply(at: .endOfData)
  }

  /// Sends the body, its dots stuffed, in portions that bound our memory.
  @Loop private mutating func send(_ consignment: Consignment) async throws(Setback) {
    var encoder = BodyEncoder()
    var content = consignment.content()
    while true {
      let piece: [UInt8]?
      do throws(SpoolFailure) {
        piece = try await content.next()
      } catch {
        throw Setback(.endOfData, .connectionLost("the message cannot be read back: \(error)"))
      }
      guard let piece else { break }
      var start = 0
      while start < piece.count {
        let end = min(start + UpstreamSession.portion, piece.count)
        do throws(BodyFault) {
          try encoder.encode(piece.span.extracting(start..<end), into: &dialogue.wire.output)
        } catch {
          throw Setback(.endOfData, .connectionLost("the message has a flaw that must not leave: \(error)"))
        }
        start = end
        if dialogue.wire.output.count >= UpstreamSession.portion {
          try await dialogue.flush(at: .endOfData, within: settings.dataTimeout)
        }
      }
    }
    do throws(BodyFault) {
      try encoder.finish(into: &dialogue.wire.output)
    } catch {
      throw Setback(.endOfData, .connectionLost("the message has a flaw that must not leave: \(error)"))
    }
  }

  @Loop private mutating func reset(_ report: inout TransactionReport) async {
    UpstreamCommand.reset.append(to: &dialogue.wire.output)
    do throws(Setback) {
      _ = try await dialogue.agreement(at: .idle, within: settings.commandTimeout)
    } catch {
      end(&report)
    }
  }

  @Loop private mutating func end(_ report: inout TransactionReport) {
    report.connectionEnded = true
    dialogue.wire.stream.close()
  }

  private static let portion = 65_536
}

// SPDX-License-Identifier: Apache-2.0
import EventLoop
import LinuxSystem
import Mail
import Octets
import SMTP
import Settings
import Timekeeping

/// What the upstream answers to one flight, reply by reply.
///
/// A refusal is written into the flight's report and the conversation goes on; a throw means that nothing more can be said on this
/// connection.
extension UpstreamSession {
  /// The envelope of a flight whose body must be asked for; true when the upstream waits for the body.
  @Loop mutating func negotiate(_ flight: inout Flight) async throws(Setback) -> Bool {
    try await hearReset(flight)
    let refusal = try await refusal(at: .mail)
    // Decided at once: what comes behind is an echo, and the connection may end before it.
    if let refusal { flight.refuse(refusal) }
    if refusal != nil, !isPipelining { return false }
    let isWanted = try await hearRecipients(&flight, refusal)
    if !isPipelining {
      guard isWanted else {
        try await reset()
        return false
      }
      UpstreamCommand.data.append(to: &dialogue.wire.output)
    }
    guard let noData = try await self.refusal(at: .data) else {
      if isWanted { return true }
      // RFC 2920 §3.1: an upstream that waits for a body nobody wants gets an empty one.
      dialogue.wire.output.append(".\r\n")
      _ = try await dialogue.reply(at: .endOfData, within: settings.replyTimeout)
      return false
    }
    // Without a recipient the refusal of DATA is only an echo of what was said before.
    if isWanted { flight.refuse(noData) }
    if refusal == nil { try await reset() }
    return false
  }

  /// The last reply to a flight whose body went behind DATA.
  @Loop mutating func hearEnd(_ flight: inout Flight) async throws(Setback) {
    let end = try await dialogue.reply(at: .endOfData, within: settings.replyTimeout)
    try conclude(&flight, end)
  }

  /// All replies to a flight that left as a whole.
  @Loop mutating func hearWhole(_ flight: inout Flight) async throws(Setback) {
    try await hearReset(flight)
    let refusal = try await refusal(at: .mail)
    if let refusal { flight.refuse(refusal) }
    let isWanted = try await hearRecipients(&flight, refusal)
    let end = try await dialogue.reply(at: .endOfData, within: settings.replyTimeout)
    if end.code == 421 { throw dialogue.setback(.endOfData, end) }
    if isWanted { try conclude(&flight, end) } else if refusal == nil { mustReset = true }
  }

  @Loop private mutating func hearReset(_ flight: Flight) async throws(Setback) {
    guard flight.leadsWithReset else { return }
    _ = try await dialogue.agreement(at: .idle, within: settings.commandTimeout)
    mustReset = false
  }

  /// Makes the upstream forget the transaction it may be in.
  @Loop mutating func reset() async throws(Setback) {
    UpstreamCommand.reset.append(to: &dialogue.wire.output)
    _ = try await dialogue.agreement(at: .idle, within: settings.commandTimeout)
    mustReset = false
  }

  @Loop private mutating func conclude(_ flight: inout Flight, _ end: UpstreamReply) throws(Setback) {
    guard Judgement.of(end, at: .endOfData) == .delivered else {
      let setback = dialogue.setback(.endOfData, end)
      if setback.endsConnection { throw setback }
      return flight.refuse(setback)
    }
    flight.report.decide(flight.undecided, Outcome(.delivered, end.reason))
  }

  /// The next reply as a setback, unless it is the one hoped for.
  @Loop private mutating func refusal(at stage: UpstreamStage) async throws(Setback) -> Setback? {
    let reply = try await dialogue.reply(at: stage, within: settings.patience(at: stage))
    let setback = dialogue.setback(stage, reply)
    if setback.judgement == .proceed { return nil }
    if setback.endsConnection { throw setback }
    return setback
  }

  /// The replies about the recipients; true when the upstream takes at least one. Behind a refused sender they say nothing of their own.
  @Loop private mutating func hearRecipients(_ flight: inout Flight, _ refusal: Setback?) async throws(Setback) -> Bool {
    var isWanted = false
    for index in flight.named {
      if !isPipelining { flight.transaction.appendRecipient(flight.consignment.envelope.recipients[index], to: &dialogue.wire.output) }
      let setback = try await self.refusal(at: .recipient)
      if refusal != nil { continue }
      if let setback { flight.report.decide(index, setback) } else { isWanted = true }
    }
    return isWanted
  }
}

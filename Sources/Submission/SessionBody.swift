// SPDX-License-Identifier: Apache-2.0
import EventLoop
import Mail
import Octets
import SMTP
import Spool
import Telemetry
import Timekeeping

/// How a session takes in the content of a message: by DATA or in chunks, to stable storage, with the trace lines in front.
extension SubmissionSession {
  /// Takes in what comes behind DATA, to its end.
  @inline(never) func collect(
    _ body: inout IncomingBody, from wire: inout Wire, _ conversation: inout ServerConversation, until end: Moment
  ) async throws(WireFailure) {
    while !body.isComplete {
      if wire.input.isEmpty { try await fill(&wire, until: end) }
      wire.input.consume(body.take(wire.input.bytes))
      if body.isLarge { await stream(&body, &conversation) }
    }
  }

  /// Takes in one chunk.
  @inline(never) func collect(
    _ size: Int, of body: inout IncomingBody, from wire: inout Wire, _ conversation: inout ServerConversation, until end: Moment
  ) async throws(WireFailure) {
    var left = size
    while left > 0 {
      if wire.input.isEmpty { try await fill(&wire, until: end) }
      let taken = body.take(wire.input.bytes.extracting(first: left))
      wire.input.consume(taken)
      left -= taken
      if body.isLarge { await stream(&body, &conversation) }
    }
  }

  /// Reads a chunk that was refused, and forgets it.
  @inline(never) func discard(_ size: Int, from wire: inout Wire, until end: Moment) async throws(WireFailure) {
    var left = size
    while left > 0 {
      if wire.input.isEmpty { try await fill(&wire, until: end) }
      let taken = min(left, wire.input.count)
      wire.input.consume(taken)
      left -= taken
    }
  }

  /// Makes a complete message durable, whose number it answers; only then is it ours.
  @inline(never) func store(
    _ transaction: CompletedTransaction, _ body: inout IncomingBody, _ client: Submitter
  ) async throws(BodyRefusal) -> MessageID {
    defer { body.discard() }
    let (id, survey) = (body.id, body.decoder.survey)
    let content = try await body.finish { trace(of: transaction, id, survey) }
    var envelope = transaction.envelope
    envelope.isBulk = survey.isBulk
    let letter = Letter(id: id, envelope: envelope, body: content)
    try await accept(letter)
    body.handOver()
    report(
      .submission(
        .accepted(
          id: id, sender: letter.envelope.sender, size: ByteCount(bytes: letter.body.size), recipients: letter.envelope.recipients.count,
          client: client)))
    deliver(StoredLetter(fresh: letter))
    return id
  }

  private func accept(_ letter: Letter) async throws(BodyRefusal) {
    do throws(SpoolRefusal) { try await spool.accept(letter) } catch { throw .spool(error) }
  }

  /// Brings more bytes; a client that never falls silent must come to an end all the same.
  private func fill(_ wire: inout Wire, until end: Moment) async throws(WireFailure) {
    if loop.moment >= end { throw .timedOut }
    try await wire.fill(until: min(loop.moment + rules.dataTimeout, end))
  }

  @inline(never) private func stream(_ body: inout IncomingBody, _ conversation: inout ServerConversation) async {
    let (id, survey) = (body.id, body.decoder.survey)
    await body.stream(trace: { trace(of: conversation.underway(at: loop.wallTime), id, survey) }, into: spool)
  }

  private func trace(of transaction: CompletedTransaction, _ id: MessageID, _ survey: HeaderSurvey) -> [UInt8] {
    TraceHeader(host: rules.host, id: id, with: transaction.with).lines(for: transaction.envelope, survey)
  }
}

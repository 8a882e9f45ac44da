// SPDX-License-Identifier: Apache-2.0
import EventLoop
import Mail
import Octets
import SMTP
import Spool
import Telemetry
import Timekeeping

/// How a session takes in what a client sends: commands, and the content of a message by DATA or in chunks, to stable storage, with the
/// trace lines in front.
extension SubmissionSession {
  /// Takes what has come; false when more must come before there is anything to do.
  @inline(never) func hear(_ conversation: inout ServerConversation, _ wire: inout Wire, _ course: SessionCourse) -> Bool {
    switch course.reading {
    case .command:
      guard let step = conversation.next(from: &wire.input, at: loop.wallTime) else { return false }
      course.step = step
    case .body:
      let progress = course.take(wire.input.bytes)
      wire.input.consume(progress.taken)
      if course.isStreamed { loop.catchUp() }
      if progress.isLarge { return true }
      guard progress.isComplete else { return false }
      course.reading = .command
      course.step = conversation.bodyEnded(course.decoder, at: loop.wallTime)
    case .chunk(let size):
      let progress = course.take(wire.input.bytes.extracting(first: size))
      wire.input.consume(progress.taken)
      course.reading = .chunk(size - progress.taken)
      if course.isStreamed { loop.catchUp() }
      if progress.isLarge { return true }
      guard progress.taken == size else { return false }
      course.reading = .command
      course.step = conversation.chunkEnded(course.decoder, at: loop.wallTime)
    case .refusedChunk(let size):
      let taken = min(size, wire.input.count)
      wire.input.consume(taken)
      course.reading = .refusedChunk(size - taken)
      guard taken == size else { return false }
      course.reading = .command
      course.step = conversation.chunkDiscarded()
    }
    return true
  }

  /// Makes a complete message durable; only then is it ours.
  @inline(never) func store(_ conversation: inout ServerConversation, _ course: SessionCourse) async {
    do throws(BodyRefusal) {
      if course.isLongAndHere { await stream(&conversation, course) }
      if course.isStreamed { await finishStream(course) }
      let letter = try seal(conversation.submitter, course)
      do throws(SpoolRefusal) { try await spool.accept(letter) } catch { throw BodyRefusal.spool(error) }
      course.handOver()
      course.messages += 1
      welcome(letter, conversation.submitter)
      course.step = conversation.stored(as: letter.id)
    } catch {
      course.forgetBody()
      course.cause = error.words
      course.step = conversation.notStored(error.reply)
    }
  }

  /// Hands what has come of a large message to the spool, the trace lines first.
  @inline(never) func stream(_ conversation: inout ServerConversation, _ course: SessionCourse) async {
    var body = course.takeBody()
    let (id, survey) = (body.id, body.decoder.survey)
    let opening = {
      let transaction = conversation.underway(at: loop.wallTime)
      return (trace: trace(of: transaction, id, survey), envelope: transaction.envelope)
    }
    await body.stream(opening, into: spool)
    course.body = consume body
    course.holdsMuch = false
  }

  /// Brings a large message to its end.
  @inline(never) private func finishStream(_ course: SessionCourse) async {
    var body = course.takeBody()
    await body.finishStream()
    course.body = consume body
  }

  /// Puts envelope and body together.
  @inline(never) private func seal(_ client: Submitter, _ course: SessionCourse) throws(BodyRefusal) -> Letter {
    guard let transaction = course.complete.take() else { preconditionFailure("a message that is stored is complete") }
    let (id, content, isBulk) = try course.seal { id, survey in trace(of: transaction, id, survey) }
    var envelope = (consume transaction).envelope
    envelope.isBulk = isBulk
    return Letter(id: id, envelope: envelope, body: content)
  }

  /// The message is ours: tells so, and sends it on its way.
  @inline(never) private func welcome(_ letter: Letter, _ client: Submitter) {
    report(
      .submission(
        .accepted(
          id: letter.id, sender: letter.envelope.sender, size: ByteCount(bytes: letter.body.size),
          recipients: letter.envelope.recipients.count, client: client)))
    deliver(StoredLetter(fresh: letter))
  }

  private func trace(of transaction: CompletedTransaction, _ id: MessageID, _ survey: HeaderSurvey) -> [UInt8] {
    TraceHeader(host: rules.host, id: id, with: transaction.with).lines(for: transaction.envelope, survey)
  }
}

// SPDX-License-Identifier: Apache-2.0
import EventLoop
import Mail
import Octets
import Spool

/// Submitters that share a pile of messages and hand them to a spool.
@Loop final class SpoolCrew {
  private let spool: Spool
  private let loop: EventLoop
  private let body: [UInt8]
  private let envelope: Envelope
  private var left: Int
  private var working = 0
  private var refusal: SpoolRefusal?
  private let done: Berth

  /// A crew with so many messages of one size before it.
  init(_ spool: Spool, _ loop: EventLoop, size: Int, messages: Int) {
    self.spool = spool
    self.loop = loop
    left = messages
    done = Berth(loop)
    let head = Array("Subject: a message of a benchmark\r\n\r\n".utf8)
    body = head + [UInt8](repeating: UInt8(ascii: "x"), count: max(0, size - head.count))
    envelope = Envelope(
      sender: Mailbox(verifiedLocalPart: "sender", domain: "bench.example"),
      recipients: [Recipient(Mailbox(verifiedLocalPart: "recipient", domain: "bench.example"))],
      submitter: Submitter(peer: "127.0.0.1:5000", greeting: "bench"), accepted: loop.wallTime)
  }

  /// Hands all of them in, so many at one time.
  func work(_ submitters: Int) async throws(SpoolRefusal) {
    for _ in 0..<submitters { start() }
    while working > 0 { _ = await done.wait() }
    if let refusal { throw refusal }
  }

  @inline(never) private func start() {
    working += 1
    loop.spawn {
      await self.submit()
      self.working -= 1
      self.done.wake()
    }
  }

  private func submit() async {
    do throws(SpoolRefusal) {
      while left > 0, refusal == nil {
        left -= 1
        let id = spool.nextID()
        try await spool.accept(Letter(id: id, envelope: envelope, body: try await stored(id)))
      }
    } catch {
      refusal = error
    }
  }

  /// The body, in a file of its own where a session would have put it there.
  private func stored(_ id: MessageID) async throws(SpoolRefusal) -> LetterBody {
    guard body.count > SpoolCrew.keptInMemory else { return .memory(body) }
    let intake = spool.beginBody(of: id)
    for start in stride(from: 0, to: body.count, by: SpoolCrew.portion) {
      add(start, to: intake)
      if intake.needsDrain { try await intake.drain() }
    }
    return try await intake.finish()
  }

  private func add(_ start: Int, to intake: BodyIntake) {
    let bytes = body
    let span = bytes.span
    intake.append(span.extracting(start..<min(start + SpoolCrew.portion, bytes.count)))
  }

  private static let keptInMemory = 131_072
  private static let portion = 65_536
}

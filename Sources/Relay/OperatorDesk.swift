// SPDX-License-Identifier: Apache-2.0
import Control
import Delivery
import EventLoop
import Mail
import Spool
import Telemetry
import Timekeeping
import Varlink

/// Carries out what an operator orders for single messages.
///
/// A message that is on the road cannot be called back, so its orders are refused until it returns. Whatever is ordered is on stable
/// storage before it is answered. What replaces a message is on stable storage before the message goes: a crash between the two sends
/// it both ways, never none.
@Loop struct OperatorDesk {
  let loop: EventLoop
  let spool: Spool
  let dispatcher: Dispatcher
  let report: (RelayEvent) -> Void

  /// Carries out an order; returns when it is on stable storage.
  func carryOut(_ order: MessageOrder, on id: MessageID, for user: UInt32) async throws(OrderRefusal) {
    guard let entry = spool.entry(id) else { throw .noSuchMessage }
    let now = loop.wallTime
    switch (order, entry.state) {
    case (.hold, .queued):
      guard dispatcher.withdraw(id) else { throw .isActive }
      try await change(id, .hold)
    case (.release, .held): try await change(id, .release(now))
    case (.retry, .failed): try await change(id, .retry(now))
    case (.retry, .queued):
      guard !dispatcher.isUnderway(id) else { throw .isActive }
      _ = dispatcher.flush(id)
    case (.remove, .queued), (.remove, .held), (.remove, .failed):
      let open = await spool.describe([id]).first?.openRecipients.count ?? 0
      guard dispatcher.withdraw(id) else { throw .isActive }
      try await change(id, .remove)
      report(.delivery(.removed(id: id, recipients: open, user: user)))
    case (.hold, .held), (.hold, .failed), (.release, .queued), (.release, .failed), (.retry, .held):
      throw .wrongState(state(of: entry))
    }
  }

  /// Sends a message to others in place of those who have not had it.
  func redirect(_ id: MessageID, to recipients: [Mailbox], for user: UInt32) async throws(OrderRefusal) -> MessageID {
    guard spool.entry(id) != nil else { throw .noSuchMessage }
    guard dispatcher.withdraw(id) else { throw .isActive }
    do throws(OrderRefusal) {
      let letter = try await read(id)
      let successor = spool.nextID()
      let stored = Letter(id: successor, envelope: envelope(letter, to: recipients), body: try await copy(letter, as: successor))
      do throws(SpoolRefusal) {
        try await spool.accept(stored, until: loop.moment + OperatorDesk.patience)
      } catch {
        throw .spool(error.words)
      }
      report(.delivery(.redirected(id: id, successor: successor, to: recipients, user: user)))
      dispatcher.take(StoredLetter(fresh: stored))
      try await change(id, .remove)
      return successor
    } catch {
      dispatcher.admit(id)
      throw error
    }
  }

  /// The bytes of a message.
  func text(of id: MessageID) async throws(OrderRefusal) -> MessageText {
    let letter = try await read(id)
    switch letter.body {
    case .memory(let bytes):
      var rest: [UInt8]? = bytes
      return MessageText {
        defer { rest = nil }
        return .success(rest)
      }
    case .file(let file):
      let reader = spool.read(body: file, of: id)
      return MessageText {
        do throws(SpoolFailure) {
          return .success(try await reader.next())
        } catch {
          return .failure(OrderRefusal(error))
        }
      }
    }
  }

  /// What an entry is called by those who look at the queue.
  func state(of entry: borrowing QueueEntry) -> QueuedMessage.State {
    switch entry.state {
    case .held: .held
    case .failed: .failed
    case .queued: dispatcher.isUnderway(entry.id) ? .active : entry.attempts > 0 ? .deferred : .queued
    }
  }

  private func change(_ id: MessageID, _ order: QueueOrder) async throws(OrderRefusal) {
    // What is free to go goes also where the disk was in trouble: the change stands, and is written when it can be.
    defer { dispatcher.admit(id) }
    do throws(SpoolFailure) {
      if try await spool.change([id], order) == 0 { throw .notFound }
    } catch {
      throw OrderRefusal(error)
    }
  }

  private func read(_ id: MessageID) async throws(OrderRefusal) -> StoredLetter {
    do throws(SpoolFailure) { return try await spool.read(id) } catch { throw OrderRefusal(error) }
  }

  /// The envelope in which a message goes to others, as new as if it had just come.
  private func envelope(_ letter: StoredLetter, to recipients: [Mailbox]) -> Envelope {
    var envelope = letter.envelope
    let places = letter.envelope.recipients.indices.filter { letter.outcomes[$0]?.verdict != .delivered }
    envelope.recipients = recipients.map { Recipient($0) }
    if places.count == 1, let place = places.first, recipients.count == 1, letter.envelope.recipients[place].mailbox.isASCII {
      let first = letter.envelope.recipients[place]
      envelope.recipients[0].original = first.original ?? "rfc822;\(first.mailbox)"
      envelope.recipients[0].notify = first.notify
    }
    envelope.isInternationalized = envelope.isInternationalized || recipients.contains { !$0.isASCII }
    envelope.accepted = loop.wallTime
    envelope.holdUntil = nil
    return envelope
  }

  /// The body of a message for another one.
  private func copy(_ letter: StoredLetter, as id: MessageID) async throws(OrderRefusal) -> LetterBody {
    guard case .file(let file) = letter.body else { return letter.body }
    let reader = spool.read(body: file, of: letter.id)
    let intake = spool.beginBody(of: id)
    do {
      while let piece = try await reader.next() {
        intake.append(piece.span)
        if intake.needsDrain { try await intake.drain() }
      }
      return try await intake.finish()
    } catch let failure as SpoolFailure {
      intake.discard()
      throw OrderRefusal(failure)
    } catch {
      intake.discard()
      throw .spool((error as? SpoolRefusal)?.words ?? "\(error)")
    }
  }

  private static let patience = Duration.seconds(60)
}

extension OrderRefusal {
  init(_ failure: SpoolFailure) {
    self = failure == .notFound ? .noSuchMessage : .spool("\(failure)")
  }
}

// SPDX-License-Identifier: Apache-2.0
import Control
import EventLoop
import Mail
import Varlink

/// A house with nothing behind the door: so many messages, the first of them failed.
@Loop final class StandInDesk: ControlDesk {
  private let loop: EventLoop
  private let count: Int
  /// The messages that were described.
  private(set) var described = 0
  /// What was written down.
  private(set) var notes: [String] = []

  init(_ loop: EventLoop, messages count: Int) {
    self.loop = loop
    self.count = count
  }

  func status() -> RelayStatus {
    RelayStatus(
      version: "1", state: .running, hostname: "relay.example.com", startedUSec: 1, listeners: [], upstreams: [],
      spool: SpoolStatus(directory: "/sim"), counters: [], warnings: [])
  }

  func messages(in state: QueuedMessage.State?) -> [MessageID] {
    switch state {
    case nil: (0..<count).map { MessageID(number: UInt64(1_800_000_000_000_000 + $0)) }
    case .failed?: count > 0 ? [MessageID(number: 1_800_000_000_000_000)] : []
    case .queued?, .active?, .deferred?, .held?: []
    }
  }

  func message(_ id: MessageID) async -> QueuedMessage? {
    _ = await loop.sleep(.microseconds(20))
    guard count > 100 || messages(in: nil).contains(id) else { return nil }
    described += 1
    return QueuedMessage(
      id: "\(id)", state: .failed, sizeBytes: 1, sender: "", recipients: [], acceptedUSec: 1, peer: "test")
  }

  func flush(_ id: MessageID?) -> Int? { id.map { messages(in: nil).contains($0) ? 1 : nil } ?? count }

  func carryOut(_ order: MessageOrder, on id: MessageID, for user: UInt32) async throws(OrderRefusal) {
    _ = await loop.sleep(.microseconds(20))
    guard messages(in: nil).contains(id) else { throw .noSuchMessage }
    switch order {
    case .retry, .remove: return
    case .hold: throw .wrongState(.failed)
    case .release: throw .isActive
    }
  }

  func redirect(_ id: MessageID, to recipients: [Mailbox], for user: UInt32) async throws(OrderRefusal) -> MessageID {
    guard messages(in: nil).contains(id) else { throw .noSuchMessage }
    if recipients.count > 2 { throw .spool("no space left") }
    return MessageID(number: id.number + 1_000_000)
  }

  func text(of id: MessageID) async throws(OrderRefusal) -> MessageText {
    guard messages(in: nil).contains(id) else { throw .noSuchMessage }
    var pieces = [Array("Subject: x\r\n\r\n".utf8), [UInt8](repeating: 0x79, count: 200_000)]
    // The last message has a text that cannot be read to its end.
    let isDamaged = id == messages(in: nil).last
    return MessageText {
      if pieces.isEmpty { return isDamaged ? .failure(.spool("it is damaged")) : .success(nil) }
      return .success(pieces.removeFirst())
    }
  }

  func note(command: String, on subject: String, by user: UInt32) { notes.append("\(command) \(subject)") }
}

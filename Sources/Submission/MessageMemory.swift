// SPDX-License-Identifier: Apache-2.0
import EventLoop
import Octets
import Timekeeping

/// How much memory the messages on their way in take together, and when that is too much.
///
/// Every body says what it holds, and takes it back when it has been made durable or given up. A body that grows large is let in with a
/// share, what it is expected to come to hold; half of the limit is shared out, and who comes when nothing is left waits a moment for
/// others to become durable, or goes to a file of its own. Past three quarters of the limit all bodies go to files as they come; at the
/// limit one that still grows is refused, as are new ones before they begin. So the limit holds however many clients send at once.
@Loop final class MessageMemory {
  /// The most that may be held; a reload changes it.
  var limit: ByteCount { didSet { letIn() } }
  /// What is held now, in bytes.
  private(set) var held = 0
  /// What large bodies may come to hold, in bytes.
  private(set) var shared = 0
  private let loop: EventLoop
  private var waiting: [Applicant] = []
  private var draining = 0
  private var pausing: [Berth] = []
  /// The largest share of late that somebody had no more need of.
  private var lastReturn: (size: Int, at: Moment)?

  /// Memory of which nothing is used.
  init(limit: ByteCount, _ loop: EventLoop) {
    self.limit = limit
    self.loop = loop
  }

  /// Whether bodies should go to their files as soon as it pays.
  var isShort: Bool { held > limit.bytes / 4 * 3 }

  /// Whether nothing more may come.
  var isExhausted: Bool { held >= limit.bytes }

  /// Notes that a body which held `before` bytes holds `after`.
  func note(_ before: Int, became after: Int) { held += after - before }

  /// Whether it is short, but about to be less so: what is being written to files takes memory until it is there. Who would bring more
  /// should ``pause(until:)`` first; else a slow disk would make us refuse mail that there is room for.
  var isBackedUp: Bool { draining > 0 && isShort }

  /// Waits until enough has been written to files, or nothing more is being written, or the deadline passes.
  func pause(until deadline: Moment) async {
    let berth = Berth(loop)
    pausing.append(berth)
    if await berth.wait(until: deadline) == .timedOut { pausing.removeAll { $0 === berth } }
  }

  /// Notes that a body is being written to its file; ``endDrain()`` must follow.
  func beginDrain() { draining += 1 }

  /// Notes that a body is written to its file, or could not be.
  func endDrain() {
    draining -= 1
    guard !isBackedUp, !pausing.isEmpty else { return }
    for berth in exchange(&pausing, with: []) { berth.wake() }
  }

  /// Lets a body grow to so many bytes, if it can be; it waits only while others as large move on, so that those who dawdle delay nobody
  /// for long.
  func takeShare(_ size: Int) async -> Bool {
    if hasRoom(for: size) {
      shared += size
      return true
    }
    guard let lastReturn, lastReturn.size >= size, loop.moment - lastReturn.at < MessageMemory.patience else { return false }
    guard waiting.count < MessageMemory.mostWaiting, !isShort else { return false }
    let applicant = Applicant(size, loop)
    waiting.append(applicant)
    _ = await applicant.berth.wait(until: loop.moment + MessageMemory.patience)
    if !applicant.isLetIn { waiting.removeAll { $0 === applicant } }
    return applicant.isLetIn
  }

  /// Takes a share back.
  func returnShare(_ size: Int) {
    shared -= size
    let isOutdone = lastReturn.map { $0.size > size && loop.moment - $0.at < MessageMemory.patience } ?? false
    if !isOutdone { lastReturn = (size, loop.moment) }
    letIn()
  }

  private func hasRoom(for size: Int) -> Bool { shared + size <= limit.bytes / 2 }

  /// Lets those in who have room now, in their order. Who is too large is passed by: it leaves after a moment in any case, for a file.
  private func letIn() {
    waiting.removeAll { applicant in
      guard hasRoom(for: applicant.size) else { return false }
      shared += applicant.size
      applicant.isLetIn = true
      applicant.berth.wake()
      return true
    }
  }

  /// A body that waits for a share.
  @Loop private final class Applicant {
    let size: Int
    let berth: Berth
    var isLetIn = false

    init(_ size: Int, _ loop: EventLoop) {
      self.size = size
      berth = Berth(loop)
    }
  }

  private static let patience = Duration.milliseconds(250)
  private static let mostWaiting = 1000
}

// SPDX-License-Identifier: Apache-2.0
import EventLoop
import Octets

/// How much memory the messages on their way in take together, and when that is too much.
///
/// Every body says what it holds, and takes it back when it has been made durable or given up. Past half of the limit bodies go to their
/// files early; at the limit a body that still grows is refused, as are new ones before they begin. So the limit holds however many clients
/// send at once.
@Loop final class MessageMemory {
  /// The most that may be held; a reload changes it.
  var limit: ByteCount
  /// What is held now, in bytes.
  private(set) var held = 0

  /// Memory of which nothing is used.
  init(limit: ByteCount) { self.limit = limit }

  /// Whether bodies should go to their files as soon as it pays.
  var isShort: Bool { held > limit.bytes / 2 }

  /// Whether nothing more may come.
  var isExhausted: Bool { held >= limit.bytes }

  /// Notes that a body which held `before` bytes holds `after`.
  func note(_ before: Int, became after: Int) { held += after - before }
}

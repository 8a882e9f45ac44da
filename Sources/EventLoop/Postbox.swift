// SPDX-License-Identifier: Apache-2.0
internal import Synchronization

/// Work that other threads hand to the loop; the lock is never held for longer than an append.
final class Postbox: Sendable {
  private let waiting = Mutex<[@Sendable @Loop () -> Void]>([])

  /// Adds work; true when the box was empty, so that the loop must be woken.
  func put(_ work: @escaping @Sendable @Loop () -> Void) -> Bool {
    waiting.withLock { waiting in
      waiting.append(work)
      return waiting.count == 1
    }
  }

  /// Whether something waits.
  var isFull: Bool { waiting.withLock { !$0.isEmpty } }

  /// Everything that waits, in order.
  func takeAll() -> [@Sendable @Loop () -> Void] {
    waiting.withLock { waiting in
      guard !waiting.isEmpty else { return [] }
      defer { waiting = [] }
      return waiting
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
package import Timekeeping

/// How many connections an upstream bears: begins small, grows by one while it is used to the full and all goes well, and is halved
/// when the upstream asks for less.
///
/// Throttling is told on several connections at once, so that for a while after a cut further complaints change nothing. After a cut
/// growing needs ever more success, up to ``slowest`` times as much, because an upstream with a fixed limit would otherwise be pushed
/// against it every few seconds; an hour without complaint makes it quick again.
package struct ConcurrencyWindow: Hashable, Sendable {
  /// How many connections may be open now; at least one.
  package private(set) var size: Int
  /// The most there may ever be.
  package private(set) var most: Int
  private var successes = 0
  private var slowness = 1
  private var cutAt: Moment?

  /// A window that may grow up to `most`.
  package init(most: Int, start: Int = 1) {
    precondition(start >= 1 && most >= 1, "one connection is always allowed")
    self.most = most
    size = min(start, most)
  }

  /// A message was delivered while so many connections were in use.
  package mutating func succeeded(inUse: Int, at now: Moment) {
    if let cutAt, now - cutAt >= ConcurrencyWindow.memory {
      slowness = 1
      self.cutAt = nil
    }
    guard inUse >= size, size < most else { return }
    successes += 1
    guard successes >= size * slowness * ConcurrencyWindow.pace else { return }
    successes = 0
    size += 1
  }

  /// The upstream asked for less.
  package mutating func throttled(at now: Moment) {
    successes = 0
    if let cutAt, now - cutAt < ConcurrencyWindow.patience { return }
    cutAt = now
    size = max(1, size / 2)
    slowness = min(slowness * 2, ConcurrencyWindow.slowest)
  }

  /// Takes over another limit.
  package mutating func change(most: Int) {
    precondition(most >= 1, "one connection is always allowed")
    self.most = most
    size = min(size, most)
  }

  /// How many messages each connection delivers before another one is opened.
  private static let pace = 2
  /// How many times more success growing may need.
  private static let slowest = 64
  /// How long after a cut further complaints belong to it.
  private static let patience: Duration = .seconds(10)
  /// How long a complaint is remembered.
  private static let memory: Duration = .seconds(3600)
}

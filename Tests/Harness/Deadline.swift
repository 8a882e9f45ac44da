// SPDX-License-Identifier: Apache-2.0
internal import Glibc

/// The moment at which a test stops waiting.
///
/// Every wait of the harness takes one, so that no test can hang. The lengths are generous: they end a failed test, and never decide
/// about a good one.
package struct Deadline: Sendable {
  private let end: ContinuousClock.Instant

  /// A deadline so far from now.
  package static func `in`(_ duration: Duration) -> Deadline { Deadline(end: ContinuousClock.now + duration) }

  /// What most waits get: far longer than anything here takes on a busy machine with two cores.
  package static var usual: Deadline { .in(.seconds(30)) }

  /// Whether it is over.
  package var hasPassed: Bool { ContinuousClock.now >= end }

  /// How long `poll` may wait, in milliseconds.
  var milliseconds: Int32 {
    let left = end - ContinuousClock.now
    let (seconds, attoseconds) = left.components
    return Int32(clamping: max(0, seconds * 1000 + attoseconds / 1_000_000_000_000_000 + 1))
  }

  /// Lets time pass, for a test that is about time.
  package static func pause(_ duration: Duration) {
    let (seconds, attoseconds) = duration.components
    usleep(UInt32(clamping: seconds * 1_000_000 + attoseconds / 1_000_000_000_000))
  }

  /// Waits until `condition` holds, looking again every few milliseconds; for facts that announce themselves to nobody. `what` completes
  /// the sentence "waited in vain until …".
  package func wait(everyMicroseconds pause: UInt32 = 5_000, until what: String, _ condition: () throws -> Bool) throws {
    while try !condition() {
      guard !hasPassed else { throw HarnessFailure("waited in vain until \(what)") }
      usleep(pause)
    }
  }

  /// Waits until `search` finds something, and answers it.
  package func first<Found>(_ what: String, _ search: () throws -> Found?) throws -> Found {
    var found: Found?
    try wait(until: "there was \(what)") {
      found = try search()
      return found != nil
    }
    guard let found else { throw HarnessFailure("waited in vain until there was \(what)") }
    return found
  }
}

// SPDX-License-Identifier: Apache-2.0
internal import CLinux
internal import Glibc
internal import Timekeeping

/// One epoll instance: which descriptors have something to tell.
///
/// Tokens are the caller's; it puts slot and generation into them, so that an event for a descriptor that was closed in the same batch
/// finds nobody.
package struct Poller: ~Copyable {
  private let epoll: Descriptor

  /// An epoll instance that watches nothing.
  package init() throws(SystemFailure) {
    epoll = try Descriptor.checked(clinux_epoll_create(), "create", "epoll")
  }

  /// Watches both directions, edge triggered: told once when something changes.
  package func watch(_ number: Int32, token: UInt64) throws(SystemFailure) {
    guard clinux_epoll_watch(epoll.number, number, token) == 0 else { throw SystemFailure.last("watch", "descriptor \(number)") }
  }

  /// Watches the given directions, level triggered: told for as long as it lasts.
  package func watch(_ number: Int32, level: Readiness, token: UInt64) throws(SystemFailure) {
    guard clinux_epoll_watch_level(epoll.number, number, level.rawValue, token) == 0 else {
      throw SystemFailure.last("watch", "descriptor \(number)")
    }
  }

  /// Watches no longer.
  package func forget(_ number: Int32) { _ = clinux_epoll_forget(epoll.number, number) }

  /// Waits for events, no longer than `limit` (nil: for ever), puts them into `batch` and answers how many there are.
  package func wait(_ limit: Duration?, into batch: EventBatch) -> Int {
    let count = unsafe clinux_epoll_wait(epoll.number, batch.places, EventBatch.size, limit.map { max(0, $0.nanoseconds) } ?? -1)
    return max(0, Int(count))
  }
}

/// Room for the events of one wait; they stay until the next.
///
/// Safe, because the memory is its own from beginning to end, and read only inside.
@safe package final class EventBatch {
  fileprivate let places: UnsafeMutablePointer<clinux_event>
  fileprivate static let size: Int32 = 256

  /// Room in which nothing has happened.
  package init() {
    unsafe places = .allocate(capacity: Int(EventBatch.size))
    unsafe places.initialize(repeating: clinux_event(), count: Int(EventBatch.size))
  }

  deinit { unsafe places.deallocate() }

  /// One of the events: whom it concerns, and what happened.
  package func event(_ index: Int) -> (token: UInt64, readiness: Readiness) {
    precondition(index >= 0 && index < Int(EventBatch.size), "an event is one of the batch")
    let event = unsafe places[index]
    return (event.token, Readiness(rawValue: event.events))
  }
}

/// What a descriptor has to tell.
package struct Readiness: OptionSet, Sendable {
  package let rawValue: UInt32
  package init(rawValue: UInt32) { self.rawValue = rawValue }
  package static let readable = Readiness(rawValue: UInt32(clinux_readable))
  package static let writable = Readiness(rawValue: UInt32(clinux_writable))
  package static let failed = Readiness(rawValue: UInt32(clinux_failed))
  package static let hungUp = Readiness(rawValue: UInt32(clinux_hung_up))
  package static let peerFinished = Readiness(rawValue: UInt32(clinux_peer_finished))

  /// Whether nothing more will come after what is there.
  package var tellsOfEnd: Bool { rawValue & UInt32(clinux_failed | clinux_hung_up | clinux_peer_finished) != 0 }
  /// Whether a read may bring something, be it the end.
  package var allowsReading: Bool { rawValue & UInt32(clinux_readable) != 0 || tellsOfEnd }
  /// Whether a write may go through, or fail at last.
  package var allowsWriting: Bool { rawValue & UInt32(clinux_writable | clinux_failed | clinux_hung_up) != 0 }
}

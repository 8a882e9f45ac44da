// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import Synchronization

/// Threads of their own for work that blocks, so that it never takes one from the few that run the tests.
package enum Crew {
  /// Runs `work` on `count` threads at one time and waits for all; throws the first failure.
  package static func run(_ count: Int, _ work: @escaping @Sendable (Int) throws -> Void) throws {
    let state = Progress()
    for index in 0..<count {
      try detach {
        do {
          try work(index)
          state.finish(nil)
        } catch {
          state.finish(error)
        }
      }
    }
    try Deadline.in(.seconds(300)).wait(until: "\(count) threads had done their work") { state.finished == count }
    if let failure = state.failure { throw failure }
  }

  /// Starts a thread that ends by itself when `body` returns.
  package static func detach(_ body: @escaping @Sendable () -> Void) throws {
    let box = unsafe Unmanaged.passRetained(Box(body)).toOpaque()
    var thread = pthread_t()
    var attributes = pthread_attr_t()
    unsafe pthread_attr_init(&attributes)
    defer { unsafe pthread_attr_destroy(&attributes) }
    unsafe pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    // The box is handed over with one reference, which the thread takes.
    let failure = unsafe pthread_create(
      &thread, &attributes,
      { argument in
        guard let argument = unsafe argument else { return nil }
        unsafe Unmanaged<Box>.fromOpaque(argument).takeRetainedValue().body()
        return nil
      }, box)
    guard failure == 0 else {
      unsafe Unmanaged<Box>.fromOpaque(box).release()
      throw HarnessFailure("cannot start a thread: error \(failure)")
    }
  }

  private final class Box: Sendable {
    let body: @Sendable () -> Void
    init(_ body: @escaping @Sendable () -> Void) { self.body = body }
  }

  private final class Progress: Sendable {
    private let state = Mutex<(finished: Int, failure: (any Error)?)>((0, nil))
    var finished: Int { state.withLock { $0.finished } }
    var failure: (any Error)? { state.withLock { $0.failure } }
    func finish(_ failure: (any Error)?) {
      state.withLock { state in
        state.finished += 1
        state.failure = state.failure ?? failure
      }
    }
  }
}

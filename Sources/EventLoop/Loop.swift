// SPDX-License-Identifier: Apache-2.0
/// Everything that belongs to the relay's one thread: sessions, schedule, spool index, control.
///
/// The compiler proves that what is marked `@Loop` is touched by nobody else, so there are no locks in the data path. Each thread that
/// runs an ``EventLoop`` has a `Loop` of its own; the daemon runs one, the tests run several simulated ones side by side, which share
/// nothing.
@globalActor package actor Loop {
  package static let shared = Loop()

  nonisolated package var unownedExecutor: UnownedSerialExecutor { unsafe LoopExecutor.shared.asUnownedSerialExecutor() }

  /// Runs `body` as loop code; for the loop itself and for calls that C libraries make on its thread.
  package nonisolated static func assumeIsolated<Answer>(_ body: @Loop () throws -> Answer) rethrows -> Answer {
    precondition(ReadyQueue.current != nil, "loop code runs on a thread that runs a loop")
    return try withoutActuallyEscaping(body) { body in
      // The cast takes nothing away but the isolation, which the precondition has just proved.
      try unsafe unsafeBitCast(body, to: (() throws -> Answer).self)()
    }
  }
}

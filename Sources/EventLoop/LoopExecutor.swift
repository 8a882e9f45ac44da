// SPDX-License-Identifier: Apache-2.0
/// The executor of ``Loop``: puts every job into the ready queue of the loop that runs on the calling thread.
///
/// Jobs come only from the loop's own thread, because code on the loop waits only by ``Berth`` and other threads answer through
/// ``EventLoop/post(_:)``. A job from elsewhere would be a bug, and is stopped as one.
final class LoopExecutor: SerialExecutor {
  static let shared = LoopExecutor()

  func enqueue(_ job: consuming ExecutorJob) {
    guard let queue = ReadyQueue.current else { preconditionFailure("a job for the loop comes from the loop's own thread") }
    queue.append(UnownedJob(job))
  }

  func asUnownedSerialExecutor() -> UnownedSerialExecutor { unsafe UnownedSerialExecutor(ordinary: self) }

  func checkIsolated() { precondition(ReadyQueue.current != nil, "loop code runs on a thread that runs a loop") }
}

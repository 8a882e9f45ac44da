// SPDX-License-Identifier: Apache-2.0
internal import CLinux

/// The jobs that can run now, in order: a ring that grows and never shrinks.
///
/// It belongs to one thread, which finds it by a thread-local pointer; nothing in it is shared.
@safe final class ReadyQueue {
  private var ring: [UnownedJob?] = Array(repeating: nil, count: 64)
  private var first = 0
  private(set) var count = 0

  /// The queue of the loop that runs on this thread.
  static var current: ReadyQueue? {
    guard let pointer = unsafe clinux_current_loop() else { return nil }
    return unsafe Unmanaged<ReadyQueue>.fromOpaque(pointer).takeUnretainedValue()
  }

  /// Gives the calling thread a queue of its own until ``leaveThread()``.
  static func enterThread() {
    precondition(current == nil, "a thread runs one loop at a time")
    unsafe clinux_set_current_loop(Unmanaged.passRetained(ReadyQueue()).toOpaque())
  }

  /// Leaves the thread without a loop.
  static func leaveThread() {
    guard let pointer = unsafe clinux_current_loop() else { return }
    clinux_set_current_loop(nil)
    unsafe Unmanaged<ReadyQueue>.fromOpaque(pointer).release()
  }

  /// Adds a job behind the others.
  func append(_ job: UnownedJob) {
    if count == ring.count { grow() }
    ring[(first + count) & (ring.count - 1)] = job
    count += 1
  }

  /// Runs the jobs that are there now; those that they add run in the next turn.
  func runPresentJobs() {
    for _ in 0..<count {
      guard let job = ring[first] else { preconditionFailure("every place up to the count holds a job") }
      first = (first + 1) & (ring.count - 1)
      count -= 1
      unsafe job.runSynchronously(on: LoopExecutor.shared.asUnownedSerialExecutor())
    }
  }

  private func grow() {
    var larger: [UnownedJob?] = []
    larger.reserveCapacity(ring.count * 2)
    for offset in 0..<count { larger.append(ring[(first + offset) & (ring.count - 1)]) }
    larger.append(contentsOf: repeatElement(nil, count: ring.count * 2 - count))
    ring = larger
    first = 0
  }
}

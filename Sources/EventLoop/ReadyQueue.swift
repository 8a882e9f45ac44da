// SPDX-License-Identifier: Apache-2.0
internal import CLinux

/// The jobs that can run now, in order: a ring that grows and never shrinks.
///
/// It belongs to one thread, which finds it by a thread-local pointer; nothing in it is shared. Safe, because the places are its own
/// from beginning to end, and are only reached through a mask of their number. Plain memory and not an array, because every job of the
/// house passes here twice, and each time an array would be checked for uniqueness and exclusive access.
@safe final class ReadyQueue {
  private var places: UnsafeMutablePointer<UnownedJob?>
  /// As many places as a power of two.
  private var capacity = 64
  private var first = 0
  private(set) var count = 0

  private init() {
    unsafe places = .allocate(capacity: capacity)
    unsafe places.initialize(repeating: nil, count: capacity)
  }

  deinit { unsafe places.deallocate() }

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
    if count == capacity { grow() }
    unsafe places[(first &+ count) & (capacity &- 1)] = job
    count &+= 1
  }

  /// Runs the jobs that are there now; those that they add run in the next turn.
  func runPresentJobs() {
    for _ in 0..<count {
      guard let job = unsafe places[first] else { preconditionFailure("every place up to the count holds a job") }
      first = (first &+ 1) & (capacity &- 1)
      count &-= 1
      unsafe job.runSynchronously(on: LoopExecutor.shared.asUnownedSerialExecutor())
    }
  }

  private func grow() {
    let larger = UnsafeMutablePointer<UnownedJob?>.allocate(capacity: capacity * 2)
    unsafe larger.initialize(repeating: nil, count: capacity * 2)
    for offset in 0..<count { unsafe larger[offset] = unsafe places[(first + offset) & (capacity - 1)] }
    unsafe places.deallocate()
    unsafe places = larger
    capacity *= 2
    first = 0
  }
}

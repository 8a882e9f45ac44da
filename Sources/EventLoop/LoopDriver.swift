// SPDX-License-Identifier: Apache-2.0
package import Timekeeping

/// What turns a loop: the clock it lives by and the source of what happens outside.
///
/// Two conformers: ``EpollDriver`` waits for the kernel; the simulator's driver has no outside and lets time jump to the next alarm.
@Loop package protocol LoopDriver: AnyObject, Sendable {
  /// The clock the loop lives by.
  nonisolated var clock: any TimeSource { get }
  /// Waits until something happens, no longer than `deadline` (nil: for ever), and tells whom it concerns.
  func poll(until deadline: Moment?)
  /// Ends a poll from another thread, now or when it next begins.
  nonisolated func interrupt()
}

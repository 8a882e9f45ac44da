// SPDX-License-Identifier: Apache-2.0
package import LinuxSystem
package import Timekeeping

/// Turns a loop by what the kernel tells.
///
/// Each watched descriptor has a slot; a token carries slot and generation, so that an event for a descriptor that was closed in the same
/// batch finds nobody. Slots are reused, generations are not.
@Loop package final class EpollDriver: LoopDriver {
  package nonisolated let clock: any TimeSource = SystemClock()
  private nonisolated let bell: Bell
  private nonisolated let poller: Poller
  private let batch = EventBatch()
  /// What sockets are read through, one after the other.
  let readBuffer = ReadBuffer()
  private var slots: [Slot] = []
  private var free: [Int] = []

  /// A driver that watches nothing yet.
  package nonisolated init() throws(SystemFailure) {
    poller = try Poller()
    bell = try Bell()
    try poller.watch(bell.number, token: EpollDriver.bellToken)
  }

  package func poll(until deadline: Moment?) {
    // The batch stays as it is until the next wait; whom an event concerns may watch and forget meanwhile.
    for index in 0..<poller.wait(deadline.map { $0 - clock.moment }, into: batch) {
      let (token, readiness) = batch.event(index)
      // That the bell woke the loop is all that it had to do.
      if token == EpollDriver.bellToken { continue }
      let slot = slots[Int(token & 0xffff_ffff)]
      if slot.generation == UInt32(token >> 32) { slot.target?.pollerReports(readiness) }
    }
  }

  package nonisolated func interrupt() { bell.ring() }

  /// Watches both directions, edge triggered.
  func watch(_ number: Int32, for target: any PollTarget) throws(SystemFailure) -> Watch {
    let watch = reserve(number, target)
    do throws(SystemFailure) {
      try poller.watch(number, token: watch.token)
    } catch {
      release(watch)
      throw error
    }
    return watch
  }

  /// Watches the given directions, level triggered.
  package func watch(_ number: Int32, level: Readiness, for target: any PollTarget) throws(SystemFailure) -> Watch {
    let watch = reserve(number, target)
    do throws(SystemFailure) {
      try poller.watch(number, level: level, token: watch.token)
    } catch {
      release(watch)
      throw error
    }
    return watch
  }

  /// Watches no longer; to be called before the descriptor is closed.
  package func forget(_ watch: Watch) {
    poller.forget(watch.number)
    release(watch)
  }

  private func reserve(_ number: Int32, _ target: any PollTarget) -> Watch {
    let index = free.popLast() ?? slots.count
    if index == slots.count { slots.append(Slot(generation: 1, target: nil)) }
    slots[index].target = target
    return Watch(number: number, token: UInt64(slots[index].generation) << 32 | UInt64(index))
  }

  private func release(_ watch: Watch) {
    let index = Int(watch.token & 0xffff_ffff)
    slots[index].target = nil
    slots[index].generation &+= 1
    free.append(index)
  }

  /// One watched descriptor.
  package struct Watch {
    let number: Int32
    let token: UInt64
  }

  private struct Slot {
    var generation: UInt32
    var target: (any PollTarget)?
  }

  private nonisolated static let bellToken = UInt64.max
}

/// Whom an event concerns.
@Loop package protocol PollTarget: AnyObject {
  /// Something changed on the watched descriptor.
  func pollerReports(_ readiness: Readiness)
}

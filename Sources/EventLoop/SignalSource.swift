// SPDX-License-Identifier: Apache-2.0
package import LinuxSystem

/// Signals as something a task on the loop can wait for.
@Loop package final class SignalSource: PollTarget {
  private let inbox: SignalInbox
  private let driver: EpollDriver
  private let berth: Berth
  private var watch: EpollDriver.Watch?
  private var isCancelled = false

  /// Collects the signals of `inbox` on the loop.
  package init(_ inbox: consuming SignalInbox, _ loop: EventLoop, _ driver: EpollDriver) throws(SystemFailure) {
    berth = Berth(loop)
    self.driver = driver
    let number = inbox.number
    self.inbox = consume inbox
    watch = try driver.watch(number, for: self)
  }

  /// The next signal; nil after ``close()``.
  package func next() async -> Int32? {
    while !isCancelled {
      if let signal = inbox.next() { return signal }
      _ = await berth.wait()
    }
    return nil
  }

  package func pollerReports(_ readiness: Readiness) { berth.wake() }

  /// Ends the wait.
  package func close() {
    isCancelled = true
    if let watch { driver.forget(watch) }
    watch = nil
    berth.wake(.cancelled)
  }
}

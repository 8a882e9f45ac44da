// SPDX-License-Identifier: Apache-2.0
import EventLoop
import LinuxSystem
import Relay
import Timekeeping

/// Gives memory back while there is nothing to do: after the start, and after each time of work.
@Loop final class Siesta {
  private let loop: EventLoop
  private let relay: Relay
  private var seen: UInt64
  private var isResting = true
  private var alarm: Alarm?

  /// Begins with the rest after the start.
  init(_ loop: EventLoop, _ relay: Relay) {
    self.loop = loop
    self.relay = relay
    seen = relay.work
    Host.giveBackMemory()
    look()
  }

  /// Ends it.
  func stop() { alarm?.cancel() }

  private func look() {
    if relay.work != seen {
      seen = relay.work
      isResting = false
    } else if !isResting {
      isResting = true
      Host.giveBackMemory()
    }
    alarm = loop.schedule(at: loop.moment + Siesta.pause) { [weak self] in self?.look() }
  }

  private static let pause = Duration.seconds(15)
}

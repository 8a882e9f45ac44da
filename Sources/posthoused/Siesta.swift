// SPDX-License-Identifier: Apache-2.0
import EventLoop
import LinuxSystem
import Relay
import Timekeeping

/// Gives memory back while there is nothing to do: soon after the start, and after each time of work.
@Loop final class Siesta {
  private let loop: EventLoop
  private let relay: Relay
  private var seen: UInt64
  private var isResting = false
  private var alarm: Alarm?

  /// The first rest comes when every periodic duty has had its first turn: what a first turn brings is needed once, like the start.
  init(_ loop: EventLoop, _ relay: Relay) {
    self.loop = loop
    self.relay = relay
    seen = relay.work
    look(in: Siesta.breath)
  }

  /// Ends it.
  func stop() { alarm?.cancel() }

  private func look(in pause: Duration) {
    alarm = loop.schedule(at: loop.moment + pause) { [weak self] in self?.look() }
  }

  private func look() {
    if relay.work != seen {
      seen = relay.work
      isResting = false
    } else if !isResting {
      isResting = true
      Host.giveBackMemory()
    }
    look(in: Siesta.pause)
  }

  private static let breath = Duration.seconds(12)
  private static let pause = Duration.seconds(15)
}

// SPDX-License-Identifier: Apache-2.0
import EventLoop
import LinuxSystem
import ServiceManager
import Timekeeping

/// Feeds the service manager's watchdog from the loop, and only while the journal's thread makes progress too.
///
/// A hung loop never gets here; a disk that keeps one write for longer than half the limit makes it fall silent. Either way the manager
/// kills and restarts the daemon, which recovers everything it has promised.
@Loop final class Watchdog {
  private let loop: EventLoop
  private let notifier: ServiceNotifier
  private let journal: any Workers
  /// How long the journal may take for one thing.
  private let patience: Duration
  private let rhythm: Duration
  private var alarm: Alarm?

  /// A watchdog, if the manager waits for one.
  init?(_ loop: EventLoop, _ notifier: ServiceNotifier, journal: any Workers) {
    guard let limit = notifier.watchdogLimit else { return nil }
    self.loop = loop
    self.notifier = notifier
    self.journal = journal
    (patience, rhythm) = (limit / 2, limit / 4)
    feed()
  }

  /// Feeds no more.
  func stop() {
    alarm?.cancel()
    alarm = nil
  }

  private func feed() {
    // A datagram that cannot be sent is not repeated: the next one comes soon, and the manager is patient for two.
    if !journalIsStuck { try? notifier.alive() }
    alarm = loop.schedule(at: loop.moment + rhythm) { [weak self] in self?.feed() }
  }

  private var journalIsStuck: Bool { journal.busySince.map { loop.moment - $0 > patience } ?? false }
}

// SPDX-License-Identifier: Apache-2.0
import Control
import Delivery
package import EventLoop
import LinuxSystem
import Mail
import Octets
import ServiceManager
package import Settings
import Spool
import Submission
import TLS
import Telemetry
import Timekeeping

/// The whole house: puts the rooms together, starts them in order, and ends them in the reverse order.
///
///     bind ──► recover ──► seed ──► READY ──► serve ──(stop)──► no new mail ──► sessions end ──► deliveries end ──► spool closed
///
/// Sockets are bound first, so that a mistake shows at once and apps wait in the kernel instead of being refused; nothing is accepted
/// before the spool is recovered. Whatever is still on the road when time is up stays in the spool.
@Loop package final class Relay {
  /// The settings in force.
  package private(set) var settings: RelaySettings
  let loop: EventLoop
  let means: RelayMeans
  let spool: Spool
  let dispatcher: Dispatcher
  let submission: SubmissionServer
  let started: WallTime
  let version: String
  /// Where the spool is, whatever settings say that have come since.
  let spoolDirectory: String
  private(set) var isDraining = false
  private let hasInheritedDoors: Bool
  private var control: ControlServer?
  private var watchdog: Watchdog?
  private var housekeeping: Alarm?
  /// The numbers that the service manager was told last, unless something was wrong.
  private var shown: StatusFigures?

  /// Binds, recovers and begins to serve; throws when one of it is impossible.
  package init(
    _ loop: EventLoop, _ settings: RelaySettings, _ means: RelayMeans, inherited: InheritedListeners, version: String
  ) async throws(RelayFailure) {
    self.loop = loop
    self.settings = settings
    self.means = means
    self.version = version
    spoolDirectory = settings.spool.directory.path
    hasInheritedDoors = !inherited.mail.isEmpty
    started = loop.wallTime
    let log = means.log
    log.note(.service(.starting(version: version)))
    let doors = try Doors(settings, means.network, inherited)
    let begun = means.clock.moment
    do throws(SpoolFailure) {
      spool = try await Spool.open(
        means.disk, limits: SpoolLimits(settings.spool), journal: means.journal, workers: means.workers, loop: loop
      ) { done, total in
        // A long backlog takes a while; that nobody listens to how long is no reason to stop.
        let words = total > 0 ? "Recovering the spool: \(done / 1_048_576) of \(total / 1_048_576) MiB" : "Opening the spool"
        try? means.notifier.extendTimeout(by: .seconds(30), words)
      }
    } catch {
      doors.close()
      throw .spool(error)
    }
    for event in spool.report.events(after: means.clock.moment - begun) { log.note(event) }
    dispatcher = Dispatcher(loop, spool, settings, means.forDelivery) { log.note($0) }
    do throws(TLSContextFailure) {
      submission = try SubmissionServer(loop, spool, settings, peers: means.peers) {
        log.note($0)
      } deliver: { [dispatcher] in
        dispatcher.take($0)
      }
    } catch {
      doors.close()
      throw .certificate(error)
    }
    dispatcher.seed()
    control = ControlServer(loop, self)
    for door in doors.mail { submission.serve(door) }
    if let listener = doors.control { control?.serve(listener) }
    for warning in warnings { log.note(.service(.riskySetting(setting: "configuration", why: warning))) }
    log.note(.service(.ready(queued: spool.report.messages, after: means.clock.moment - begun)))
    watchdog = Watchdog(loop, means.notifier, journal: means.journal)
    notify { (notifier, text) throws(SystemFailure) in try notifier.ready(text) }
    spool.onProblem = { [weak self] words in self?.noteSpool(words) }
    keepHouse()
  }

  /// Grows with everything that is done for mail: who sees the same twice knows that nothing was done between.
  package var work: UInt64 {
    let counters = means.log.counters
    return counters[.connections] &+ counters[.messagesAccepted] &+ counters[.recipientsDelivered] &+ counters[.recipientsDeferred]
  }

  /// Takes over settings that have been checked; answers the names of those that need a restart.
  package func reload(_ new: RelaySettings) {
    notify { [loop] (notifier, _) throws(SystemFailure) in try notifier.reloading(at: loop.moment) }
    let differences = new.differences(from: settings)
    settings = new
    means.log.reload(new.log.level)
    submission.reload(new)
    dispatcher.reload(new)
    spool.reload(SpoolLimits(new.spool))
    for difference in differences where difference.setting.effect == .onRestart && !isMoot(difference.setting) {
      means.log.note(.service(.restartNeeded(setting: difference.setting.key)))
    }
    for warning in warnings { means.log.note(.service(.riskySetting(setting: "configuration", why: warning))) }
    means.log.note(.service(.reloaded(changed: differences.count)))
    notify { (notifier, text) throws(SystemFailure) in try notifier.ready(text) }
  }

  /// What is worth a second look in the settings, as things are.
  var warnings: [String] { settings.warnings + (hasInheritedDoors ? uselessAddresses : []) }

  private var uselessAddresses: [String] {
    let open = Set(submission.doors.map { "\($0.address)" })
    return settings.effective.compactMap { effective in
      guard isMoot(effective.setting), effective.origin != .byDefault else { return nil }
      guard !open.isSuperset(of: effective.value.split(separator: " ").map(String.init)) else { return nil }
      return "\(effective.origin): \(effective.key) has no effect, because sockets come from the service manager; use ListenStream= in a "
        + "drop-in of posthoused.socket, or disable that unit"
    }
  }

  /// Whether a setting says where to listen while somebody else has done that.
  private func isMoot(_ setting: Setting) -> Bool { hasInheritedDoors && ["Listen.Address", "Listen.TLSAddress"].contains(setting.key) }

  /// Says that new settings were not taken over.
  package func refuseReload(_ why: String) {
    for line in why.split(separator: "\n") { means.log.note(.service(.reloadRefused(why: String(line)))) }
    notify { (notifier, text) throws(SystemFailure) in try notifier.status(text) }
  }

  /// Ends everything in good order within the time that the settings give.
  package func stop(_ why: String) async {
    isDraining = true
    means.log.note(.service(.stopping(why: why, inFlight: dispatcher.underway)))
    notify { (notifier, text) throws(SystemFailure) in try notifier.stopping(text) }
    housekeeping?.cancel()
    let deadline = loop.moment + settings.relay.shutdownTimeout
    await submission.drain(until: deadline)
    await dispatcher.drain(until: deadline)
    await control?.close()
    // What does not reach the disk in time is settled again after the next start.
    _ = await spool.close(until: max(deadline, loop.moment + .seconds(5)))
    watchdog?.stop()
    means.log.note(.service(.stopped(queued: spool.usage.queued)))
  }

  /// Writes down that the spool begins to refuse mail, or takes it again.
  private func noteSpool(_ problem: String?) {
    means.log.note(.spool(problem.map { .problem(why: $0) } ?? .problemOver))
    notify { (notifier, text) throws(SystemFailure) in try notifier.status(text) }
  }

  /// Tells the service manager how things stand; that nobody listens is no reason to stop.
  private func notify(_ tell: (ServiceNotifier, String) throws(SystemFailure) -> Void) {
    guard means.notifier.isSupervised else { return }
    shown = isWell ? statusFigures : nil
    try? tell(means.notifier, statusLine)
  }

  /// What `systemctl status` shows, refreshed when it has changed. Nothing is put into words for nothing: that would bring two megabytes
  /// of the program into the memory of a daemon that has nothing to do.
  private func refreshStatus() {
    if shown == nil || !isWell || statusFigures != shown {
      notify { (notifier, text) throws(SystemFailure) in try notifier.status(text) }
    }
  }

  private func keepHouse() {
    refreshStatus()
    _ = spool.forgetExpired()
    dispatcher.reports.keepHouse()
    spool.announce()
    housekeeping = loop.schedule(at: loop.moment + .seconds(10)) { [weak self] in self?.keepHouse() }
  }
}

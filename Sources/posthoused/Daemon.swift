// SPDX-License-Identifier: Apache-2.0
import EventLoop
import Glibc
import LinuxSystem
import Octets
import Relay
import Resolver
import Secrets
import ServiceManager
import Settings
import Submission
import Varlink

/// One run of the daemon: makes the real world, puts the relay into it, and does what signals ask.
@Loop struct Daemon {
  let place: ConfigurationPlace
  let loop: EventLoop
  let driver: EpollDriver

  /// Serves until a signal ends it; answers the exit code.
  func run(_ settings: RelaySettings) async -> Int32 {
    do {
      // Signals are blocked before the first thread is started, so that every thread leaves them to the loop.
      let signals = try SignalSource(SignalInbox([SIGTERM, SIGINT, SIGHUP]), loop, driver)
      defer { signals.close() }
      let network = LinuxNetwork(loop, driver)
      let means = try means(settings, network)
      let relay = try await Relay(loop, settings, means, inherited: try inherited(network), version: Release.version)
      let siesta = Siesta(loop, relay)
      defer { siesta.stop() }
      await obey(signals, relay, means.workers)
      return EX_OK
    } catch let failure as InheritedSocketFailure {
      Host.say("posthoused: \(failure); \(failure.remedy)", to: .error)
      return failure.isLasting ? EX_CONFIG : EX_OSERR
    } catch let failure as RelayFailure {
      Host.say("posthoused: \(failure)", to: .error)
      return failure.isLasting ? EX_CONFIG : EX_OSERR
    } catch {
      Host.say("posthoused: \(error)", to: .error)
      return EX_OSERR
    }
  }

  private func obey(_ signals: SignalSource, _ relay: Relay, _ workers: any Workers) async {
    while let signal = await signals.next() {
      if signal == SIGHUP {
        await reload(relay, workers)
      } else {
        return await relay.stop(signal == SIGINT ? "SIGINT" : "SIGTERM")
      }
    }
  }

  /// Reads the configuration anew on a worker; one that has a mistake changes nothing.
  private func reload(_ relay: Relay, _ workers: any Workers) async {
    let answer = await workers.perform(loop) { [place] () -> Result<RelaySettings, ConfigurationRefusal> in
      do throws(ConfigurationRefusal) {
        return .success(try place.read())
      } catch {
        return .failure(error)
      }
    }
    switch answer {
    case .success(let settings): relay.reload(settings)
    case .failure(let refusal): relay.refuseReload("\(refusal)")
    }
  }

  private func means(_ settings: RelaySettings, _ network: LinuxNetwork) throws(RelayFailure) -> RelayMeans {
    RelayMeans(
      clock: SystemClock(), network: network, disk: try disk(settings.spool.directory.path),
      resolver: CaresResolver(loop, driver), journal: ThreadWorkers(loop, name: "journal", threads: 1),
      workers: ThreadWorkers(loop, name: "worker", threads: 2), secrets: SecretReader(environment: place.environment),
      generator: SystemRandomNumberGenerator(), notifier: ServiceNotifier(), log: EventLog(loop, LogSink(), settings.log.level))
  }

  private func disk(_ directory: String) throws(RelayFailure) -> LinuxDisk {
    do throws(SystemFailure) { return try LinuxDisk.makingDirectory(at: directory) } catch { throw .directory(error) }
  }

  /// The sockets that the service manager handed over, by their names in the socket unit.
  private func inherited(_ network: LinuxNetwork) throws -> InheritedListeners {
    var mail: [MailDoor] = []
    var control: (any Listener)?
    for inherited in try InheritedSocket.takeAll() {
      guard let socket = inherited.take() else { continue }
      let listener = try network.adopt(socket)
      switch inherited.name {
      case "varlink", "control": control = listener
      case "smtps": mail.append(MailDoor(listener, .implicitTLS))
      default: mail.append(MailDoor(listener))
      }
    }
    return InheritedListeners(mail: mail, control: control)
  }
}

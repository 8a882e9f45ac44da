// SPDX-License-Identifier: Apache-2.0
import EventLoop
import Glibc
import LinuxSystem
import Octets
import Relay
import Secrets
import ServiceManager
import Settings
import TLS
import Varlink

/// The daemon: `posthoused [--config FILE]` runs in the foreground until SIGTERM or SIGINT; SIGHUP reloads.
///
/// Exit codes follow sysexits: 0 ended as asked, 64 wrong words, 78 wrong configuration (a restart would not help), 71 anything the
/// system refused.
@main enum Posthoused {
  static func main() {
    switch Words(CommandLine.arguments.dropFirst()) {
    case .help:
      Host.say(Words.usage, to: .output)
    case .version:
      Host.say("posthoused \(Release.version)", to: .output)
    case .wrong(let why):
      Host.say("posthoused: \(why); posthoused --help shows what it takes", to: .error)
      exit(EX_USAGE)
    case .run(let file):
      exit(run(ConfigurationPlace(file, Host.environment)))
    }
  }

  private static func run(_ place: ConfigurationPlace) -> Int32 {
    Host.settleIn()
    Host.keepFreedMemory()
    do {
      let settings = try place.read()
      if settings.relay.fips { try FIPSModule.require() }
      let driver = try EpollDriver()
      return EventLoop.run(driver) { loop in await Daemon(place: place, loop: loop, driver: driver).run(settings) }
    } catch let error as ConfigurationRefusal {
      Host.say("\(error)", to: .error)
      return EX_CONFIG
    } catch let error as TLSContextFailure {
      Host.say("posthoused: Relay.FIPS: \(error); \(error.remedy)", to: .error)
      return EX_CONFIG
    } catch {
      Host.say("posthoused: \(error)", to: .error)
      return EX_OSERR
    }
  }
}

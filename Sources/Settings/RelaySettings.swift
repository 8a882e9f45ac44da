// SPDX-License-Identifier: Apache-2.0
package import Octets

/// Everything the operator may say, with the defaults for what was not said: immutable, complete and checked.
///
/// The fields are the one home of the defaults; the ``SettingsTable`` names them, and reads, prints and documents through its key paths.
/// Whoever holds such a value (made by ``init(files:environment:systemHostname:)``) need not check it again.
package struct RelaySettings: Sendable {
  /// `[Relay]`: the house itself.
  package internal(set) var relay = HouseSettings()
  /// `[Listen]`: how mail comes in.
  package internal(set) var listen = ListenSettings()
  /// `[Policy]`: who may send what to whom.
  package internal(set) var policy = PolicySettings()
  /// `[Upstream]`: where it goes.
  package internal(set) var upstream = UpstreamSettings()
  /// `[Upstream "NAME"]`: where else it goes, in the order of the files.
  package internal(set) var namedUpstreams: [UpstreamSettings] = []
  /// `[Route "NAME"]`: which mail goes where, in the order of the files.
  package internal(set) var routes: [RouteSettings] = []
  /// `[Retry]`: when it is tried again.
  package internal(set) var retry = RetrySettings()
  /// `[Reply]`: what the upstream's replies mean.
  package internal(set) var reply = ReplySettings()
  /// `[Bounce]`: who hears of what cannot be delivered.
  package internal(set) var bounce = BounceSettings()
  /// `[Spool]`: where it waits.
  package internal(set) var spool = SpoolSettings()
  /// `[Control]`: how the daemon is asked and told.
  package internal(set) var control = ControlSettings()
  /// `[Log]`: what is written down.
  package internal(set) var log = LogSettings()

  /// The name this house greets with: `Relay.Hostname`, or the system's.
  package internal(set) var hostname = "localhost"
  /// What is allowed but should worry the operator, one sentence each.
  package internal(set) var warnings: [String] = []
  /// Where the values came from, by the settings' keys; what is not in it is a default.
  var origins: [String: SettingOrigin] = [:]
  /// Where each of the rules about replies was written.
  package internal(set) var ruleOrigins: [SettingOrigin] = []

  /// The form into which a `[Route "NAME"]` is read before it stands beside the others; untouched otherwise.
  var route = RouteSettings()

  /// Every upstream: the one without a name, where there is one, and those with names.
  package var upstreams: [UpstreamSettings] { (upstream.host == nil ? [] : [upstream]) + namedUpstreams }

  /// The settings nobody has touched; the table reads its defaults from them.
  static let untouched = RelaySettings()

  init() {}

  /// Reads, merges and checks: later files and then the environment speak over earlier files.
  ///
  /// Nothing is opened here: the caller passes what it has read, and the name the system gives the machine. Throws every mistake at once.
  package init(files: [SettingsFile], environment: [String: String], systemHostname: String) throws(SettingsRefusal) {
    let reading = SettingsReading(files: files, environment: environment, systemHostname: systemHostname)
    guard reading.errors.isEmpty else { throw SettingsRefusal(reading.errors) }
    self = reading.settings
  }
}

/// `[Relay]`.
package struct HouseSettings: Hashable, Sendable {
  /// The name in greetings and trace lines; nil takes the system's.
  package internal(set) var hostname: HostName?
  /// How long a stop waits for transactions in flight.
  package internal(set) var shutdownTimeout: Duration = .seconds(25)
}

/// `[Retry]`.
package struct RetrySettings: Hashable, Sendable {
  /// The wait before the second attempt.
  package internal(set) var first: Duration = .seconds(60)
  /// How many times longer each further wait is.
  package internal(set) var growth = 2.0
  /// The longest wait.
  package internal(set) var max: Duration = .seconds(3600)
  /// How far a wait may be shifted at random, so that messages do not come back together.
  package internal(set) var jitter = Percentage(hundredths: 20)
  /// How long a message is tried.
  package internal(set) var maxAge: Duration = .seconds(5 * 86_400)
}

/// `[Spool]`.
package struct SpoolSettings: Hashable, Sendable {
  /// Where accepted mail lives.
  package internal(set) var directory = FilePath("/var/lib/posthouse")
  /// The size of one journal segment.
  package internal(set) var segmentSize = ByteCount.mebibytes(16)
  /// Free space below which no mail is taken in.
  package internal(set) var reserve = ByteCount.mebibytes(256)
  /// How long a failed message is kept.
  package internal(set) var keepFailed: Duration = .seconds(14 * 86_400)
}

/// `[Control]`.
package struct ControlSettings: Hashable, Sendable {
  /// Where the control socket is.
  package internal(set) var socket = FilePath("/run/posthouse/io.posthouse.Relay")
  /// The permissions of the socket.
  package internal(set) var mode = FileMode(bits: 0o660)
  /// The group that owns the socket; nil leaves the daemon's own.
  package internal(set) var group: PlainName?
}

/// `[Log]`.
package struct LogSettings: Hashable, Sendable {
  /// What is worth writing down.
  package internal(set) var level = LogLevel.info
}

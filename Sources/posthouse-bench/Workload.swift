// SPDX-License-Identifier: Apache-2.0

/// What is asked of a relay: how many apps hand in how much, and what becomes of it.
struct Workload: Hashable {
  /// What happens to the mail.
  let path: Path
  /// How many apps are connected at one time.
  let sessions: Int
  /// How large a message is.
  let size: Int
  /// Who hands in, and how.
  let loader: Loader
  /// How many connections to the upstream are allowed.
  var connections = 20
  /// How many milliseconds it is to the upstream and back.
  var delay = 0

  /// What happens to the mail.
  enum Path: String {
    /// The upstream is down: mail is taken in and kept.
    case acceptance
    /// Mail goes on in clear.
    case plain
    /// Mail goes on over STARTTLS with a login.
    case secure
  }

  /// Who hands in.
  enum Loader: String {
    /// Postfix's smtp-source, on connections that stay: one command at a time.
    case smtpSource = "smtp-source"
    /// Our own, one command at a time.
    case lockstep
    /// Our own, MAIL, RCPT and DATA in one flight.
    case pipelined
    /// Our own, each envelope in one flight with the message before it.
    case chained
  }

  /// Its name in tables and on the command line.
  var name: String {
    let size = size >= 1_048_576 ? "\(size / 1_048_576)MiB" : "\(size / 1024)KiB"
    var name = "\(path.rawValue)-\(sessions)x\(size)"
    if loader != .smtpSource { name += "-\(loader.rawValue)" }
    if delay > 0 { name += "-\(delay)ms-\(connections)conn" }
    return name
  }

  /// How many messages a relay of the given pace is asked to take: enough for a second or two.
  func messages(for pace: Pace) -> Int {
    let atFullPace =
      switch size {
      case ..<4096: 20_000
      case ..<65_536: 10_000
      default: 300
      }
    var count = sessions == 1 && loader != .chained ? atFullPace / 8 : atFullPace
    if delay > 0 { count = 150 * connections }
    return max(sessions, pace == .slow ? count / (size > 65_536 ? 3 : delay > 0 ? 4 : 12) : count)
  }

  /// How fast a relay is, roughly.
  enum Pace { case fast, slow }

  /// What `make bench` measures.
  static let usual: [Workload] = [
    Workload(path: .acceptance, sessions: 1, size: 1024, loader: .smtpSource),
    Workload(path: .acceptance, sessions: 10, size: 1024, loader: .smtpSource),
    Workload(path: .acceptance, sessions: 50, size: 1024, loader: .smtpSource),
    Workload(path: .acceptance, sessions: 200, size: 1024, loader: .smtpSource),
    Workload(path: .acceptance, sessions: 50, size: 10_240, loader: .smtpSource),
    Workload(path: .acceptance, sessions: 10, size: 1_048_576, loader: .smtpSource),
    Workload(path: .acceptance, sessions: 50, size: 1024, loader: .chained),
    Workload(path: .acceptance, sessions: 1, size: 1024, loader: .pipelined),
    Workload(path: .plain, sessions: 50, size: 1024, loader: .smtpSource),
    Workload(path: .secure, sessions: 1, size: 1024, loader: .smtpSource),
    Workload(path: .secure, sessions: 10, size: 1024, loader: .smtpSource),
    Workload(path: .secure, sessions: 50, size: 1024, loader: .smtpSource),
    Workload(path: .secure, sessions: 200, size: 1024, loader: .smtpSource),
    Workload(path: .secure, sessions: 50, size: 10_240, loader: .smtpSource),
    Workload(path: .secure, sessions: 10, size: 1_048_576, loader: .smtpSource),
    Workload(path: .secure, sessions: 50, size: 1024, loader: .chained),
    Workload(path: .plain, sessions: 50, size: 1024, loader: .smtpSource, connections: 1, delay: 100),
    Workload(path: .plain, sessions: 50, size: 1024, loader: .smtpSource, connections: 20, delay: 100),
  ]
}

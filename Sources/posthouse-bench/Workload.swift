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
    var name = "\(path.rawValue)-\(sessions)x\(Workload.text(size: size))"
    if loader != .smtpSource { name += "-\(loader.rawValue)" }
    if delay > 0 { name += "-\(delay)ms-\(connections)conn" }
    return name
  }

  /// A size in words.
  static func text(size: Int) -> String { size >= 1_048_576 ? "\(size / 1_048_576)MiB" : "\(size / 1024)KiB" }

  /// How many messages take about so many seconds at a rate that was seen before, within bounds.
  func messages(atRate rate: Double, seconds: Double) -> Int {
    let most =
      switch size {
      case ..<4096: 20_000
      case ..<65_536: 10_000
      default: 1000
      }
    if delay > 0 { return min(150 * connections, max(2 * connections, Int(rate * seconds))) }
    return min(sessions == 1 ? max(most / 8, 250) : most, max(2 * sessions, Int(rate * seconds)))
  }

  /// Whether every relay runs it, and as often as asked; the others are for a wider view of the daemon and the ceiling.
  var isCentral: Bool {
    guard loader == .smtpSource, delay == 0 else { return false }
    return sessions == 50 && size == 1024
  }

  /// Whether it is about the time that one message takes.
  var isAboutLatency: Bool { path == .acceptance && sessions == 1 && size == 1024 && loader == .pipelined }

  /// What `make bench` measures.
  static let usual: [Workload] = grid + special

  /// Every path with every number of apps and every size.
  private static let grid = [Path.acceptance, .plain, .secure].flatMap { path in
    [1024, 10_240, 1_048_576].flatMap { size in
      [1, 10, 50, 200].map { Workload(path: path, sessions: $0, size: size, loader: .smtpSource) }
    }
  }

  /// Apps that pipeline, one app's latency, and an upstream far away.
  private static let special: [Workload] = [
    Workload(path: .acceptance, sessions: 1, size: 1024, loader: .lockstep),
    Workload(path: .acceptance, sessions: 1, size: 1024, loader: .pipelined),
    Workload(path: .acceptance, sessions: 50, size: 1024, loader: .chained),
    Workload(path: .secure, sessions: 50, size: 1024, loader: .chained),
    Workload(path: .plain, sessions: 50, size: 1024, loader: .smtpSource, connections: 1, delay: 100),
    Workload(path: .plain, sessions: 50, size: 1024, loader: .smtpSource, connections: 20, delay: 100),
  ]
}

// SPDX-License-Identifier: Apache-2.0
import Harness

/// Where a relay is told to send its mail.
enum Destination {
  /// A port at which nobody listens.
  case nowhere(port: UInt16)
  /// An upstream in clear.
  case plain(port: UInt16)
  /// An upstream that demands STARTTLS and a login.
  case secure(port: UInt16, authority: String)

  /// The port on loopback.
  var port: UInt16 {
    switch self {
    case .nowhere(let port), .plain(let port), .secure(let port, _): port
    }
  }

  /// Who logs in, and with what.
  static let user = "app"
  static let password = "correct-horse"
}

/// The upstream of a measurement: takes everything at once, keeps nothing, and counts.
final class Sink {
  /// Where relays send their mail.
  let destination: Destination
  private let process: ChildProcess
  private let tally: String

  /// Starts it; `delay` is how many milliseconds it is there and back.
  init(_ rig: Rig, _ path: Workload.Path, delay: Int) throws {
    tally = rig.directory.freshName("tally")
    var words = ["sink", "127.0.0.1:0", "--counter", tally]
    var authority: String?
    if path == .secure {
      let made = try CertificateAuthority(rig)
      let identity = try made.issue("localhost", rig)
      words += ["--tls", identity.certificatePath, identity.keyPath, "--login", Destination.user, Destination.password]
      authority = made.certificatePath
    }
    process = try rig.start(try Environment.program("bench-peer"), words, name: "sink")
    let port = try process.announcedPort()
    let near = authority.map { Destination.secure(port: port, authority: $0) } ?? .plain(port: port)
    destination = delay > 0 ? try near.seen(from: .milliseconds(delay), rig) : near
  }

  /// Starts one in clear at a port that was known before.
  init(_ rig: Rig, at port: UInt16) throws {
    tally = rig.directory.freshName("tally")
    process = try rig.start(
      try Environment.program("bench-peer"), ["sink", "127.0.0.1:\(port)", "--counter", tally], name: "sink")
    destination = .plain(port: try process.announcedPort())
  }

  /// What it has counted: messages, and the moments of the first and the last one.
  var count: (messages: Int, first: Int, last: Int) {
    guard let bytes = try? Files.bytes(at: tally), bytes.count >= 40 else { return (0, 0, 0) }
    func number(_ place: Int) -> Int {
      (0..<8).reduce(0) { $0 | Int(bytes[8 * place + $1]) << (8 * $1) }
    }
    return (number(0), number(3), number(4))
  }

  /// Waits until so many messages are there; answers when the last of them came, on the monotonic clock in nanoseconds.
  func wait(for messages: Int, _ deadline: Deadline) throws -> Int {
    try deadline.wait(until: "\(messages) messages had arrived; \(count.messages) have") { count.messages >= messages }
    return count.last
  }

  /// Ends it.
  func stop() { process.destroy() }
}

extension ChildProcess {
  /// The port that one of our own programs has said it listens on.
  func announcedPort() throws -> UInt16 {
    try Deadline.usual.first("a port that \(name) listens on") {
      if !isRunning { throw HarnessFailure("\(name) ended: \(errors)") }
      guard let line = output.split(separator: "\n").first, line.hasPrefix("port ") else { return nil }
      return UInt16(line.dropFirst(5))
    }
  }
}

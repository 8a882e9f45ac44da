// SPDX-License-Identifier: Apache-2.0
internal import LinuxSystem
internal import Octets
internal import Settings

/// Where the daemon takes mail in, as far as a program of this machine can know.
struct SubmissionPlace {
  /// The addresses, in the order in which they are tried.
  let addresses: [SocketAddress]

  /// The place that the environment names, or the configuration as far as this user may read it.
  static func known(to context: CommandContext) throws(SendmailFailure) -> SubmissionPlace {
    if let named = context.variable("POSTHOUSE_SUBMIT") { return try SubmissionPlace(named: named) }
    let listeners: [ListenAddress]
    do throws(CommandFailure) {
      listeners = try context.knownSettings().listen.addresses
    } catch { throw SendmailFailure(SystemExit(error.code), error.text) }
    return try SubmissionPlace(listeners)
  }

  /// The place that `POSTHOUSE_SUBMIT` names: `127.0.0.1:25`, `[::1]:25`, `localhost:25`, or the path of a Unix socket.
  init(named text: String) throws(SendmailFailure) {
    let form = "write 127.0.0.1:25, [::1]:25 or unix:/path"
    let path = text.hasPrefix("unix:") ? String(text.dropFirst("unix:".count)) : text
    if path.hasPrefix("/") {
      guard path.utf8.count <= SocketAddress.longestPath else {
        throw SendmailFailure(.configuration, "POSTHOUSE_SUBMIT \"\(text.shown)\" is too long for the path of a socket")
      }
      addresses = [.unix(path)]
      return
    }
    guard let colon = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: colon)...]), port > 0 else {
      throw SendmailFailure(.configuration, "POSTHOUSE_SUBMIT \"\(text.shown)\" has no port; \(form)")
    }
    let host = text[..<colon]
    let bare = host.hasPrefix("[") && host.hasSuffix("]") ? String(host.dropFirst().dropLast()) : String(host)
    let names = bare == "localhost" ? ["127.0.0.1", "::1"] : [bare]
    addresses = names.compactMap { SocketAddress(numeric: $0, port: port) }
    guard !addresses.isEmpty else { throw SendmailFailure(.configuration, "POSTHOUSE_SUBMIT \"\(text.shown)\" is no address; \(form)") }
  }

  /// The place that the listeners of a configuration make: Unix sockets first, over which the daemon learns for certain who sends.
  init(_ listeners: [ListenAddress]) throws(SendmailFailure) {
    addresses = listeners.compactMap(SubmissionPlace.door).sorted { $0.port == nil && $1.port != nil }
    guard !addresses.isEmpty else {
      throw SendmailFailure(
        .configuration, "Listen.Address names no fixed port by which the relay could be found; name the place in POSTHOUSE_SUBMIT")
    }
  }

  /// The address by which a listener is reached from this machine; nil for a port that only the daemon knows.
  private static func door(_ listener: ListenAddress) -> SocketAddress? {
    switch listener {
    case .unix(let path): return .unix(path)
    case .tcp(_, port: 0): return nil
    case .tcp(let address, let port):
      guard address.octets.allSatisfy({ $0 == 0 }) else { return SocketAddress(address, port: port) }
      return SocketAddress(numeric: address.isIPv4 ? "127.0.0.1" : "::1", port: port)
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
import EventLoop
import LinuxSystem
import Resolver
import Timekeeping

/// What a look-up came to, and what the name server was asked meanwhile.
struct Lookup: Sendable {
  var result: Result<Resolution, ResolutionFailure>
  var asked: [String] = []

  var addresses: [SocketAddress] { (try? result.get())?.addresses ?? [] }

  var failure: ResolutionFailure? {
    if case .failure(let failure) = result { failure } else { nil }
  }

  /// Looks one name up, port 587, on a loop of its own with a name server that answers as `script` says.
  static func run(
    _ name: String = "mail.example.com", within limit: Duration = .seconds(20), cancelAfter patience: Duration? = nil,
    hostsFile: String = "/nowhere/hosts", serverIsGone: Bool = false,
    _ script: @escaping @Sendable @Loop (Question) -> [Reply] = { _ in [.code(3)] }
  ) throws -> Lookup {
    let outcome = Outcome()
    let driver = try EpollDriver()
    EventLoop.run(driver) { loop in
      guard let server = try? NameServer(loop, driver, script) else { return }
      if serverIsGone { server.stop() }
      var manner = CaresResolver.Manner()
      manner.servers = server.text
      manner.patience = .milliseconds(100)
      manner.tries = 2
      manner.grace = .milliseconds(50)
      manner.hostsFile = hostsFile
      let resolver = CaresResolver(loop, driver, manner)
      if let patience { loop.schedule(at: loop.moment + patience) { resolver.cancelAll() } }
      do throws(ResolutionFailure) {
        outcome.lookup.result = .success(try await resolver.resolve(name, port: 587, until: loop.moment + limit))
      } catch {
        outcome.lookup.result = .failure(error)
      }
      outcome.lookup.asked = server.questions.map { "\($0.name) \($0.isForIPv6 ? "AAAA" : "A")\($0.isTCP ? " tcp" : "")" }
      outcome.server = server.text
      if !serverIsGone { server.stop() }
    }
    outcome.lookup.server = outcome.server
    return outcome.lookup
  }

  /// Where the name server was.
  var server = ""

  /// Written on the thread of the loop, read on the same thread when the loop has ended.
  private final class Outcome: @unchecked Sendable {
    var lookup = Lookup(result: .failure(.cancelled))
    var server = ""
  }
}

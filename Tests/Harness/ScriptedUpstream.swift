// SPDX-License-Identifier: Apache-2.0
internal import Synchronization

/// An SMTP server inside the test process that does what a script says, and remembers every message it took.
///
/// One thread for each connection, so that a stalled one holds nobody else. It speaks in clear.
package final class ScriptedUpstream: Sendable {
  /// Its port on 127.0.0.1; it stays the same over ``stop()`` and ``start()``.
  package let port: UInt16
  private let script: UpstreamScript
  private let state: Mutex<State>

  /// A message that was taken with a good reply.
  package struct Taken: Sendable {
    /// The path of `MAIL`, without its parameters.
    package let sender: String
    /// The paths of every `RCPT` that had a good reply.
    package let recipients: [String]
    /// The message, dots unstuffed, without the final dot.
    package let message: DeliveredMessage
    /// Which connection it came over.
    package let session: Int
  }

  private struct State {
    var listener: LoopbackListener?
    var sessions = 0
    var counts: [UpstreamScript.Stage: Int] = [:]
    var taken: [Taken] = []
    var commands: [String] = []
    var open: [Int: Connection] = [:]
  }

  /// Starts it on any free port; it is stopped with the rig.
  package init(_ rig: Rig, _ script: UpstreamScript = .friendly) throws {
    let listener = try LoopbackListener()
    port = listener.port
    self.script = script
    state = Mutex(State(listener: listener))
    try serve(listener)
    rig.atEnd { self.stop() }
  }

  /// Every message it took, in order.
  package var taken: [Taken] { state.withLock { $0.taken } }

  /// Every command it heard, in order.
  package var commands: [String] { state.withLock { $0.commands } }

  /// How many connections there were.
  package var sessions: Int { state.withLock { $0.sessions } }

  /// Waits until it has taken at least `count` messages, and answers all.
  package func taken(atLeast count: Int, _ deadline: Deadline = .usual) throws -> [Taken] {
    try deadline.wait(until: "the upstream had taken \(count) messages") { taken.count >= count }
    return taken
  }

  /// Refuses connections from now on and ends those that are there.
  package func stop() {
    let (listener, open) = state.withLock { state in
      defer {
        state.listener = nil
        state.open = [:]
      }
      return (state.listener, Array(state.open.values))
    }
    listener?.stop()
    for connection in open { connection.shutDown() }
  }

  /// Listens again on the same port.
  package func start() throws {
    let listener = try LoopbackListener(port: port)
    state.withLock { $0.listener = listener }
    try serve(listener)
  }

  private func serve(_ listener: LoopbackListener) throws {
    try Crew.detach {
      while let connection = listener.accept() {
        let number = self.state.withLock { state in
          state.open[state.sessions] = connection
          state.sessions += 1
          return state.sessions - 1
        }
        do {
          try Crew.detach {
            ScriptedSession(upstream: self, script: self.script, connection: connection, number: number).run()
            _ = self.state.withLock { $0.open.removeValue(forKey: number) }
          }
        } catch {
          connection.shutDown()
        }
      }
    }
  }

  func note(_ command: String) { state.withLock { $0.commands.append(command) } }

  func note(_ message: Taken) { state.withLock { $0.taken.append(message) } }

  /// How often a stage was reached before this time.
  func count(_ stage: UpstreamScript.Stage) -> Int {
    state.withLock { state in
      defer { state.counts[stage, default: 0] += 1 }
      return state.counts[stage, default: 0]
    }
  }
}

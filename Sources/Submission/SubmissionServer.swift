// SPDX-License-Identifier: Apache-2.0
package import EventLoop
package import LinuxSystem
import Mail
import Octets
import SMTP
package import Settings
package import Spool
package import Telemetry
package import Timekeeping

/// The apps' side: listeners, and one session for each connection.
///
/// Who may connect and how many at once is decided here, before a byte is read; everything said afterwards belongs to the
/// ``SubmissionSession``. A listener that runs out of descriptors pauses and goes on: connections wait in the kernel meanwhile.
@Loop package final class SubmissionServer {
  private let loop: EventLoop
  private let spool: Spool
  private let report: (RelayEvent) -> Void
  private let deliver: (StoredLetter) -> Void
  private var rules: SubmissionRules
  private var listeners: [any Listener] = []
  private var streams: [ObjectIdentifier: (stream: any ByteStream, door: SocketAddress)] = [:]
  private var idle: Set<ObjectIdentifier> = []
  private var listening = 0
  private var emptied: Berth?
  private(set) var isStopping = false

  /// A server without listeners; `deliver` takes each letter once it is durable.
  package init(
    _ loop: EventLoop, _ spool: Spool, _ settings: RelaySettings, report: @escaping (RelayEvent) -> Void,
    deliver: @escaping (StoredLetter) -> Void
  ) {
    self.loop = loop
    self.spool = spool
    self.report = report
    self.deliver = deliver
    rules = SubmissionRules(settings)
  }

  /// Where mail is taken in, and how many connections are open there.
  package var doors: [(address: SocketAddress, connections: Int)] {
    listeners.map { listener in (listener.address, streams.values.count { $0.door == listener.address }) }
  }

  /// Connections from now on follow new settings.
  package func reload(_ settings: RelaySettings) { rules = SubmissionRules(settings) }

  /// Takes mail in at one more place.
  package func serve(_ listener: any Listener) {
    listeners.append(listener)
    listening += 1
    report(.service(.listening(address: "\(listener.address)")))
    loop.spawn { [self] in
      await accept(from: listener)
      listening -= 1
      wakeIfEmpty()
    }
  }

  /// Accepts no more; idle sessions end now, transactions under way may finish until the deadline.
  package func drain(until deadline: Moment) async {
    isStopping = true
    for listener in listeners { listener.close() }
    for key in idle { streams[key]?.stream.cancel() }
    let berth = Berth(loop)
    emptied = berth
    while streams.count + listening > 0 {
      if await berth.wait(until: deadline) == .timedOut { break }
    }
    for open in streams.values { open.stream.cancel() }
    while streams.count + listening > 0 { _ = await berth.wait() }
  }

  private func accept(from listener: any Listener) async {
    var isShort = false
    while true {
      do throws(AcceptFailure) {
        admit(try await listener.accept(), at: listener.address)
        isShort = false
      } catch {
        switch error {
        case .cancelled: return
        case .refused(let failure):
          if !isShort { report(.submission(.connectionRefused(client: "\(listener.address)", why: "\(failure)"))) }
          isShort = true
          if await loop.sleep(.milliseconds(100)) == .cancelled || isStopping { return }
        }
      }
    }
  }

  private func admit(_ stream: any ByteStream, at door: SocketAddress) {
    if let refusal = rules.refusal(of: stream.peer, connections: streams.count) {
      report(.submission(.connectionRefused(client: "\(stream.peer)", why: refusal.why)))
      var farewell = ByteQueue()
      refusal.reply.append(to: &farewell)
      // A few bytes into an empty socket buffer: they fit, or the client is not listening anyway.
      _ = stream.write(from: &farewell)
      stream.finishWriting()
      return stream.close()
    }
    let key = ObjectIdentifier(stream)
    streams[key] = (stream, door)
    let session = SubmissionSession(loop: loop, spool: spool, rules: rules, report: report, deliver: deliver)
    start(session, stream, key)
  }

  @inline(never) private func start(_ session: SubmissionSession, _ stream: any ByteStream, _ key: ObjectIdentifier) {
    loop.spawn { [self] in
      await session.run(stream) { isIdle in self.note(key, isIdle: isIdle) }
      streams[key] = nil
      idle.remove(key)
      wakeIfEmpty()
    }
  }

  private func note(_ key: ObjectIdentifier, isIdle: Bool) {
    guard isIdle else {
      idle.remove(key)
      return
    }
    if isStopping { streams[key]?.stream.cancel() }
    idle.insert(key)
  }

  private func wakeIfEmpty() { if streams.count + listening == 0 { emptied?.wake() } }
}

// SPDX-License-Identifier: Apache-2.0
package import EventLoop
package import LinuxSystem
import Mail
import Octets
import SMTP
package import Settings
package import Spool
package import TLS
package import Telemetry
package import Timekeeping

/// The apps' side: doors through which mail comes in, and one session for each connection.
///
/// Who may connect and how many at once is decided here, before a word is said; everything said afterwards belongs to the
/// ``SubmissionSession``. A door that runs out of descriptors pauses and goes on: connections wait in the kernel meanwhile.
@Loop package final class SubmissionServer {
  private let loop: EventLoop
  private let spool: Spool
  private let peers: PeerLookup
  let memory: MessageMemory
  private let report: (RelayEvent) -> Void
  private let deliver: (StoredLetter) -> Void
  private var rules: SubmissionRules
  private var openDoors: [MailDoor] = []
  private var book = ConnectionBook()
  private var leaving: [ObjectIdentifier: any ByteStream] = [:]
  private var listening = 0
  private var emptied: Berth?
  private(set) var isStopping = false

  /// A server without doors; `deliver` takes each letter once it is durable. Throws when the certificate in the settings is of no use.
  package convenience init(
    _ loop: EventLoop, _ spool: Spool, _ settings: RelaySettings, peers: PeerLookup, report: @escaping (RelayEvent) -> Void,
    deliver: @escaping (StoredLetter) -> Void
  ) throws(TLSContextFailure) {
    let rules = SubmissionRules(settings, try SubmissionServer.certificate(settings.listen))
    self.init(loop, spool, rules, peers: peers, report: report, deliver: deliver)
    if let gap = peers.permanentGap { report(.service(.riskySetting(setting: "Policy", why: "nobody can be told who sends: \(gap)"))) }
    peers.readUnits(at: loop.moment)
  }

  init(
    _ loop: EventLoop, _ spool: Spool, _ rules: SubmissionRules, peers: PeerLookup, report: @escaping (RelayEvent) -> Void,
    deliver: @escaping (StoredLetter) -> Void
  ) {
    self.loop = loop
    self.spool = spool
    self.rules = rules
    self.peers = peers
    self.report = report
    self.deliver = deliver
    memory = MessageMemory(limit: rules.maxMemory, loop)
  }

  /// Where mail is taken in, and how many connections are open there.
  package var doors: [(address: SocketAddress, connections: Int)] {
    openDoors.map { ($0.listener.address, book.count(through: $0.listener.address)) }
  }

  /// Connections from now on follow new settings. A certificate that cannot be read leaves the one in use in its place.
  package func reload(_ settings: RelaySettings) {
    do throws(TLSContextFailure) {
      rules = SubmissionRules(settings, try SubmissionServer.certificate(settings.listen))
    } catch {
      report(.service(.riskySetting(setting: "Listen.CertificateFile", why: "\(error); the certificate in use stays")))
      rules = SubmissionRules(settings, rules.tls)
    }
    memory.limit = rules.maxMemory
  }

  /// Takes mail in at one more place.
  package func serve(_ door: MailDoor) {
    openDoors.append(door)
    listening += 1
    report(.service(.listening(address: "\(door.listener.address)")))
    loop.spawn { [self] in
      await accept(at: door)
      listening -= 1
      wakeIfEmpty()
    }
  }

  /// Accepts no more; idle sessions end now, transactions under way may finish until the deadline.
  package func drain(until deadline: Moment) async {
    isStopping = true
    for door in openDoors { door.listener.close() }
    for stream in leaving.values { stream.cancel() }
    book.cancelIdle()
    let berth = Berth(loop)
    emptied = berth
    while book.count + listening > 0 {
      if await berth.wait(until: deadline) == .timedOut { break }
    }
    book.cancelAll()
    while book.count + listening > 0 { _ = await berth.wait() }
  }

  private static func certificate(_ listen: ListenSettings) throws(TLSContextFailure) -> TLSContext? {
    guard let identity = listen.identity else { return nil }
    return try TLSContext(
      .server(identity: TLSIdentity(certificateFile: identity.certificateFile.path, keyFile: identity.keyFile.path)))
  }

  private func accept(at door: MailDoor) async {
    var isShort = false
    while true {
      do throws(AcceptFailure) {
        admit(try await door.listener.accept(), at: door)
        isShort = false
      } catch {
        switch error {
        case .cancelled: return
        case .refused(let failure):
          if !isShort { report(.submission(.connectionRefused(client: "\(door.listener.address)", why: "\(failure)"))) }
          isShort = true
          if await loop.sleep(.milliseconds(100)) == .cancelled || isStopping { return }
        }
      }
    }
  }

  /// The kernel is asked who it is before anything is said, and the answer holds for the whole connection.
  private func admit(_ stream: any ByteStream, at door: MailDoor) {
    let identity = stream.peerIdentity(by: peers)
    let owner = ConnectionBook.Client(identity, at: stream.peer)
    if let refusal = rules.refusal(of: stream.peer, open: book.count, ofClient: book.count(of: owner)) {
      report(.submission(.connectionRefused(client: "\(stream.peer)", why: refusal.why)))
      return turnAway(stream, door, refusal.reply)
    }
    let connection = book.enter(stream, through: door.listener.address, of: owner)
    let session = SubmissionSession(
      loop: loop, spool: spool, rules: rules, peers: peers, memory: memory, report: report, deliver: deliver)
    start(session, SubmissionSession.Guest(stream: stream, identity: identity, protection: door.protection), connection)
  }

  @inline(never) private func start(_ session: SubmissionSession, _ guest: SubmissionSession.Guest, _ connection: ConnectionBook.Connection)
  {
    loop.spawn { [self] in
      await session.run(guest) { isIdle in self.note(connection, isIdle: isIdle) }
      book.strike(connection)
      wakeIfEmpty()
    }
  }

  /// Says why and hangs up. Only so many at a time get the patience that the reply needs to arrive for certain.
  private func turnAway(_ stream: any ByteStream, _ door: MailDoor, _ reply: Reply) {
    guard door.protection == .clear, leaving.count < SubmissionServer.mostLeaving else { return stream.close() }
    let key = ObjectIdentifier(stream)
    leaving[key] = stream
    seeOff(stream, reply, key)
  }

  @inline(never) private func seeOff(_ stream: any ByteStream, _ reply: Reply, _ key: ObjectIdentifier) {
    loop.spawn { [self] in
      var wire = Wire(stream)
      reply.append(to: &wire.output)
      await Farewell.wait(on: &wire, loop)
      stream.close()
      leaving[key] = nil
    }
  }

  private func note(_ connection: ConnectionBook.Connection, isIdle: Bool) {
    connection.isIdle = isIdle
    if isIdle, isStopping { connection.stream.cancel() }
  }

  private func wakeIfEmpty() { if book.count + listening == 0 { emptied?.wake() } }

  private static let mostLeaving = 64
}

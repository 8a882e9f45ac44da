// SPDX-License-Identifier: Apache-2.0
internal import Harness
internal import Synchronization
internal import Varlink

/// One daemon with its spool and its upstream, what its clients were promised, and what the upstream got: everything to judge a crash by.
///
/// The messages of a run: a small one, one that begins a new segment, and one with a file of its own; over the scripted upstream, one for
/// three people of whom one is refused for now and one for good.
final class CrashRun: Sendable {
  /// The daemon.
  let daemon: Daemon
  private let rig: Rig
  private let route: Route
  private let upstream: ScriptedUpstream?
  private let isLenient: Lenience
  private let promises: Mutex<[Promise]>

  /// The messages that are handed in, by their marks, and how long they are.
  static let letters = [("small", 200), ("medium", CrashGround.mediumLength), ("large", CrashGround.largeLength)]

  /// Where the mail goes.
  enum Route: Sendable {
    /// Into a directory, by the daemon's own workers.
    case captured
    /// To a server in the test, which turns some recipients away.
    case scripted
  }

  /// A message that was answered with 250.
  struct Promise: Sendable {
    let id: String
    let mark: String
    let recipients: [String]
  }

  /// Whether the files of messages that are settled are gone, or may wait for the next start.
  enum Bodies {
    case mustGo, mayStay
  }

  /// Somebody got a message.
  struct Delivery: Hashable {
    let mark: String
    let recipient: String
  }

  /// Whether the upstream takes mail now for whom it refused for now.
  private final class Lenience: Sendable {
    let isOn = Mutex<Bool>(false)
  }

  /// A daemon over a copy of the ground, not started yet.
  init(_ rig: Rig, _ ground: CrashGround, _ route: Route, segmentSize: String = CrashGround.segmentSize) throws {
    self.rig = rig
    promises = Mutex(ground.promises)
    self.route = route
    let lenience = Lenience()
    isLenient = lenience
    switch route {
    case .captured: upstream = nil
    case .scripted:
      upstream = try ScriptedUpstream(
        rig,
        UpstreamScript { point in
          guard point.stage == .recipient else { return nil }
          if point.line.contains("never@") { return .reply("550 5.1.1 nobody of this name") }
          return point.line.contains("later@") && !lenience.isOn.withLock { $0 } ? .reply("451 4.2.1 not now") : nil
        })
    }
    let (spool, port) = (try ground.copy(), upstream?.port)
    daemon = try rig.preparedDaemon { settings in
      CrashGround.adjust(&settings, segmentSize: segmentSize)
      settings["Spool.Directory"] = spool
      if let port { settings.useUpstream(port: port) }
    }
  }

  /// What was promised so far.
  var promised: [Promise] { promises.withLock { $0 } }

  /// Starts the daemon behind another program and waits until it is ready, or has died on the way.
  func start(behind wrapper: [String]) throws {
    do {
      let process = try daemon.launch(wrapper: wrapper)
      try daemon.notifications.wait(for: "READY=1") { process.isRunning }
    } catch { try daemon.mustHaveEnded(error) }
  }

  /// Hands in the messages of the run, and notes which were taken; ends early when the daemon does.
  func handIn() throws {
    do {
      let client = try daemon.client()
      for (mark, length) in CrashRun.letters {
        let recipients = route == .scripted && mark == "small" ? ["now@a.test", "later@a.test", "never@a.test"] : ["bob@a.test"]
        try hear(try client.send(from: "ann@a.test", to: recipients, CrashGround.letter(mark, length)), mark, recipients)
      }
      try client.quit()
    } catch { try daemon.mustHaveEnded(error) }
  }

  /// Hands in the messages of the run, each again as often as it is refused for now; answers what refusals said.
  func handInPatiently() throws -> [String] {
    var refusals: [String] = []
    for (mark, length) in CrashRun.letters {
      try Deadline.usual.wait(everyMicroseconds: 200_000, until: "\(mark) was taken") {
        let client = try daemon.client()
        let reply = try client.attempt(mark, length)
        try hear(reply, mark, ["bob@a.test"])
        try client.quit()
        guard reply.code != 250 else { return true }
        guard reply.code == 451 || reply.code == 452 else { throw HarnessFailure("\(mark) was answered \(reply)") }
        let status = try daemon.control.status()
        refusals.append("\(mark) was answered \(reply); status: \(status.spool.problem ?? "no problem")")
        return false
      }
    }
    return refusals
  }

  /// Waits until everything that is to be written about the mail is written, and stops the daemon; ends early when it ends by itself.
  func settle(_ bodies: Bodies = .mustGo) throws {
    guard try daemon.process.isRunning else { return }
    do {
      try Deadline.usual.wait(until: "all mail was settled") {
        let spool = try daemon.control.status().spool
        let isClean = try bodies == .mayStay || Files.names(in: daemon.spool + "/bodies").isEmpty
        // What could not be read at this start does not show.
        return spool.active + spool.queued <= CrashGround.kept && isClean
      }
      try daemon.stop()
    } catch { try daemon.mustHaveEnded(error) }
  }

  /// Notes the promise in a final reply, if it is one.
  func hear(_ reply: MailClient.Reply, _ mark: String, _ recipients: [String]) throws {
    guard reply.code == 250 else { return }
    guard let id = reply.lines.last?.split(separator: " ").last else { throw HarnessFailure("\(mark) was answered \(reply)") }
    promises.withLock { $0.append(Promise(id: String(id), mark: mark, recipients: recipients)) }
  }

  /// Looks at what the dead daemon left with eyes of its own, starts it again, lets it deliver everything, answers broken promises.
  func judge() throws -> [String] {
    let left = try SpoolReader(rig, spool: daemon.spool)
    let before = try deliveries()
    var faults = left.problems.map { "damage where there was only a crash: \($0)" }
    var settled: Set<Delivery> = []
    for promise in promised {
      for recipient in promise.recipients {
        let isSettled = left.messages[promise.id].map { ["delivered", "failed"].contains($0.verdicts[recipient]) } ?? true
        let delivery = Delivery(mark: promise.mark, recipient: recipient)
        if isSettled { settled.insert(delivery) }
        if isSettled, before[delivery] == nil, !recipient.hasPrefix("never@") {
          faults.append("\(promise.mark) for \(recipient) is neither in the spool nor delivered")
        }
      }
    }
    isLenient.isOn.withLock { $0 = true }
    try daemon.start()
    try Deadline.usual.wait(until: "everything was delivered") {
      let spool = try daemon.control.status().spool
      return spool.messages == spool.failed + CrashGround.kept
    }
    let status = try daemon.control.status()
    if status.hasProblem || !status.warnings.isEmpty { faults.append("status complains: \(status.spool.problem ?? "") \(status.warnings)") }
    try daemon.stop()
    let after = try deliveries()
    for delivery in settled where after[delivery, default: 0] > before[delivery, default: 0] {
      faults.append("\(delivery.mark) for \(delivery.recipient) was settled on the disk and went out again")
    }
    for promise in promised {
      for recipient in promise.recipients where !recipient.hasPrefix("never@") {
        if after[Delivery(mark: promise.mark, recipient: recipient)] == nil { faults.append("\(promise.mark) for \(recipient) is lost") }
      }
    }
    return faults
  }

  /// Who got what, how often.
  private func deliveries() throws -> [Delivery: Int] {
    var counts: [Delivery: Int] = [:]
    if let upstream {
      for taken in upstream.taken {
        let mark = taken.message.value(of: "Subject") ?? ""
        for recipient in taken.recipients {
          counts[Delivery(mark: mark, recipient: recipient.filter { $0 != "<" && $0 != ">" }), default: 0] += 1
        }
      }
    } else {
      for (_, message) in try daemon.captured.beginnings(2000) {
        counts[Delivery(mark: message.value(of: "Subject") ?? "", recipient: message.value(of: "Delivered-To") ?? ""), default: 0] += 1
      }
    }
    return counts
  }
}

extension MailClient {
  /// Hands in a message as far as that goes; answers the first reply that stops it, or the final one.
  func attempt(_ mark: String, _ length: Int) throws -> Reply {
    for (command, good) in [("MAIL FROM:<ann@a.test>", 250), ("RCPT TO:<bob@a.test>", 250), ("DATA", 354)] {
      let reply = try say(command)
      if reply.code != good {
        _ = try say("RSET")
        return reply
      }
    }
    // Its lines begin with no dot.
    try connection.send(CrashGround.letter(mark, length).split(separator: "\n", omittingEmptySubsequences: false).joined(separator: "\r\n"))
    try connection.send(".\r\n")
    return try reply()
  }
}

extension Daemon {
  /// Whatever fails because the daemon dies does so a moment before its death is known; any other failure counts.
  func mustHaveEnded(_ error: any Error) throws {
    let process = try process
    if (try? process.wait(.in(.seconds(5)))) == nil { throw error }
  }
}

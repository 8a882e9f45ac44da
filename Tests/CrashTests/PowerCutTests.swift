// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import Harness
internal import Synchronization
internal import Testing
internal import Varlink

/// The power goes while many clients hand in mail: everything that was acknowledged before is on the disk that is left, or was delivered.
@Suite(.serialized, .enabled(if: MountNamespace.isAllowed, Comment(rawValue: MountNamespace.need))) struct PowerCutTests {
  @Test(arguments: PowerCuts.Mail.allCases)
  func `the power goes under load on ext4, and nothing acknowledged is lost`(_ mail: PowerCuts.Mail) throws {
    try cut(.ext4, mail)
  }

  @Test(.enabled(if: Soak.isOn, "part of make soak"), arguments: PowerCuts.Mail.allCases)
  func `the power goes under load on XFS, and nothing acknowledged is lost`(_ mail: PowerCuts.Mail) throws {
    try cut(.xfs, mail)
  }

  private func cut(_ system: LoopDisk.FileSystem, _ mail: PowerCuts.Mail) throws {
    let cuts = mail == .large ? Soak.cuts / 2 : Soak.cuts
    let outcome = try PowerCuts.outcome(of: cuts, on: system, mail, wrapper: [])
    #expect(outcome.faults == [])
    #expect(outcome.acknowledged > 5 * cuts && outcome.found > 0, "\(outcome)")
  }

  @Test func `a daemon whose syncs are left out is found out by the same test`() throws {
    let lazy = Injection("fdatasync,fsync", "retval=0").strace(to: "/dev/null")
    let outcome = try PowerCuts.outcome(of: 4, on: .ext4, .small, wrapper: ["strace", "--seccomp-bpf"] + lazy)
    #expect(outcome.faults.contains { $0.contains("is lost") }, "\(outcome)")
  }
}

/// Cuts the power of a disk again and again while a daemon works on it, and judges what is left each time.
enum PowerCuts {
  /// What came of it.
  struct Outcome {
    /// Every broken promise.
    var faults: [String] = []
    /// How many messages were acknowledged in all.
    var acknowledged = 0
    /// How many of them were found on the disks that were left.
    var found = 0
  }

  /// What the clients hand in.
  enum Mail: String, CaseIterable, Sendable {
    /// Small messages that fill small segments, now and then one with a file of its own.
    case small
    /// Many messages that are nearly too long for a record, so that new segments have only their room, and many with files of their own.
    case large

    /// How long the segments are.
    var segmentSize: String { self == .small ? "1M" : CrashGround.segmentSize }

    /// How many messages may come before the next cut: large ones would fill the disk while it is copied.
    var portion: Int { self == .small ? 100_000 : 24 }

    /// How long the message is that a client hands in as its how many-th.
    func length(_ number: Int) -> Int {
      switch self {
      case .small: number % 40 == 39 ? 300_000 : number % 3 * 700
      case .large: [700, CrashGround.mediumLength, 0, CrashGround.mediumLength, CrashGround.largeLength][number % 5]
      }
    }
  }

  /// A message that was acknowledged.
  private struct Promise {
    let id: String
    let mark: String
  }

  /// Half of the mail is delivered at once, the other half is refused for now and waits in the spool.
  private static func script() -> UpstreamScript {
    UpstreamScript { $0.stage == .recipient && $0.line.contains("later@") ? .reply("451 4.2.1 not now") : nil }
  }

  /// Cuts so often, and looks at each disk with the second reader and every fifth time with a daemon.
  static func outcome(of cuts: Int, on system: LoopDisk.FileSystem, _ mail: Mail, wrapper: [String]) throws -> Outcome {
    var outcome = Outcome()
    // Each round has a fresh disk, so that what waits on it does not grow beyond what can be read soon.
    var left = cuts
    while left > 0 {
      try Rig.use { rig in try round(min(left, 25), rig, try LoopDisk(rig, system), mail, wrapper, &outcome) }
      left -= 25
    }
    return outcome
  }

  private static func round(_ cuts: Int, _ rig: Rig, _ disk: LoopDisk, _ mail: Mail, _ wrapper: [String], _ outcome: inout Outcome) throws {
    let upstream = try ScriptedUpstream(rig, script())
    let daemon = try rig.preparedDaemon { settings in
      settings.useUpstream(port: upstream.port)
      settings["Spool.Directory"] = disk.path + "/spool"
      settings["Spool.SegmentSize"] = mail.segmentSize
      settings["Retry.First"] = "3600s"
      settings["Retry.Max"] = "3600s"
    }
    let before = daemon.notifications.all.count
    let process = try daemon.launch(wrapper: disk.wrapper + wrapper)
    try daemon.notifications.wait(for: "READY=1", after: before - 1, .in(.seconds(60))) { process.isRunning }
    let promises = Mutex<[Promise]>([])
    let port = try daemon.port
    let isOver = Mutex<Bool>(false)
    let allowed = Mutex<Int>(0)
    for client in 0..<8 {
      try Crew.detach {
        do {
          try load(port, client, mail, promises) {
            while promises.withLock({ $0.count }) >= allowed.withLock({ $0 }), !isOver.withLock({ $0 }) { usleep(1000) }
          }
        } catch {
          if !isOver.withLock({ $0 }) { print("a client of the power cuts failed: \(error)") }
        }
      }
    }
    var moments: [(promised: [Promise], delivered: Set<String>)] = []
    for cut in 0..<cuts {
      let count = promises.withLock { $0.count }
      allowed.withLock { $0 = count + mail.portion }
      // So that every disk is cut in the midst of work, some of it new.
      try Deadline.usual.wait(everyMicroseconds: UInt32.random(in: 500...9000), until: "some mail was taken") {
        promises.withLock { $0.count } >= count + 8
      }
      let promised = promises.withLock { $0 }
      try disk.cut(cut)
      moments.append((promised, Set(upstream.taken.compactMap { $0.message.value(of: "Subject") })))
    }
    isOver.withLock { $0 = true }
    process.destroy()
    outcome.acknowledged += promises.withLock { $0.count }
    for (cut, moment) in moments.enumerated() {
      let faults = try disk.look(at: cut) { path in
        try judge(
          rig, disk, path + "/spool", mail, moment.promised, moment.delivered, cut.isMultiple(of: 5) ? .startDaemon : .readOnly,
          &outcome.found)
      }
      outcome.faults += faults.map { "cut \(cut): \($0)" }
    }
  }

  /// Hands in mail until the daemon is gone; waits for leave before each message.
  private static func load(
    _ port: UInt16, _ client: Int, _ mail: Mail, _ promises: borrowing Mutex<[Promise]>, _ wait: () -> Void
  ) throws {
    let connection = try MailClient(port: port)
    for number in 0... {
      wait()
      let mark = "mark-\(client)-\(number)"
      let recipient = number.isMultiple(of: 2) ? "now@a.test" : "later@a.test"
      let reply = try connection.send(from: "ann@a.test", to: [recipient], CrashGround.letter(mark, mail.length(number)))
      guard reply.code == 250, let id = reply.lines.last?.split(separator: " ").last else { throw HarnessFailure("answered \(reply)") }
      promises.withLock { $0.append(Promise(id: String(id), mark: mark)) }
    }
  }

  private enum Closeness { case readOnly, startDaemon }

  private static func judge(
    _ rig: Rig, _ disk: LoopDisk, _ spool: String, _ mail: Mail, _ promised: [Promise], _ delivered: Set<String>, _ closeness: Closeness,
    _ found: inout Int
  ) throws -> [String] {
    let left = try SpoolReader(rig, spool: spool, wrapper: disk.wrapper)
    var faults = left.problems.map { "damage where only the power went: \($0)" }
    for promise in promised where left.messages[promise.id] == nil && !delivered.contains(promise.mark) {
      faults.append("\(promise.mark), message \(promise.id), is lost")
    }
    found += promised.count { left.messages[$0.id] != nil }
    guard closeness == .startDaemon, faults.isEmpty else { return faults }
    let upstream = try ScriptedUpstream(rig)
    let daemon = try rig.preparedDaemon { settings in
      settings.useUpstream(port: upstream.port)
      settings["Upstream.Connections"] = "4"
      settings["Spool.Directory"] = spool
      settings["Spool.SegmentSize"] = mail.segmentSize
    }
    let process = try daemon.launch(wrapper: disk.wrapper)
    try daemon.notifications.wait(for: "READY=1", .in(.seconds(60))) { process.isRunning }
    try daemon.control.flush()
    try daemon.drain(.in(.seconds(120)))
    if try daemon.control.status().hasProblem { faults.append("the daemon complains: \(try daemon.control.status().warnings)") }
    process.signal(15)
    try process.wait(.in(.seconds(60)))
    let arrived = Set(upstream.taken.compactMap { $0.message.value(of: "Subject") })
    for promise in promised where left.messages[promise.id] != nil && !arrived.contains(promise.mark) {
      faults.append("\(promise.mark) was on the disk and did not arrive")
    }
    return faults
  }
}

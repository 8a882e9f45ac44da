// SPDX-License-Identifier: Apache-2.0
internal import Harness
internal import Synchronization
internal import Testing

/// A daemon killed at every single system call that changes the disk: of acceptance, settlement, delivery into a directory, start and stop.
///
/// A dry run counts the calls of each thread; then one run for each number, in which the first thread that gets there takes all others with
/// it. What is left is read by the second reader, then by the daemon itself.
@Suite(.serialized) struct CrashPointTests {
  @Test func `killed at any call while mail comes in and goes to a directory, nothing promised is lost`() throws {
    try killEverywhere(.captured)
  }

  @Test func `killed at any call while some recipients are refused, nothing is lost and nothing settled comes again`() throws {
    try killEverywhere(.scripted)
  }

  @Test func `killed at any call of a start after a crash, nothing promised is lost`() throws {
    try Rig.use { rig in
      let ground = try CrashGround(crashed: rig, on: try CrashGround(rig))
      let dry = try CrashRun(rig, ground, .captured, segmentSize: CrashGround.otherSegmentSize)
      let log = rig.directory.freshName("calls")
      try dry.start(behind: ["strace"] + CrashPoint.strace(to: log))
      try dry.settle()
      #expect(try dry.judge() == [])
      try CrashPointTests.each(rig, try CrashPoint.all(in: log), atLeast: 15) { point, log in
        let run = try CrashRun(rig, ground, .captured, segmentSize: CrashGround.otherSegmentSize)
        try run.start(behind: ["strace"] + Injection(point.call, "signal=KILL", when: "\(point.number)").strace(to: log))
        try run.settle()
        return run
      }
    }
  }

  private func killEverywhere(_ route: CrashRun.Route) throws {
    try Rig.use { rig in
      let ground = try CrashGround(rig)
      try CrashPointTests.each(rig, try CrashPoint.whileWorking(rig, ground, route), atLeast: 10) { point, log in
        let run = try CrashRun(rig, ground, route)
        try run.daemon.start()
        let strace = try Injection(point.call, "signal=KILL", when: "\(point.number)").strike(run.daemon, rig, log: log)
        try run.handIn()
        try run.settle()
        try strace.wait()
        return run
      }
    }
  }

  /// It begins before all of the batch is written: what is there of it must not count.
  @Test(arguments: ["1", "2", "3"]) func `killed as the disk begins a long batch, nothing promised is lost`(_ number: String) throws {
    try Rig.use { rig in
      let fault = Injection("sync_file_range", "signal=KILL", when: number)
      let (upstream, daemon, strace) = try CrashGround.longBatches(rig, fault, log: rig.directory.freshName("strace"))
      let promised = Mutex<Set<String>>([])
      let port = try daemon.port
      try Crew.run(6) { app in
        // Whoever is cut off was promised nothing.
        guard let client = try? MailClient(port: port) else { return }
        for number in 1...10 {
          let mark = "\(app)-\(number)"
          guard let reply = try? client.attempt(mark, CrashGround.mediumLength) else { return }
          if reply.code == 250 { promised.withLock { _ = $0.insert(mark) } }
        }
      }
      try strace.wait()
      #expect(try daemon.process.wait() == .killed(9))
      try daemon.start()
      let kept = promised.withLock { $0 }
      _ = try upstream.taken(atLeast: kept.count)
      try daemon.drain()
      #expect(kept.subtracting(upstream.taken.compactMap { $0.message.value(of: "Subject") }).isEmpty)
      try daemon.stop()
    }
  }

  /// Crashes at each point, several at one time, and judges what is left.
  private static func each(
    _ rig: Rig, _ points: [CrashPoint], atLeast count: Int, _ crash: @escaping @Sendable (CrashPoint, _ log: String) throws -> CrashRun
  ) throws {
    let queue = Mutex(points)
    let struck = Mutex<[String: Int]>([:])
    let faults = Mutex<[String]>([])
    try Crew.run(4) { _ in
      while let point = queue.withLock({ $0.popLast() }) {
        let log = rig.directory.freshName("strace")
        let run = try crash(point, log)
        let place = try point.place(in: log, spool: run.daemon.spool)
        if let place { struck.withLock { $0[place, default: 0] += 1 } }
        let broken = try run.judge().map { "\(point.call) number \(point.number), at \(place ?? "nothing"): \($0)" }
        faults.withLock { $0 += broken }
      }
    }
    #expect(faults.withLock { $0 } == [])
    let places = struck.withLock { $0 }
    #expect(places["pwritev journal"] != nil && places["fdatasync journal"] != nil, "\(places)")
    #expect(places.values.reduce(0, +) >= count, "\(places)")
    if Soak.isOn { print("\(points.count) crash points: \(places.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" })") }
  }
}

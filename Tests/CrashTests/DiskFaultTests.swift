// SPDX-License-Identifier: Apache-2.0
internal import Harness
internal import Synchronization
internal import Testing
internal import Varlink

/// A disk that refuses single calls, or everything for a while: new mail is refused for now, the status says so, and when the disk is
/// back the daemon takes mail again by itself. Whatever was promised arrives.
@Suite(.serialized) struct DiskFaultTests {
  private static let errors = ["EIO", "ENOSPC", "EROFS"]

  @Test func `an error at any call costs a refusal at most, and mail goes on by itself`() throws {
    try Rig.use { rig in
      let ground = try CrashGround(rig)
      let points = try CrashPoint.whileWorking(rig, ground, .captured)
      let cases = points.enumerated().flatMap { place, point in
        Soak.isOn ? DiskFaultTests.errors.map { (point, $0) } : [(point, DiskFaultTests.errors[place % 3])]
      }
      let queue = Mutex(cases)
      let refusals = Mutex<[String]>([])
      let faults = Mutex<[String]>([])
      try Crew.run(6) { _ in
        while let (point, error) = queue.withLock({ $0.popLast() }) {
          let run = try CrashRun(rig, ground, .captured)
          try run.daemon.start()
          let log = rig.directory.freshName("strace")
          let strace = try Injection(point.call, "error=\(error)", when: "\(point.number)").strike(run.daemon, rig, log: log)
          let words = try run.handInPatiently()
          try run.settle(.mayStay)
          try strace.wait()
          let place =
            "\(error) for \(point.call) number \(point.number), at \(try point.place(in: log, spool: run.daemon.spool) ?? "nothing")"
          refusals.withLock { $0 += words.map { "\(place): \($0)" } }
          let broken = try run.judge().map { "\(place): \($0)" }
          faults.withLock { $0 += broken }
        }
      }
      #expect(faults.withLock { $0 } == [])
      let words = refusals.withLock { $0 }
      #expect(words.contains { $0.contains("journal/") })
      if Soak.isOn { print("\(cases.count) errors\n\(words.sorted().joined(separator: "\n"))") }
    }
  }

  @Test func `a large message that cannot be stored is told, while small ones are taken`() throws {
    try Rig.use { rig in
      let upstream = try ScriptedUpstream(rig)
      let daemon = try rig.daemon { $0.useUpstream(port: upstream.port) }
      let client = try daemon.client()
      #expect(try client.attempt("before", 200).code == 250)
      // Only directories are synced so: that of the bodies.
      let strace = try Injection("fsync", "error=EIO").strike(daemon, rig, log: rig.directory.freshName("strace"))
      #expect(try client.attempt("large", CrashGround.largeLength).code == 452)
      let status = try daemon.control.status()
      #expect(status.hasProblem && status.spool.problem?.hasPrefix("a large message could not be stored: ") == true)
      #expect(try client.attempt("small", 200).code == 250)
      strace.signal(15)
      try strace.wait()
      #expect(try client.attempt("large", CrashGround.largeLength).code == 250)
      #expect(try daemon.control.status().spool.problem == nil)
      #expect(daemon.log.contains("spool-problem why=\"a large message") && daemon.log.contains("spool-problem-over"))
      _ = try upstream.taken(atLeast: 3)
      try daemon.stop()
    }
  }

  /// Long batches are handed to the disk while they are still being written.
  @Test(arguments: [("EIO", true), ("EUCLEAN", true), ("ENOSYS", false), ("EPERM", false)])
  func `a disk that cannot begin with a long batch refuses it, and one that does not know how does not`(
    _ error: String, _ isRefused: Bool
  ) throws {
    try Rig.use { rig in
      let log = rig.directory.freshName("strace")
      let (upstream, daemon, strace) = try CrashGround.longBatches(rig, Injection("sync_file_range", "error=\(error)"), log: log)
      let refused = Mutex<[String]>([])
      try Crew.run(6) { app in
        let client = try daemon.client()
        for number in 1...3 {
          let reply = try client.attempt("\(app)-\(number)", CrashGround.mediumLength)
          if reply.code == 250 { continue }
          guard reply.code == 452 || reply.code == 451 else { throw HarnessFailure("\(app)-\(number) was answered \(reply)") }
          refused.withLock { $0.append("\(app)-\(number)") }
        }
      }
      strace.signal(15)
      try strace.wait()
      #expect(try SystemCalls(path: log).calls.contains { $0.name == "sync_file_range" })
      let again = refused.withLock { $0 }
      #expect(again.isEmpty != isRefused, "\(again)")
      let client = try daemon.client()
      for mark in again {
        try Deadline.usual.wait(everyMicroseconds: 100_000, until: "\(mark) is taken") {
          try client.attempt(mark, CrashGround.mediumLength).code == 250
        }
      }
      let taken = try upstream.taken(atLeast: 18)
      #expect(Set(taken.compactMap { $0.message.value(of: "Subject") }).count == 18)
    }
  }

  @Test func `an error at any call of a start ends it with words at worst, and the next one finds everything`() throws {
    try Rig.use { rig in
      let ground = try CrashGround(crashed: rig, on: try CrashGround(rig))
      let dry = try CrashRun(rig, ground, .captured, segmentSize: CrashGround.otherSegmentSize)
      let log = rig.directory.freshName("calls")
      try dry.start(behind: ["strace"] + CrashPoint.strace(to: log, and: ["pread64"]))
      try dry.settle(.mayStay)
      let points = try CrashPoint.all(in: log)
      #expect(points.contains { $0.call == "pread64" })
      let queue = Mutex(points)
      let faults = Mutex<[String]>([])
      let refusals = Mutex<Int>(0)
      try Crew.run(4) { _ in
        while let point = queue.withLock({ $0.popLast() }) {
          let run = try CrashRun(rig, ground, .captured, segmentSize: CrashGround.otherSegmentSize)
          let log = rig.directory.freshName("strace")
          try run.start(behind: ["strace"] + Injection(point.call, "error=EIO", when: "\(point.number)").strace(to: log))
          let place = "EIO for \(point.call) number \(point.number), at \(try point.place(in: log, spool: run.daemon.spool) ?? "nothing")"
          if try run.daemon.process.isRunning {
            try run.settle(.mayStay)
          } else {
            refusals.withLock { $0 += 1 }
            let words = run.daemon.log.split(separator: "\n").last ?? ""
            if !words.lowercased().contains("input/output error") {
              faults.withLock { $0.append("\(place): the start ended with \"\(words)\"") }
            }
          }
          let broken = try run.judge().map { "\(place): \($0)" }
          faults.withLock { $0 += broken }
        }
      }
      #expect(faults.withLock { $0 } == [])
      #expect(refusals.withLock { $0 } > 0)
      if Soak.isOn { print("\(points.count) errors while starting, \(refusals.withLock { $0 }) of them ended it") }
    }
  }

  @Test(arguments: [
    ("EIO", "see the kernel log"), ("ENOSPC", "free space"), ("EROFS", "mount the file system writable again"),
  ])
  func `a disk that fails for a while refuses mail, says why, lets mail go out, and recovers`(_ error: String, _ remedy: String) throws {
    try Rig.use { rig in
      let upstream = try ScriptedUpstream(rig)
      let daemon = try rig.daemon { $0.useUpstream(port: upstream.port) }
      let client = try daemon.client()
      #expect(try client.send(from: "ann@a.test", to: ["bob@a.test"], CrashGround.letter("before", 200)).code == 250)
      let log = rig.directory.freshName("strace")
      let strace = try Injection("pwritev,fdatasync", "error=\(error)").strike(daemon, rig, log: log)
      let reply = try client.send(from: "ann@a.test", to: ["bob@a.test"], CrashGround.letter("refused", 200))
      #expect(reply.code == 452 || reply.code == 451, "\(reply)")
      let status = try daemon.status("the disk is a problem") { $0.spool.problem != nil }
      #expect(status.hasProblem && status.spool.problem?.contains(remedy) == true)
      let shown = try daemon.command("status")
      #expect(shown.end == .exited(1) && shown.output.contains("PROBLEM  spool: ") && shown.output.contains(remedy))
      #expect(try client.say("MAIL FROM:<ann@a.test>").code == 452)
      strace.signal(15)
      try strace.wait()
      try Deadline.usual.wait(everyMicroseconds: 100_000, until: "mail is taken again") { try client.attempt("after", 200).code == 250 }
      _ = try daemon.status("nothing is wrong and nothing waits") { !$0.hasProblem && $0.spool.messages == 0 }
      #expect(Set(upstream.taken.compactMap { $0.message.value(of: "Subject") }) == ["before", "after"])
      try daemon.stop()
      #expect(try SpoolReader(rig, spool: daemon.spool).messages.isEmpty)
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import Harness
internal import Varlink

/// A spool that every run of a crash test begins with, so that each run is alike and soon comes to what is interesting.
struct CrashGround {
  /// Where the spool lies that is copied.
  let path: String
  /// What was promised about the mail in it that waits to be delivered.
  private(set) var promises: [CrashRun.Promise] = []
  private let rig: Rig

  /// How many messages in it stay, whatever happens.
  static let kept = 1
  /// A body this long leaves no room for a fifth one in a segment, and stays in its record: the limit is 1280 KiB.
  static let mediumLength = 1_300_000
  /// A body this long goes to a file of its own.
  static let largeLength = 1_400_000
  /// How long a segment is: little more than the shortest that takes the longest bodies there are in records.
  static let segmentSize = "6M"
  /// Another length: a start with it has no empty segment that fits, makes two that are full of zeros, and removes the others.
  static let otherSegmentSize = "7M"

  /// Lets a daemon make a spool whose empty segments are ready, and whose newest segment is nearly full of mail that has gone but for one
  /// message: the next medium one begins another segment, and the old one stays.
  init(_ rig: Rig) throws {
    self.rig = rig
    path = rig.directory.freshName("ground")
    let daemon = try daemon { _ in }
    let client = try daemon.client()
    for number in 0..<4 {
      let reply = try client.send(
        from: "ann@a.test", to: ["bob@a.test"], CrashGround.letter("before-\(number)", CrashGround.mediumLength),
        parameters: number == 0 ? " HOLDFOR=86400" : "")
      guard reply.code == 250 else { throw HarnessFailure("the ground was answered \(reply)") }
    }
    try client.quit()
    _ = try daemon.status("only what is kept is left") { $0.spool.messages == CrashGround.kept }
    try daemon.stop()
  }

  /// The spool that a daemon leaves which is killed in the middle of two messages, with three others waiting.
  init(crashed rig: Rig, on ground: CrashGround) throws {
    self.rig = rig
    path = try ground.copy()
    let port = try LoopbackListener.freePort()
    let daemon = try daemon { $0.useUpstream(port: port) }
    let client = try daemon.client()
    for (mark, length) in CrashRun.letters {
      let reply = try client.send(from: "ann@a.test", to: ["bob@a.test"], CrashGround.letter(mark, length))
      guard let id = reply.lines.last?.split(separator: " ").last, reply.code == 250 else { throw HarnessFailure("answered \(reply)") }
      promises.append(CrashRun.Promise(id: String(id), mark: mark, recipients: ["bob@a.test"]))
    }
    let half = try daemon.client()
    for line in ["MAIL FROM:<ann@a.test>", "RCPT TO:<bob@a.test>", "DATA"] { _ = try half.say(line) }
    try half.connection.send(Array(repeating: 65, count: 900).appending([13, 10]).repeated(1600))
    try Deadline.usual.wait(until: "half a message was in a file") { try Files.names(in: path + "/bodies").count == 2 }
    let strace = try Injection("fdatasync", "signal=KILL", when: "1").strike(daemon, rig, log: rig.directory.freshName("strace"))
    for line in ["MAIL FROM:<ann@a.test>", "RCPT TO:<bob@a.test>", "DATA"] { _ = try client.say(line) }
    try client.connection.send("Subject: never promised\r\n\r\nx\r\n.\r\n")
    try daemon.process.wait()
    try strace.wait()
  }

  private func daemon(_ change: (inout DaemonSettings) -> Void) throws -> Daemon {
    try rig.daemon { settings in
      CrashGround.adjust(&settings)
      settings["Spool.Directory"] = path
      change(&settings)
    }
  }

  /// A copy for one run.
  func copy() throws -> String {
    let copy = rig.directory.freshName("spool")
    try rig.output(of: "cp", ["-a", "--reflink=auto", path, copy])
    return copy
  }

  /// Small segments, so that little mail fills them.
  static func adjust(_ settings: inout DaemonSettings, segmentSize: String = CrashGround.segmentSize) {
    settings["Spool.SegmentSize"] = segmentSize
    settings["Retry.First"] = "1s"
    settings["Retry.Max"] = "1s"
  }

  /// A daemon whose batches grow long, since its segments are large and every sync is slow, and a fault in what it does with them.
  static func longBatches(
    _ rig: Rig, _ fault: Injection, log: String
  ) throws -> (upstream: ScriptedUpstream, daemon: Daemon, strace: ChildProcess) {
    let upstream = try ScriptedUpstream(rig)
    let daemon = try rig.daemon { settings in
      settings.useUpstream(port: upstream.port)
      settings["Spool.SegmentSize"] = "64M"
    }
    return (upstream, daemon, try fault.strike(daemon, rig, log: log, and: [Injection("fdatasync", "delay_enter=100000")]))
  }

  /// A message with a mark in subject and last line, about this long.
  static func letter(_ mark: String, _ length: Int) -> String {
    let line = String(repeating: "0123456789abcdef", count: 62) + "\n"
    return "Subject: \(mark)\n\n" + String(repeating: line, count: length / line.utf8.count) + "end of \(mark)\n"
  }
}

extension [UInt8] {
  fileprivate func appending(_ more: [UInt8]) -> [UInt8] { self + more }
  fileprivate func repeated(_ count: Int) -> [UInt8] { Array([[UInt8]](repeating: self, count: count).joined()) }
}

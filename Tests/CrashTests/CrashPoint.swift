// SPDX-License-Identifier: Apache-2.0
internal import Harness

/// One system call among those that a thread of the daemon makes while it works.
struct CrashPoint {
  /// Its name.
  let call: String
  /// The how many-th of its name it is in its thread.
  let number: Int

  /// The calls that change a disk, and those that make what was changed last.
  static let calls = [
    "pwritev", "fdatasync", "fsync", "openat", "fallocate", "renameat", "renameat2", "unlinkat", "mkdirat", "ftruncate", "flock",
  ]

  /// The arguments with which strace logs these calls, and others.
  static func strace(to log: String, and others: [String] = []) -> [String] {
    ["-f", "-y", "-ttt", "-e", "signal=none", "-o", log, "-e", "trace=\((calls + others).joined(separator: ","))"]
  }

  /// All points of a run from the first message to the end of the daemon, by a dry run that must be a good one.
  static func whileWorking(_ rig: Rig, _ ground: CrashGround, _ route: CrashRun.Route) throws -> [CrashPoint] {
    let dry = try CrashRun(rig, ground, route)
    try dry.daemon.start()
    let log = rig.directory.freshName("calls")
    let strace = try rig.start("strace", strace(to: log) + ["-p", "\(try dry.daemon.pid)"])
    try Deadline.usual.wait(until: "strace is attached") { strace.errors.contains("attached") }
    try dry.handIn()
    try dry.settle()
    let faults = try dry.judge()
    guard faults.isEmpty, dry.promised.count == CrashRun.letters.count else { throw HarnessFailure("the dry run failed: \(faults)") }
    return try all(in: log)
  }

  /// All points in a log: for every name as many as the busiest thread has, without those at which no thread changed anything.
  static func all(in log: String) throws -> [CrashPoint] {
    var seen: [Substring: Int] = [:]
    var counts: [String: Int] = [:]
    var points: Set<[String]> = []
    for call in try SystemCalls(path: log).calls {
      let key = "\(call.name) \(call.thread)"
      counts[key, default: 0] += 1
      guard call.succeeded, call.name != "openat" || call.arguments.contains("O_CREAT") || call.arguments.contains("O_RDWR") else {
        continue
      }
      if points.insert([String(call.name), "\(counts[key, default: 0])"]).inserted { seen[call.name, default: 0] += 1 }
    }
    return points.compactMap { words in Int(words[1]).map { CrashPoint(call: words[0], number: $0) } }
      .sorted { ($0.call, $0.number) < ($1.call, $1.number) }
  }

  /// What was struck, in a few words, by the log of the injection: the name of the call and where it went; nil when nothing was.
  func place(in log: String, spool: String) throws -> String? {
    let lines = try Files.text(at: log).split(separator: "\n")
    let struck = lines.last { $0.hasSuffix(" = ?") || $0.hasSuffix("(INJECTED)") }
    guard let struck else { return lines.contains { $0.contains("killed by SIGKILL") } ? call : nil }
    let places = ["journal", "bodies", "corrupt"].filter { struck.contains("\(spool)/\($0)") || struck.contains("\"\($0)\"") }
    return "\(call) \(places.first ?? (struck.contains(spool) ? "spool" : "elsewhere"))"
  }
}

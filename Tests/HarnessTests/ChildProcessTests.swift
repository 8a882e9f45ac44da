// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import Harness
internal import Testing

@Suite struct ChildProcessTests {
  @Test func `output, errors and exit code of a program are kept apart`() throws {
    try Rig.use { rig in
      let child = try rig.run("sh", ["-c", "echo out; echo err >&2; exit 7"])
      #expect(child.output == "out\n")
      #expect(child.errors == "err\n")
      #expect(child.end == .exited(7))
    }
  }

  @Test func `a program gets the given variables and no others`() throws {
    try Rig.use { rig in
      let names = try rig.output(of: "env", environment: ["WORD": "a b"]).split(separator: "\n").map { $0.prefix { $0 != "=" } }
      #expect(names.sorted() == ["HOME", "LC_ALL", "PATH", "WORD"])
    }
  }

  @Test func `a program that hangs is gone with the rig, and so is what it started`() throws {
    var pids: [pid_t] = []
    try Rig.use { rig in
      let child = try rig.start("sh", ["-c", "sleep 1000 & echo $!; trap '' TERM; wait"])
      let line = try Deadline.usual.first("the number of the second process") { child.output.split(separator: "\n").first }
      pids = [child.pid, try #require(pid_t(line))]
    }
    for pid in pids { try Deadline.usual.wait(until: "process \(pid) was gone") { ProcessState(pid) == .gone } }
  }

  @Test func `a rig takes its directory away, also when the test throws, and then tells what the programs said`() throws {
    var path = ""
    let failure = #expect(throws: HarnessFailure.self) {
      try Rig.use { rig in
        path = rig.directory.path
        _ = try rig.run("sh", ["-c", "echo why it went wrong >&2"])
        throw HarnessFailure("it went wrong")
      }
    }
    #expect(failure?.description.contains("why it went wrong") == true)
    #expect(!Files.exists(path))
  }

  @Test func `a wait ends at its deadline with a sentence`() throws {
    let failure = #expect(throws: HarnessFailure.self) { try Deadline.in(.milliseconds(20)).wait(until: "pigs flew") { false } }
    #expect(failure?.description == "waited in vain until pigs flew")
  }

  @Test func `a program that is not there is a failure with its name`() throws {
    try Rig.use { rig in
      #expect(throws: (any Error).self) { try rig.start("/nonexistent/program") }
    }
  }
}

/// Whether a process is still there; one that nobody has reaped yet is not.
private enum ProcessState {
  case there, gone

  init(_ pid: pid_t) {
    let stat = (try? Files.text(at: "/proc/\(pid)/stat")) ?? ""
    let state = stat.split(separator: ")").last?.first { $0 != " " }
    self = state == nil || state == "Z" ? .gone : .there
  }
}

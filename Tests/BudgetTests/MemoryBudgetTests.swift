// SPDX-License-Identifier: Apache-2.0
internal import Harness
internal import Testing

/// What the programs take of memory by the way they are built, so that it does not creep.
struct MemoryBudgetTests {
  static let programs = ["posthoused", "posthouse"]

  @Test(arguments: programs) func `constants lie where nothing can be written`(program: String) throws {
    try Rig.use { rig in
      let sections = try rig.output(of: "readelf", ["--sections", "--wide", try Environment.program(program)])
      let constants = try #require(sections.split(separator: "\n").first { $0.contains(" .rodata ") })
      // Behind the flags come link, information and alignment.
      let flags = try #require(constants.split(separator: " ").dropLast(3).last)
      #expect(flags.contains("A") && !flags.contains("W"), "\(constants)")
    }
  }

  @Test(arguments: programs) func `the engine for regular expressions is not linked`(program: String) throws {
    try Rig.use { rig in
      let symbols = try rig.output(of: "nm", [try Environment.program(program)])
      let strangers = symbols.split(separator: "\n").filter { $0.contains("_RegexParser") }
      #expect(strangers.isEmpty, "\(strangers.count) symbols; a search for more than one character in a text is String.holds")
    }
  }

  @Test func `what a daemon writes to before its first message stays within its budget`() throws {
    try Rig.use { rig in
      let daemon = try rig.daemon()
      let rollup = try Files.text(at: "/proc/\(try daemon.pid)/smaps_rollup")
      let line = try #require(rollup.split(separator: "\n").first { $0.hasPrefix("Anonymous:") })
      let kibibytes = try #require(line.split(separator: " ").dropFirst().first.flatMap { Int($0) })
      #expect(kibibytes <= MemoryBudgetTests.anonymous, "\(kibibytes) KiB; /proc/PID/smaps shows where")
    }
  }

  /// A tenth more than what was measured.
  private static var anonymous: Int { Environment["POSTHOUSE_PROGRAMS"]?.contains("release") == true ? 1800 : 2050 }
}

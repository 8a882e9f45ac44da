// SPDX-License-Identifier: Apache-2.0
import Glibc
import Harness

/// How long processors worked for somebody, in microseconds.
struct ProcessorTime {
  /// In programs.
  var user = 0
  /// In the kernel on their behalf.
  var system = 0

  static func - (later: ProcessorTime, earlier: ProcessorTime) -> ProcessorTime {
    ProcessorTime(user: later.user - earlier.user, system: later.system - earlier.system)
  }
}

/// A process with everything that it has started, as the kernel accounts for it.
struct ProcessTree {
  /// The processes that are there now, the first of them the root.
  let members: [pid_t]

  /// The tree below a process.
  init(_ root: pid_t) {
    var members = [root]
    var next = 0
    while next < members.count {
      members += ProcessTree.children(of: members[next])
      next += 1
    }
    self.members = members
  }

  /// The processor time of all of them, and of those that were there and are waited for.
  var processorTime: ProcessorTime {
    let tick = 1_000_000 / sysconf(Int32(_SC_CLK_TCK))
    return members.reduce(ProcessorTime()) { sum, pid in
      let fields = ProcessTree.fields(of: pid)
      guard fields.count > 14 else { return sum }
      func time(_ places: [Int]) -> Int { places.reduce(0) { $0 + (Int(fields[$1]) ?? 0) * tick } }
      return ProcessorTime(user: sum.user + time([11, 13]), system: sum.system + time([12, 14]))
    }
  }

  /// How much memory they take, in kibibytes. What is anonymous was written to; all the rest are pages of files, which the kernel drops
  /// when it needs room, and which are shared with whoever uses the same libraries.
  var memory: (resident: Int, proportional: Int, anonymous: Int) {
    members.reduce((0, 0, 0)) { sum, pid in
      let text = (try? Files.text(at: "/proc/\(pid)/smaps_rollup")) ?? ""
      func number(_ name: String) -> Int { ProcessTree.number(name, in: text) }
      return (sum.0 + number("Rss:"), sum.1 + number("Pss:"), sum.2 + number("Anonymous:"))
    }
  }

  private static func children(of pid: pid_t) -> [pid_t] {
    let threads = (try? Files.names(in: "/proc/\(pid)/task")) ?? []
    return threads.flatMap { thread in
      ((try? Files.text(at: "/proc/\(pid)/task/\(thread)/children")) ?? "").split(separator: " ").compactMap { pid_t($0) }
    }
  }

  /// The fields of `stat` behind the program's name.
  private static func fields(of pid: pid_t) -> [Substring] {
    guard let text = try? Files.text(at: "/proc/\(pid)/stat"), let end = text.lastIndex(of: ")") else { return [] }
    return text[text.index(after: end)...].split(separator: " ")
  }

  private static func number(_ name: String, in text: String) -> Int {
    guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix(name) }) else { return 0 }
    return Int(line.split(separator: " ").dropFirst().first ?? "") ?? 0
  }
}

// SPDX-License-Identifier: Apache-2.0
package import Glibc

/// What the kernel says about a running process.
package struct ProcessFacts: Sendable {
  private let fields: [Substring: Substring]

  /// Reads `/proc/PID/status`.
  package init(_ pid: pid_t) throws {
    let lines = try Files.text(at: "/proc/\(pid)/status").split(separator: "\n")
    var fields: [Substring: Substring] = [:]
    for line in lines {
      guard let colon = line.firstIndex(of: ":") else { continue }
      fields[line[..<colon]] = line[line.index(after: colon)...].drop { $0 == " " || $0 == "\t" }
    }
    self.fields = fields
  }

  /// How many threads it has.
  package var threads: Int { number("Threads") }

  /// How much of it is in memory, in kibibytes.
  package var residentKibibytes: Int { number("VmRSS") }

  private func number(_ name: Substring) -> Int { fields[name].flatMap { Int($0.prefix { $0.isNumber }) } ?? 0 }
}

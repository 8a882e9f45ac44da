// SPDX-License-Identifier: Apache-2.0
import Glibc
import Harness
import Varlink

/// What was measured on.
enum Machine {
  /// Processor, kernel and memory.
  static var facts: JSONObject {
    JSONObject([
      "processor": .string(field("model name", at: "/proc/cpuinfo")), "processors": .integer(Int64(sysconf(Int32(_SC_NPROCESSORS_ONLN)))),
      "kernel": .string(((try? Files.text(at: "/proc/sys/kernel/osrelease")) ?? "").filter { $0 != "\n" }),
      "memory": .string(field("MemTotal", at: "/proc/meminfo")),
      "load": .string(((try? Files.text(at: "/proc/loadavg")) ?? "").filter { $0 != "\n" }),
    ])
  }

  private static func field(_ name: String, at path: String) -> String {
    guard let text = try? Files.text(at: path), let line = text.split(separator: "\n").first(where: { $0.hasPrefix(name) }),
      let colon = line.firstIndex(of: ":")
    else { return "" }
    return String(line[line.index(after: colon)...].drop { $0 == " " })
  }
}

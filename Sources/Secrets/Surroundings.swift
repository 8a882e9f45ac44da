// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import LinuxSystem

/// What a process finds around itself and the settings are read with: its environment, and the name of its machine.
package struct Surroundings: Sendable {
  /// The environment as it was when the process started.
  package let environment: [String: String]
  /// The full name of the machine where /etc/hosts knows it, otherwise the name the kernel has.
  package let hostname: String

  /// Looks around; what cannot be read counts as empty.
  package init() {
    var environment: [String: String] = [:]
    for entry in Surroundings.content(of: "/proc/self/environ").split(separator: 0) {
      guard let mark = entry.firstIndex(of: UInt8(ascii: "=")) else { continue }
      let name = String(decoding: entry[..<mark], as: UTF8.self)
      environment[name] = String(decoding: entry[(mark + 1)...], as: UTF8.self)
    }
    self.environment = environment
    let name = Surroundings.kernelName()
    let hosts = String(decoding: Surroundings.content(of: "/etc/hosts"), as: UTF8.self)
    hostname = name.contains(".") ? name : Surroundings.fullName(of: name, inHosts: hosts) ?? name
  }

  /// The full name that a hosts file (hosts(5)) gives for a short one; nil when it knows none.
  static func fullName(of name: String, inHosts text: String) -> String? {
    for line in text.split(separator: "\n") {
      let words = line.prefix { $0 != "#" }.split { $0 == " " || $0 == "\t" }.dropFirst()
      guard let full = words.first(where: { $0.contains(".") && !$0.hasPrefix("localhost.") }), words.contains(Substring(name)) else {
        continue
      }
      return String(full)
    }
    return nil
  }

  private static func kernelName() -> String {
    var name = [CChar](repeating: 0, count: 257)
    guard unsafe gethostname(&name, name.count - 1) == 0 else { return "localhost" }
    return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  private static func content(of path: String) -> [UInt8] {
    do throws(SystemFailure) {
      return try ReadableFile(opening: path).beginning(4_194_304)
    } catch {
      return []
    }
  }
}

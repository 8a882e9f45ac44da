// SPDX-License-Identifier: Apache-2.0
internal import CLinux
internal import Glibc

/// What the process was born into: the machine's name, the environment, its limits.
package enum Host {
  /// The name that the system gives this machine.
  package static var name: String {
    var text = [CChar](repeating: 0, count: 256)
    guard unsafe gethostname(&text, text.count - 1) == 0 else { return "localhost" }
    return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  /// The environment as it is now; to be read before other threads run.
  package static var environment: [String: String] {
    var variables: [String: String] = [:]
    var next = unsafe environ
    while let entry = unsafe next.pointee {
      let text = unsafe String(cString: entry)
      if let equals = text.firstIndex(of: "=") { variables[String(text[..<equals])] = String(text[text.index(after: equals)...]) }
      unsafe next += 1
    }
    return variables
  }

  /// Makes new files private, leaves no core with secrets in it, and allows as many descriptors as the system lets us.
  package static func settleIn() {
    umask(0o077)
    var none = rlimit(rlim_cur: 0, rlim_max: 0)
    _ = unsafe setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
    var descriptors = rlimit()
    guard unsafe getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &descriptors) == 0 else { return }
    descriptors.rlim_cur = descriptors.rlim_max
    _ = unsafe setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &descriptors)
  }

  /// Has memory that is freed kept for what comes next, within bounds, until ``giveBackMemory()``.
  package static func keepFreedMemory() { clinux_keep_freed_memory() }

  /// Gives back what memory can be spared: what was freed, and pages of the program that were needed for the start or for a burst of work.
  /// What is needed again comes back from the kernel's cache at the price of a page fault.
  package static func giveBackMemory() { clinux_give_back_memory() }

  /// Writes one line to standard output or standard error.
  package static func say(_ line: String, to stream: StandardStream) {
    var bytes = Array(line.utf8)
    bytes.append(0x0a)
    var offset = 0
    while offset < bytes.count {
      let count = unsafe bytes.withUnsafeBytes { unsafe write(stream.rawValue, $0.baseAddress! + offset, $0.count - offset) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return }
      offset += count
    }
  }

  /// The streams that a process is born with.
  package enum StandardStream: Int32 {
    case output = 1
    case error = 2
  }
}

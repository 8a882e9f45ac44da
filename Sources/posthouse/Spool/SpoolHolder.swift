// SPDX-License-Identifier: Apache-2.0
internal import Secrets

/// Who has a spool open, found without touching its lock: a daemon that starts at that moment would take us for another daemon.
enum SpoolHolder {
  /// The number of the process that has locked a spool; nil when nobody has, or nobody whom this process can see.
  static func process(of directory: String) -> Int? {
    guard let lock = try? ReadableFile(opening: "\(directory)/lock", links: .refused) else { return nil }
    guard let table = try? ReadableFile(opening: "/proc/locks").content(limit: 16 * 1_048_576) else { return nil }
    return process(in: String(decoding: table, as: UTF8.self), locking: lock.number)
  }

  /// The process in the kernel's table that has a file locked for writing: `3: FLOCK  ADVISORY  WRITE 812 fe:01:1234 0 EOF`.
  private static func process(in table: String, locking file: UInt64) -> Int? {
    for line in table.split(separator: "\n") {
      let words = line.split(separator: " ")
      guard words.count >= 6, words[1] == "FLOCK", words[3] == "WRITE", words[5].hasSuffix(":\(file)") else { continue }
      return Int(words[4])
    }
    return nil
  }
}

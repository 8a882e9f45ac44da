// SPDX-License-Identifier: Apache-2.0
internal import CSystemd
internal import Glibc

/// Where log records go: into the journal with their fields, when standard error leads there; else as plain lines to standard error.
///
/// `JOURNAL_STREAM` names the file that standard error was when the service manager started us; if it still is the same file, nobody has
/// redirected it and the native protocol says more. A record that cannot be written is lost: a log must not stop the mail. So nothing is
/// written to a pipe or socket that nobody empties.
package struct LogSink: Sendable {
  /// Whether records go into the journal.
  package let isJournal: Bool

  /// What is written best: whole records, or lines that are collected first.
  package var form: Form { isJournal || listener != nil ? .records : .lines }

  /// The forms of a log.
  package enum Form: Sendable { case records, lines }
  /// Whether standard error is a pipe or socket, which takes no more when its other end reads nothing.
  private let mayFill: Bool
  private let listener: (@Sendable (_ priority: Int32, _ text: String) -> Void)?

  /// A sink from which nothing goes anywhere but to `listener`.
  package init(to listener: @escaping @Sendable (_ priority: Int32, _ text: String) -> Void) {
    isJournal = false
    mayFill = false
    self.listener = listener
  }

  /// Looks at the environment and at standard error.
  package init() {
    listener = nil
    var status = stat()
    mayFill = unsafe fstat(2, &status) == 0 && [S_IFIFO, S_IFSOCK].contains(status.st_mode & S_IFMT)
    // The environment is not changed while threads run.
    guard let stream = unsafe getenv("JOURNAL_STREAM"), unsafe fstat(2, &status) == 0 else {
      isJournal = false
      return
    }
    isJournal = unsafe String(cString: stream) == "\(status.st_dev):\(status.st_ino)"
  }

  /// Writes one record: syslog's priority (0 emergency … 7 debug), a line for people, and fields for programs, named as the journal names
  /// them (`A`–`Z`, digits, `_`, a letter first).
  package func write(priority: Int32, _ text: String, fields: [(name: String, value: String)] = []) {
    precondition((0...7).contains(priority), "syslog has eight priorities")
    if let listener {
      listener(priority, text)
    } else if isJournal {
      writeRecord(priority, text, fields)
    } else {
      writeLine(text)
    }
  }

  /// Writes lines for people, each with its end and without another control character, to standard error.
  package func write(lines: Span<UInt8>) {
    var offset = 0
    while offset < lines.count {
      // A pipe that says it has room takes so much without waiting.
      let portion = mayFill ? min(lines.count - offset, Int(PIPE_BUF)) : lines.count - offset
      guard !mayFill || LogSink.hasRoom else { return }
      let count = unsafe lines.withUnsafeBytes { unsafe Glibc.write(2, $0.baseAddress! + offset, portion) }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return }
      offset += count
    }
  }

  private func writeRecord(_ priority: Int32, _ text: String, _ fields: [(name: String, value: String)]) {
    var bytes: [UInt8] = []
    var ends: [Int] = []
    func add(_ name: String, _ value: String) {
      bytes += name.utf8
      bytes.append(UInt8(ascii: "="))
      bytes += value.utf8
      ends.append(bytes.count)
    }
    add("MESSAGE", text)
    add("PRIORITY", "\(priority)")
    add("SYSLOG_IDENTIFIER", "posthoused")
    for (name, value) in fields {
      precondition(LogSink.isFieldName(name), "a field of the journal is named with capitals")
      add(name, value)
    }
    unsafe bytes.withUnsafeMutableBytes { memory in
      var start = 0
      var pieces: [iovec] = unsafe []
      for end in ends {
        unsafe pieces.append(iovec(iov_base: memory.baseAddress! + start, iov_len: end - start))
        start = end
      }
      _ = unsafe sd_journal_sendv(pieces, Int32(pieces.count))
    }
  }

  private func writeLine(_ text: String) {
    var line = text.utf8.map { $0 < 0x20 || $0 == 0x7f ? UInt8(ascii: " ") : $0 }
    line.append(UInt8(ascii: "\n"))
    write(lines: line.span)
  }

  /// Whether standard error takes something at once.
  private static var hasRoom: Bool {
    var wish = pollfd(fd: 2, events: Int16(POLLOUT), revents: 0)
    return unsafe poll(&wish, 1, 0) > 0
  }

  private static func isFieldName(_ name: String) -> Bool {
    guard let first = name.utf8.first, (0x41...0x5a).contains(first), name.utf8.count <= 64 else { return false }
    return name.utf8.allSatisfy { (0x41...0x5a).contains($0) || (0x30...0x39).contains($0) || $0 == 0x5f }
  }
}

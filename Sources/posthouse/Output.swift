// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import Octets

/// Writing to the terminal or pipe behind the command.
enum Output {
  /// Writes a text and a line break to standard output; ends the program quietly when nobody reads any more.
  static func show(_ text: String) { write(Array("\(text)\n".utf8), to: 1) }

  /// Writes bytes to standard output as they are.
  static func show(bytes: [UInt8]) { write(bytes, to: 1) }

  /// Writes a complaint and a line break to standard error.
  static func complain(_ text: String) { write(Array("\(text)\n".utf8), to: 2) }

  /// Whether people look at standard output.
  static var isTerminal: Bool { isatty(1) == 1 }

  private static func write(_ bytes: [UInt8], to descriptor: Int32) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress!, $0.count) }
      if count < 0, errno == EINTR { continue }
      if count < 0, errno == EAGAIN {
        var ready = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        _ = unsafe poll(&ready, 1, -1)
        continue
      }
      guard count > 0 else {
        // A reader that went away, as `head` does, is no mistake; any other output that cannot be written is one.
        if descriptor == 1 { exit(errno == EPIPE ? ExitCode.success.rawValue : ExitCode.problem.rawValue) }
        return
      }
      rest = rest.dropFirst(count)
    }
  }
}

extension String {
  /// This text, which a stranger wrote, fit for a terminal.
  var shown: String { String(printable: self, limit: 4096) }
}

// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import LinuxSystem
internal import Octets

/// Writing to the terminal or pipe behind the command.
enum Output {
  /// Writes a text and a line break to standard output; ends the program quietly when nobody reads any more.
  static func show(_ text: String) { write(Array("\(text)\n".utf8), to: .output) }

  /// Writes bytes to standard output as they are.
  static func show(bytes: [UInt8]) { write(bytes, to: .output) }

  /// Writes a complaint and a line break to standard error.
  static func complain(_ text: String) { write(Array("\(text)\n".utf8), to: .error) }

  /// Whether people look at standard output.
  static var isTerminal: Bool { StandardStreams.outputIsTerminal }

  private static func write(_ bytes: [UInt8], to stream: Host.StandardStream) {
    do throws(SystemFailure) { try StandardStreams.write(bytes, to: stream) } catch {
      // A reader that went away, as `head` does, is no mistake; any other output that cannot be written is one.
      if stream == .output { exit(error.number == EPIPE ? ExitCode.success.rawValue : ExitCode.problem.rawValue) }
    }
  }
}

extension String {
  /// This text, which a stranger wrote, fit for a terminal.
  var shown: String { String(printable: self, limit: 4096) }
}

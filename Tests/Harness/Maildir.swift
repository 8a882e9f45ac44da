// SPDX-License-Identifier: Apache-2.0

/// A Maildir, read by a test.
package struct Maildir: Sendable {
  /// Where it is.
  package let path: String

  /// The Maildir at `path`, which need not be there yet.
  package init(_ path: String) { self.path = path }

  /// How many messages are complete.
  package var count: Int { files.count }

  /// Every complete message, in the order of the file names.
  package func messages() throws -> [DeliveredMessage] { try files.map { DeliveredMessage(try Files.bytes(at: $0)) } }

  /// Waits until there are at least `count` messages, and answers all.
  package func messages(atLeast count: Int, _ deadline: Deadline = .usual) throws -> [DeliveredMessage] {
    try deadline.wait(until: "\(count) messages were in \(path)") { self.count >= count }
    return try messages()
  }

  /// Waits until there is a message with this subject, and answers it.
  package func message(with subject: String, _ deadline: Deadline = .usual) throws -> DeliveredMessage {
    try deadline.first("a message \"\(subject)\" in \(path)") { try messages().first { $0.value(of: "Subject") == subject } }
  }

  /// Every complete message, as its name in the directory and its first `limit` bytes or more.
  package func beginnings(_ limit: Int) throws -> [(name: String, start: DeliveredMessage)] {
    try files.map { (String($0.dropFirst(path.utf8.count + 1)), DeliveredMessage(try Files.bytes(at: $0, upTo: limit))) }
  }

  private var files: [String] {
    ["new", "cur"].flatMap { folder in ((try? Files.names(in: "\(path)/\(folder)")) ?? []).map { "\(path)/\(folder)/\($0)" } }
  }
}

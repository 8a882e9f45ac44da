// SPDX-License-Identifier: Apache-2.0

/// A plain SMTP client that says what the test tells it to say.
package final class MailClient: Sendable {
  /// The connection, for what the operations here do not offer.
  package let connection: Connection

  /// Connects and reads the greeting, which must be `220`, then says EHLO unless `greeting` is nil.
  package convenience init(port: UInt16, greeting: String? = "client.test") throws {
    try self.init(Connection(port: port), greeting: greeting)
  }

  /// Reads the greeting of a connection that is open, and says EHLO unless `greeting` is nil.
  package init(_ connection: Connection, greeting: String? = "client.test") throws {
    self.connection = connection
    try expect(220, try reply(), "the connection")
    if let greeting { try expect(250, try say("EHLO \(greeting)"), "EHLO") }
  }

  /// One answer of the server.
  package struct Reply: CustomStringConvertible, Sendable {
    /// The three digits.
    package let code: Int
    /// What follows them, line by line.
    package let lines: [String]
    /// The reply as it came.
    package var description: String { lines.map { "\(code) \($0)" }.joined(separator: "\n") }
  }

  /// Reads one reply.
  package func reply(_ deadline: Deadline = .usual) throws -> Reply {
    var lines: [String] = []
    while true {
      guard let line = try connection.line(deadline) else { throw HarnessFailure("the server closed the connection in place of a reply") }
      guard line.utf8.count >= 3, let code = Int(line.prefix(3)) else { throw HarnessFailure("\"\(line)\" is no reply") }
      lines.append(String(line.dropFirst(4)))
      if line.dropFirst(3).first != "-" { return Reply(code: code, lines: lines) }
    }
  }

  /// Says one command and reads its reply.
  package func say(_ command: String) throws -> Reply {
    try connection.send(command + "\r\n")
    return try reply()
  }

  /// Hands in a whole message and answers the final reply; refuses to go on after any other surprise. Parameters of MAIL begin with a
  /// blank.
  @discardableResult
  package func send(from sender: String, to recipients: [String], _ text: String, parameters: String = "") throws -> Reply {
    try expect(250, try say("MAIL FROM:<\(sender)>\(parameters)"), "MAIL")
    for recipient in recipients { try expect(250, try say("RCPT TO:<\(recipient)>"), "RCPT") }
    try expect(354, try say("DATA"), "DATA")
    try connection.send(MailClient.stuffed(text) + ".\r\n")
    return try reply()
  }

  /// Says goodbye and waits until the server has closed.
  package func quit() throws {
    try expect(221, try say("QUIT"), "QUIT")
    _ = try connection.rest()
  }

  private func expect(_ code: Int, _ reply: Reply, _ what: String) throws {
    guard reply.code == code else { throw HarnessFailure("\(what) was answered \(reply)") }
  }

  /// The lines with CRLF, and a second dot before each that begins with one.
  private static func stuffed(_ text: String) -> String {
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
    if lines.last == "" { lines.removeLast() }
    return lines.map { line in
      let bare = line.hasSuffix("\r") ? line.dropLast() : line
      return (bare.hasPrefix(".") ? "." : "") + bare + "\r\n"
    }.joined()
  }
}

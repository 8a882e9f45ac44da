// SPDX-License-Identifier: Apache-2.0
internal import Varlink

/// What a spool holds in the eyes of the second reader, which was written from `docs/spool.md` alone and shares no code with the daemon.
package struct SpoolReader: Sendable {
  /// The messages in the queue, by their numbers as texts.
  package let messages: [String: Message]
  /// Damage, in sentences.
  package let problems: [String]

  /// One message.
  package struct Message: Sendable {
    /// `queued`, `held` or `failed`.
    package let state: String
    /// How long its body is.
    package let size: Int
    /// Whether the body is in a file of its own.
    package let isInFile: Bool
    /// The verdict on each recipient that has one, by address: `delivered`, `deferred` or `failed`.
    package let verdicts: [String: String]
  }

  /// Reads the spool at a path; `wrapper` stands before the reader on the command line.
  package init(_ rig: Rig, spool: String, wrapper: [String] = []) throws {
    let command = wrapper + ["python3", SpoolReader.script, spool]
    let child = try rig.run(command[0], Array(command.dropFirst()), .in(.seconds(120)))
    guard child.end == .exited(0) || child.end == .exited(1) else { throw HarnessFailure("the second reader failed: \(child.errors)") }
    var messages: [String: Message] = [:]
    for line in child.output.split(separator: "\n") {
      let text = String(line)
      guard let object = try JSON(parsing: text.utf8.span).object else { throw HarnessFailure("the second reader said \"\(text)\"") }
      var verdicts: [String: String] = [:]
      for recipient in try object.objects("recipients") {
        if let outcome = recipient["outcome"]?.object { verdicts[try recipient.string("address")] = try outcome.string("verdict") }
      }
      messages[try object.string("id")] = Message(
        state: try object.string("state"), size: Int(try object.integer("size")), isInFile: object["inFile"] == .boolean(true),
        verdicts: verdicts)
    }
    self.messages = messages
    problems = child.errors.split(separator: "\n").map(String.init)
  }

  private static let script =
    "\(#filePath)".split(separator: "/", omittingEmptySubsequences: false).dropLast(2).joined(separator: "/")
    + "/SpoolTests/spool_reader.py"
}

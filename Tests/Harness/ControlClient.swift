// SPDX-License-Identifier: Apache-2.0
package import Varlink

/// Asks a daemon over its control socket.
package struct ControlClient: Sendable {
  /// The socket.
  package let path: String

  /// A client for the daemon behind this socket; every call makes a connection.
  package init(socket path: String) { self.path = path }

  /// The whole status.
  package func status() throws -> RelayStatus {
    let replies = try call(RelayInterface.getStatus, .one)
    guard let answer = replies.first else { throw HarnessFailure("GetStatus was not answered") }
    return try RelayStatus(answer.object("status"))
  }

  /// Every message in the spool.
  package func queue() throws -> [QueuedMessage] {
    try call(RelayInterface.list, .many).compactMap { answer in
      guard let message = answer["message"]?.object else { return nil }
      return try QueuedMessage(message)
    }
  }

  /// Makes every deferred message due, and answers how many were.
  @discardableResult
  package func flush() throws -> Int {
    let replies = try call(RelayInterface.flush, .one)
    guard let answer = replies.first else { throw HarnessFailure("Flush was not answered") }
    return Int(try answer.integer("scheduled"))
  }

  /// How many answers a call has.
  private enum Answers {
    case one, many
  }

  private func call(_ method: String, _ answers: Answers) throws -> [JSONObject] {
    let connection = try Connection(path: path)
    let more = answers == .many ? ",\"more\":true" : ""
    try connection.send(Array("{\"method\":\"\(method)\",\"parameters\":{}\(more)}".utf8) + [0])
    var replies: [JSONObject] = []
    while true {
      guard let bytes = try connection.bytes(through: [0]) else { throw HarnessFailure("\(method): the daemon hung up") }
      let text = String(decoding: bytes.dropLast(), as: UTF8.self)
      guard let message = try JSON(parsing: text.utf8.span).object else { throw HarnessFailure("\(method): \"\(text)\" is no object") }
      if let error = message["error"] { throw HarnessFailure("\(method): \(error) \(message["parameters"].map { "\($0)" } ?? "")") }
      if let parameters = message["parameters"]?.object { replies.append(parameters) }
      if message["continues"] != .boolean(true) { return replies }
    }
  }
}

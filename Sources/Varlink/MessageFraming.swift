// SPDX-License-Identifier: Apache-2.0
package import Octets

/// Cuts a stream of bytes into Varlink messages: one JSON object each, ended by one NUL byte.
///
/// It remembers how far it has looked, so a message that arrives a byte at a time costs no more than one that arrives whole. A peer that
/// sends more than the limit without a NUL, or anything that is no JSON object, cannot be understood any more: close the connection.
package struct MessageFraming: Sendable {
  /// The longest message in bytes, without its NUL.
  package let limit: Int
  private var searched = 0

  /// Framing with a limit; the default leaves room for every call and reply of ours.
  package init(limit: Int = 1_048_576) {
    precondition(limit > 0, "a message has bytes")
    self.limit = limit
  }

  /// Takes the next whole message off the front; nil while it is not whole.
  package mutating func next(in queue: inout ByteQueue) throws(FramingError) -> JSONObject? {
    guard let end = queue.firstIndex(of: 0, from: searched) else {
      searched = queue.count
      if searched > limit { throw .tooLong(limit: limit) }
      return nil
    }
    guard end <= limit else { throw .tooLong(limit: limit) }
    searched = 0
    let message: JSON
    do throws(JSONError) {
      message = try JSON(parsing: queue.bytes.extracting(0..<end))
    } catch {
      throw .notJSON(error)
    }
    queue.consume(end + 1)
    guard let object = message.object else { throw .notAnObject }
    return object
  }

  /// Puts a message behind the bytes that wait.
  package static func append(_ message: JSONObject, to queue: inout ByteQueue) {
    queue.append(JSONWriter.bytes(of: .object(message)))
    queue.append(0 as UInt8)
  }
}

/// Why a stream of bytes cannot be Varlink.
package enum FramingError: Error, Hashable, Sendable {
  /// No NUL came within the limit.
  case tooLong(limit: Int)
  /// A message is not JSON.
  case notJSON(JSONError)
  /// A message is JSON, but no object.
  case notAnObject
}

extension FramingError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .tooLong(let limit): "a message is longer than \(limit) bytes"
    case .notJSON(let error): error.description
    case .notAnObject: "a message is no JSON object"
    }
  }
}

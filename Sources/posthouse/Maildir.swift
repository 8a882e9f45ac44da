// SPDX-License-Identifier: Apache-2.0
internal import LinuxSystem
internal import Secrets

/// Reading a directory of mail in which each message is a file in `new` or `cur` (maildir(5)).
struct Maildir {
  /// The directory that has `new` and `cur` in it.
  let path: String

  init(_ path: String) { self.path = path }

  /// One message.
  struct Message {
    let path: String
    let size: Int64
    let arrivedUSec: Int64
  }

  /// The messages, the oldest first.
  func messages() throws(SystemFailure) -> [Message] {
    let new = try messages(in: "\(path)/new")
    let seen = (try? messages(in: "\(path)/cur")) ?? []
    return (new + seen).sorted { ($0.arrivedUSec, $0.path) < ($1.arrivedUSec, $1.path) }
  }

  /// A whole message.
  func content(of message: Message) throws(SystemFailure) -> [UInt8] {
    try ReadableFile(opening: message.path, links: .refused).content(limit: .max - 1)
  }

  /// The headers by their names in lower case, unfolded; the first of each, and only what stands near the beginning.
  func headers(of message: Message) -> [String: String] {
    guard let start = try? ReadableFile(opening: message.path, links: .refused).beginning(65_536) else { return [:] }
    var headers: [String: String] = [:]
    var name = ""
    for line in start.split(separator: 0x0a, omittingEmptySubsequences: false) {
      let bytes = line.last == 0x0d ? line.dropLast() : line
      guard let first = bytes.first else { break }
      let text = String(decoding: bytes, as: UTF8.self)
      if first == 0x20 || first == 0x09 {
        headers[name]? += " \(text.trimmed)"
      } else if let colon = text.firstIndex(of: ":") {
        let isNew = headers[text[..<colon].lowercased()] == nil
        name = isNew ? text[..<colon].lowercased() : ""
        if isNew { headers[name] = String(text[text.index(after: colon)...]).trimmed }
      } else {
        break
      }
    }
    return headers
  }

  private func messages(in directory: String) throws(SystemFailure) -> [Message] {
    try ReadableFile.names(in: directory).compactMap { name in
      let path = "\(directory)/\(name)"
      guard let file = try? ReadableFile(opening: path, links: .refused), file.isRegular else { return nil }
      return Message(path: path, size: file.size, arrivedUSec: file.modifiedUSec)
    }
  }
}

extension String {
  /// This text without space at either end.
  fileprivate var trimmed: String {
    let space: (Character) -> Bool = { $0 == " " || $0 == "\t" }
    let behind = drop(while: space)
    return String(behind.prefix(upTo: behind.lastIndex { !space($0) }.map { behind.index(after: $0) } ?? behind.startIndex))
  }
}

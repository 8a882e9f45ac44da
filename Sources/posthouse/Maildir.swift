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

  /// What stands before the body; only what stands near the beginning.
  func head(of message: Message) -> MessageHead {
    guard let start = try? ReadableFile(opening: message.path, links: .refused).beginning(65_536) else { return MessageHead() }
    return MessageHead(start)
  }

  private func messages(in directory: String) throws(SystemFailure) -> [Message] {
    try ReadableFile.names(in: directory).compactMap { name in
      let path = "\(directory)/\(name)"
      guard let file = try? ReadableFile(opening: path, links: .refused), file.isRegular else { return nil }
      return Message(path: path, size: file.size, arrivedUSec: file.modifiedUSec)
    }
  }
}

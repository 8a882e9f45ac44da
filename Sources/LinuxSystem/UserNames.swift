// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import Octets

/// The names of this machine's users.
///
/// Read from `/etc/passwd` and, for services with `DynamicUser=`, from the links that systemd keeps; not through the name service switch,
/// which may ask a directory server, wait for it, and load its client into this process. A user who is only known there has a number and
/// no name. A file that has changed is read again at the next question; one that has not costs that question a `stat`.
package final class UserNames {
  private let passwd: String
  private let dynamic: String
  private var signature: Signature?
  private var names: [UInt32: String] = [:]
  private var users: [String: UInt32] = [:]

  /// The names in these places.
  package init(passwd: String = "/etc/passwd", dynamicUsers: String = "/run/systemd/dynamic-uid") {
    self.passwd = passwd
    dynamic = dynamicUsers
  }

  /// What the user with this number is called.
  package func name(of user: UInt32) -> String? {
    refresh()
    if let name = names[user] { return name }
    return BoundedFile.target(of: "\(dynamic)/direct:\(user)").flatMap { UserNames.isName($0.utf8.span) ? $0 : nil }
  }

  /// The number of the user who is called so.
  package func user(named name: String) -> UInt32? {
    refresh()
    if let user = users[name] { return user }
    guard UserNames.isName(name.utf8.span) else { return nil }
    return BoundedFile.target(of: "\(dynamic)/direct:\(name)").flatMap { UserNames.number($0.utf8.span) }
  }

  private func refresh() {
    let current = Signature(passwd)
    guard current != signature else { return }
    signature = current
    names = [:]
    users = [:]
    guard current != nil, let bytes = BoundedFile.bytes(of: passwd, limit: UserNames.longestFile) else { return }
    var start = 0
    while start < bytes.count, names.count < UserNames.mostNames {
      let end = bytes.span.firstIndex(of: UInt8(ascii: "\n"), from: start) ?? bytes.count
      enter(bytes.span.extracting(start..<end))
      start = end + 1
    }
  }

  /// Remembers one line, `name:password:number:…`; the first line of a name or number counts.
  private func enter(_ line: Span<UInt8>) {
    let colon = UInt8(ascii: ":")
    guard let first = line.firstIndex(of: colon), let second = line.firstIndex(of: colon, from: first + 1),
      let third = line.firstIndex(of: colon, from: second + 1)
    else { return }
    let name = line.extracting(0..<first)
    guard UserNames.isName(name), let text = name.utf8Text, let number = UserNames.number(line.extracting(second + 1..<third)) else {
      return
    }
    if names[number] == nil { names[number] = text }
    if users[text] == nil { users[text] = number }
  }

  /// `+` and `-` begin no name but a reference to another source; a slash would lead out of a directory.
  private static func isName(_ text: Span<UInt8>) -> Bool {
    guard !text.isEmpty, text.count <= 256, text[0] != UInt8(ascii: "+"), text[0] != UInt8(ascii: "-") else { return false }
    for index in text.indices where text[index] <= 0x20 || text[index] == 0x7f || text[index] == UInt8(ascii: "/") { return false }
    return true
  }

  private static func number(_ text: Span<UInt8>) -> UInt32? {
    guard !text.isEmpty, text.count <= 10 else { return nil }
    var number: UInt64 = 0
    for index in text.indices {
      guard text[index].isASCIIDigit else { return nil }
      number = number * 10 + UInt64(text[index] - UInt8(ascii: "0"))
    }
    // The largest number means "no user" to the kernel.
    return number < UInt64(UInt32.max) ? UInt32(number) : nil
  }

  private static let longestFile = 8 << 20
  private static let mostNames = 65_536

  /// What changes when a file does.
  private struct Signature: Equatable {
    let device: UInt64
    let file: UInt64
    let size: Int64
    let seconds: Int
    let nanoseconds: Int

    init?(_ path: String) {
      var status = stat()
      guard unsafe stat(path, &status) == 0 else { return nil }
      device = UInt64(status.st_dev)
      file = UInt64(status.st_ino)
      size = Int64(status.st_size)
      seconds = status.st_mtim.tv_sec
      nanoseconds = status.st_mtim.tv_nsec
    }
  }
}

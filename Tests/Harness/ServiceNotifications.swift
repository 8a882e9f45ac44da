// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import LinuxSystem
internal import Synchronization

/// The receiving end of `NOTIFY_SOCKET`: what a service tells its service manager.
package final class ServiceNotifications: Sendable {
  /// The path for the variable.
  package let path: String
  private let socket: Descriptor
  private let heard = Mutex<[String]>([])

  /// Listens at a path that is still free.
  package init(path: String) throws {
    self.path = path
    socket = try Descriptor.checked(
      Glibc.socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0), "open", "a socket")
    guard unsafe SocketAddress.unix(path).withForm({ unsafe bind(socket.number, $0, $1) }) == 0 else {
      throw SystemFailure.last("bind", path)
    }
  }

  /// Every assignment heard so far (`READY=1`, `STATUS=…`), in order; takes in what waits.
  package var all: [String] {
    while take(.in(.zero)) {}
    return heard.withLock { $0 }
  }

  /// Waits for an assignment that was not there when the waiting began or after `index`, and answers where it stands.
  @discardableResult
  package func wait(for assignment: String, after index: Int = -1, _ deadline: Deadline = .usual, while isAlive: () -> Bool) throws -> Int {
    while true {
      let found = heard.withLock { lines in lines.indices.first { $0 > index && lines[$0] == assignment } }
      if let found { return found }
      if take(.in(.milliseconds(100))) { continue }
      guard isAlive() else { throw HarnessFailure("the service ended without \(assignment)") }
      guard !deadline.hasPassed else { throw HarnessFailure("waited in vain for \(assignment); heard \(heard.withLock { $0 })") }
    }
  }

  /// How often an assignment comes within a time.
  package func count(of assignment: String, within time: Duration) -> Int {
    let before = all.count
    let deadline = Deadline.in(time)
    while !deadline.hasPassed { _ = take(deadline) }
    return heard.withLock { $0[before...].count { $0 == assignment } }
  }

  /// Takes one datagram if one comes in time.
  private func take(_ deadline: Deadline) -> Bool {
    var entry = pollfd(fd: socket.number, events: Int16(POLLIN), revents: 0)
    guard unsafe poll(&entry, 1, deadline.hasPassed ? 0 : deadline.milliseconds) > 0 else { return false }
    var bytes = [UInt8](repeating: 0, count: 8192)
    let count = unsafe bytes.withUnsafeMutableBytes { unsafe recv(socket.number, $0.baseAddress, $0.count, Int32(MSG_DONTWAIT)) }
    guard count > 0 else { return false }
    let lines = String(decoding: bytes[..<count], as: UTF8.self).split(separator: "\n").map(String.init)
    heard.withLock { $0 += lines }
    return true
  }
}

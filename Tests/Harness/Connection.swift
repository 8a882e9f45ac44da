// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import LinuxSystem
internal import Synchronization

/// One end of a TCP connection as tests use it: every call waits for what it asks, but not beyond a deadline.
///
/// Used by one thread at a time; ``shutDown()`` may come from any.
package final class Connection: @unchecked Sendable {
  // `buffer` is touched only by the one thread that uses the connection; `socket` is constant.
  private let socket: Descriptor
  private var buffer: [UInt8] = []

  /// Takes over a connected socket.
  init(_ socket: consuming Descriptor) { self.socket = socket }

  /// Connects to a port on loopback.
  package convenience init(port: UInt16, host: String = "127.0.0.1") throws {
    guard let address = SocketAddress(numeric: host, port: port) else { throw HarnessFailure("\"\(host)\" is no address") }
    let family = host.contains(":") ? AF_INET6 : AF_INET
    let socket = try Descriptor.checked(
      Glibc.socket(family, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0), "open", "a socket")
    guard unsafe address.withForm({ unsafe connect(socket.number, $0, $1) }) == 0 else {
      throw SystemFailure.last("connect to", "\(address)")
    }
    var on: Int32 = 1
    unsafe setsockopt(socket.number, Int32(IPPROTO_TCP), TCP_NODELAY, &on, 4)
    self.init(socket)
  }

  /// Connects to a Unix socket.
  package convenience init(path: String) throws {
    let socket = try Descriptor.checked(
      Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0), "open", "a socket")
    guard unsafe SocketAddress.unix(path).withForm({ unsafe connect(socket.number, $0, $1) }) == 0 else {
      throw SystemFailure.last("connect to", path)
    }
    self.init(socket)
  }

  /// Sends all of it.
  package func send(_ bytes: [UInt8], _ deadline: Deadline = .usual) throws {
    var sent = 0
    while sent < bytes.count {
      try ready(Int16(POLLOUT), deadline, "a peer that reads")
      let flags = Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT)
      let count = unsafe bytes.withUnsafeBytes { unsafe Glibc.send(socket.number, $0.baseAddress! + sent, bytes.count - sent, flags) }
      if count < 0, errno == EAGAIN || errno == EINTR { continue }
      guard count >= 0 else { throw SystemFailure.last("send to", "the peer") }
      sent += count
    }
  }

  /// Sends text as it is.
  package func send(_ text: String, _ deadline: Deadline = .usual) throws { try send(Array(text.utf8), deadline) }

  /// The next line without its CRLF or LF, or nil when the peer has closed.
  package func line(_ deadline: Deadline = .usual) throws -> String? {
    while true {
      if let end = buffer.firstIndex(of: 10) {
        var line = buffer[..<end]
        buffer.removeSubrange(...end)
        if line.last == 13 { line.removeLast() }
        return String(decoding: line, as: UTF8.self)
      }
      guard try fill(deadline) else { return nil }
    }
  }

  /// Everything up to and with `mark`, or nil when the peer closed before it.
  package func bytes(through mark: [UInt8], _ deadline: Deadline = .usual) throws -> [UInt8]? {
    var searched = 0
    while true {
      if let end = Connection.end(of: mark, in: buffer, from: searched) {
        let found = Array(buffer[..<end])
        buffer.removeSubrange(..<end)
        return found
      }
      searched = max(0, buffer.count - mark.count)
      guard try fill(deadline) else { return nil }
    }
  }

  /// Waits until the peer closes, and answers what came before that.
  package func rest(_ deadline: Deadline = .usual) throws -> [UInt8] {
    while try fill(deadline) {}
    defer { buffer = [] }
    return buffer
  }

  /// What comes next, empty when the peer has closed; nil when nothing comes in time.
  package func whateverComes(within limit: Duration) throws -> [UInt8]? {
    guard buffer.isEmpty else {
      defer { buffer = [] }
      return buffer
    }
    var entry = pollfd(fd: socket.number, events: Int16(POLLIN), revents: 0)
    guard unsafe poll(&entry, 1, Deadline.in(limit).milliseconds) > 0 else { return nil }
    _ = try fill(.usual)
    defer { buffer = [] }
    return buffer
  }

  /// Ends both directions; whoever waits for the peer sees its end.
  package func shutDown() { _ = shutdown(socket.number, Int32(SHUT_RDWR)) }

  /// Makes the end of this connection an RST instead of an orderly one.
  package func resetAtEnd() {
    var linger = Glibc.linger(l_onoff: 1, l_linger: 0)
    unsafe setsockopt(socket.number, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Glibc.linger>.size))
  }

  private func fill(_ deadline: Deadline) throws -> Bool {
    var chunk = [UInt8](repeating: 0, count: 16_384)
    var count = -1
    repeat {
      try ready(Int16(POLLIN), deadline, "something to read")
      count = unsafe chunk.withUnsafeMutableBytes { unsafe recv(socket.number, $0.baseAddress, $0.count, 0) }
    } while count < 0 && errno == EAGAIN
    // A reset ends the conversation as a close does.
    guard count > 0 else { return false }
    buffer += chunk[..<count]
    return true
  }

  private func ready(_ events: Int16, _ deadline: Deadline, _ what: String) throws {
    var entry = pollfd(fd: socket.number, events: events, revents: 0)
    while true {
      let count = unsafe poll(&entry, 1, deadline.milliseconds)
      if count > 0 { return }
      guard count == 0 || errno == EINTR else { throw SystemFailure.last("wait for", what) }
      if deadline.hasPassed { throw HarnessFailure("waited in vain for \(what)") }
    }
  }

  private static func end(of mark: [UInt8], in bytes: [UInt8], from start: Int) -> Int? {
    guard let last = mark.last, bytes.count >= mark.count else { return nil }
    var index = max(start, mark.count - 1)
    while index < bytes.count {
      if bytes[index] == last, bytes[(index - mark.count + 1)...index].elementsEqual(mark) { return index + 1 }
      index += 1
    }
    return nil
  }
}

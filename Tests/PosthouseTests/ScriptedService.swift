// SPDX-License-Identifier: Apache-2.0
import Foundation
import Glibc
import Octets
import Synchronization
import Testing
import Varlink

/// What listens on a control socket in place of the daemon: it takes one connection, waits for one call and answers what it was told.
final class ScriptedService: Sendable {
  let path: String
  private let listener: Int32
  private let received = Mutex<VarlinkCall?>(nil)

  /// What to do once a call is there.
  enum Script: Sendable {
    /// Send these messages and close.
    case replies([VarlinkReply])
    /// Send these bytes and close.
    case bytes([UInt8])
    /// Send these bytes and wait for the client to give up.
    case silence(after: [UInt8])
  }

  /// Listens in a directory.
  init(in directory: TemporaryDirectory, _ script: Script) throws {
    path = "\(directory.path)/control"
    listener = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: path.utf8) }
    let listener = listener
    let bound = unsafe withUnsafePointer(to: address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        unsafe bind(listener, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    try #require(bound == 0 && listen(listener, 8) == 0)
    Thread.detachNewThread { self.serve(script) }
  }

  /// The call that came.
  var call: VarlinkCall? { received.withLock { $0 } }

  private func serve(_ script: Script) {
    let connection = accept(listener, nil, nil)
    close(listener)
    guard connection >= 0 else { return }
    defer { close(connection) }
    guard let call = readCall(connection) else { return }
    received.withLock { $0 = call }
    switch script {
    case .replies(let replies):
      var queue = ByteQueue()
      for reply in replies { MessageFraming.append(reply.message, to: &queue) }
      send(queue.bytes.array, connection)
    case .bytes(let bytes): send(bytes, connection)
    case .silence(let bytes):
      send(bytes, connection)
      var byte: UInt8 = 0
      _ = unsafe recv(connection, &byte, 1, 0)
    }
  }

  private func readCall(_ connection: Int32) -> VarlinkCall? {
    var queue = ByteQueue()
    var framing = MessageFraming()
    var piece = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = unsafe recv(connection, &piece, piece.count, 0)
      guard count > 0 else { return nil }
      queue.append(piece.span.extracting(0..<count))
      if let message = try? framing.next(in: &queue) { return try? VarlinkCall(message) }
    }
  }

  private func send(_ bytes: [UInt8], _ connection: Int32) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = unsafe rest.withUnsafeBytes { unsafe Glibc.send(connection, $0.baseAddress!, $0.count, Int32(MSG_NOSIGNAL)) }
      guard count > 0 else { return }
      rest = rest.dropFirst(count)
    }
  }
}

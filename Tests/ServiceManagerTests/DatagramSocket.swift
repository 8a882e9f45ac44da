// SPDX-License-Identifier: Apache-2.0
import Glibc

/// A Unix datagram socket bound to a path: what stands for the service manager or the journal.
final class DatagramSocket {
  private let number: Int32

  init(path: String) {
    number = socket(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    unsafe withUnsafeMutableBytes(of: &address.sun_path) { unsafe $0.copyBytes(from: path.utf8) }
    let bound = unsafe withUnsafePointer(to: &address) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { form in
        unsafe bind(number, form, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    precondition(bound == 0, "a datagram socket can be bound to \(path)")
  }

  deinit { close(number) }

  /// The datagram that waits, or nil when none does.
  func receive() -> String? {
    var buffer = [UInt8](repeating: 0, count: 65536)
    let count = unsafe recv(number, &buffer, buffer.count, Int32(MSG_DONTWAIT))
    return count < 0 ? nil : String(decoding: buffer[..<count], as: UTF8.self)
  }
}

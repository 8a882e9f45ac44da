// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import LinuxSystem

extension SocketAddress {
  /// Lets `body` see an IPv4 or IPv6 address or a path as the kernel wants it. The tests have their own way for this, so that they do not
  /// lean on what they test.
  func withForm<Answer>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Answer) -> Answer {
    switch self {
    case .v4(let bytes, let port):
      var form = sockaddr_in()
      form.sin_family = sa_family_t(AF_INET)
      form.sin_port = port.bigEndian
      unsafe withUnsafeMutableBytes(of: &form.sin_addr) { unsafe $0.copyBytes(from: bytes) }
      return unsafe SocketAddress.show(form, body)
    case .v6(let bytes, let port, _):
      var form = sockaddr_in6()
      form.sin6_family = sa_family_t(AF_INET6)
      form.sin6_port = port.bigEndian
      unsafe withUnsafeMutableBytes(of: &form.sin6_addr) { unsafe $0.copyBytes(from: bytes) }
      return unsafe SocketAddress.show(form, body)
    case .unix(let path):
      var form = sockaddr_un()
      form.sun_family = sa_family_t(AF_UNIX)
      unsafe withUnsafeMutableBytes(of: &form.sun_path) { unsafe $0.copyBytes(from: path.utf8.prefix($0.count - 1)) }
      return unsafe SocketAddress.show(form, body)
    case .unnamed:
      return unsafe SocketAddress.show(sockaddr_un(), body)
    }
  }

  private static func show<Form, Answer>(_ form: Form, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Answer) -> Answer {
    unsafe withUnsafePointer(to: form) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe body($0, socklen_t(MemoryLayout<Form>.size)) }
    }
  }
}

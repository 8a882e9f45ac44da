// SPDX-License-Identifier: Apache-2.0
internal import Glibc
package import Octets

/// Where a socket is or goes: an IPv4 or IPv6 address with its port, or a path.
package enum SocketAddress: Hashable, Sendable {
  /// Four bytes of address, in network order, and a port.
  case v4([UInt8], port: UInt16)
  /// Sixteen bytes of address, in network order, a port, and the interface of a link-local address (0 for none).
  case v6([UInt8], port: UInt16, scope: UInt32)
  /// A Unix socket's path.
  case unix(String)
  /// A Unix peer without a name, or a family we do not speak.
  case unnamed

  /// The address that `text` shows without a port: `127.0.0.1`, `::1`, `fe80::1%2`; nil when it is none.
  package init?(numeric text: String, port: UInt16) {
    var four = in_addr()
    if unsafe inet_pton(AF_INET, text, &four) == 1 {
      self = .v4(SocketAddress.bytes(of: four), port: port)
      return
    }
    let halves = text.split(separator: "%", maxSplits: 1)
    var six = in6_addr()
    guard let host = halves.first, unsafe inet_pton(AF_INET6, String(host), &six) == 1 else { return nil }
    var scope: UInt32 = 0
    if halves.count == 2 {
      guard let number = UInt32(halves[1]) ?? SocketAddress.interface(String(halves[1])) else { return nil }
      scope = number
    }
    self = .v6(SocketAddress.bytes(of: six), port: port, scope: scope)
  }

  /// The port, or nil where there is none.
  package var port: UInt16? {
    switch self {
    case .v4(_, let port), .v6(_, let port, _): port
    case .unix, .unnamed: nil
    }
  }

  /// The same address with another port.
  package func with(port: UInt16) -> SocketAddress {
    switch self {
    case .v4(let bytes, _): .v4(bytes, port: port)
    case .v6(let bytes, _, let scope): .v6(bytes, port: port, scope: scope)
    case .unix, .unnamed: self
    }
  }

  /// Whether only this machine can be meant: 127.0.0.0/8, ::1, their mapped form, or a path.
  package var isLoopback: Bool {
    switch self {
    case .v4(let bytes, _): return bytes[0] == 127
    case .v6(let bytes, _, _):
      if bytes[0..<10].allSatisfy({ $0 == 0 }), bytes[10] == 0xff, bytes[11] == 0xff { return bytes[12] == 127 }
      return bytes[0..<15].allSatisfy { $0 == 0 } && bytes[15] == 1
    case .unix, .unnamed: return true
    }
  }

  /// The address without its port, as people write it.
  package var host: String {
    switch self {
    case .v4(let bytes, _): return bytes.map(String.init).joined(separator: ".")
    case .v6(let bytes, _, let scope):
      var text = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
      let shown = unsafe bytes.withUnsafeBytes { raw in
        unsafe text.withUnsafeMutableBufferPointer { buffer in
          unsafe inet_ntop(AF_INET6, raw.baseAddress!, buffer.baseAddress!, socklen_t(buffer.count)).map { unsafe String(cString: $0) }
        }
      }
      return (shown ?? "?") + (scope == 0 ? "" : "%\(scope)")
    case .unix(let path): return path
    case .unnamed: return "unix"
    }
  }

  private static func bytes<Address>(of address: Address) -> [UInt8] {
    unsafe withUnsafeBytes(of: address) { unsafe [UInt8]($0) }
  }

  private static func interface(_ name: String) -> UInt32? {
    let number = unsafe if_nametoindex(name)
    return number == 0 ? nil : number
  }
}

extension SocketAddress: CustomStringConvertible {
  package var description: String {
    switch self {
    case .v4(_, let port): "\(host):\(port)"
    case .v6(_, let port, _): "[\(host)]:\(port)"
    case .unix(let path): "unix:\(path)"
    case .unnamed: "unix"
    }
  }
}

extension SocketAddress {
  /// The address family, for `socket`.
  var family: Int32 {
    switch self {
    case .v4: AF_INET
    case .v6: AF_INET6
    case .unix, .unnamed: AF_UNIX
    }
  }

  /// Lets `body` see the address as the kernel wants it.
  func withKernelForm<Answer>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> Answer) -> Answer {
    switch self {
    case .v4(let bytes, let port):
      var form = sockaddr_in()
      form.sin_family = sa_family_t(AF_INET)
      form.sin_port = port.bigEndian
      unsafe withUnsafeMutableBytes(of: &form.sin_addr) { unsafe $0.copyBytes(from: bytes) }
      return unsafe SocketAddress.lend(form, body)
    case .v6(let bytes, let port, let scope):
      var form = sockaddr_in6()
      form.sin6_family = sa_family_t(AF_INET6)
      form.sin6_port = port.bigEndian
      form.sin6_scope_id = scope
      unsafe withUnsafeMutableBytes(of: &form.sin6_addr) { unsafe $0.copyBytes(from: bytes) }
      return unsafe SocketAddress.lend(form, body)
    case .unix(let path):
      var form = sockaddr_un()
      form.sun_family = sa_family_t(AF_UNIX)
      unsafe withUnsafeMutableBytes(of: &form.sun_path) { unsafe $0.copyBytes(from: path.utf8.prefix(SocketAddress.longestPath)) }
      return unsafe SocketAddress.lend(form, body)
    case .unnamed:
      return unsafe SocketAddress.lend(sockaddr_un(), body)
    }
  }

  /// How long a Unix socket's path may be, in bytes.
  package static let longestPath = 107

  /// The address that the kernel wrote into `storage`.
  init(_ storage: sockaddr_storage, length: socklen_t) {
    switch Int32(storage.ss_family) {
    case AF_INET:
      let form = unsafe withUnsafeBytes(of: storage) { unsafe $0.loadUnaligned(as: sockaddr_in.self) }
      self = .v4(SocketAddress.bytes(of: form.sin_addr), port: UInt16(bigEndian: form.sin_port))
    case AF_INET6:
      let form = unsafe withUnsafeBytes(of: storage) { unsafe $0.loadUnaligned(as: sockaddr_in6.self) }
      self = .v6(SocketAddress.bytes(of: form.sin6_addr), port: UInt16(bigEndian: form.sin6_port), scope: form.sin6_scope_id)
    case AF_UNIX where length > 2:
      let path = unsafe withUnsafeBytes(of: storage) { raw in
        unsafe String(decoding: raw[2..<Int(length)].prefix { $0 != 0 }, as: UTF8.self)
      }
      self = path.isEmpty ? .unnamed : .unix(path)
    default:
      self = .unnamed
    }
  }

  private static func lend<Form, Answer>(_ form: Form, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Answer) -> Answer {
    unsafe withUnsafePointer(to: form) { pointer in
      unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe body($0, socklen_t(MemoryLayout<Form>.size)) }
    }
  }
}

extension SocketAddress {
  /// The host as an address; nil for a path.
  package var ip: IPAddress? {
    switch self {
    case .v4(let bytes, _): IPAddress(octets: ([UInt8](repeating: 0, count: 10) + [0xff, 0xff] + bytes).span)
    case .v6(let bytes, _, _): IPAddress(octets: bytes.span)
    case .unix, .unnamed: nil
    }
  }

  /// The address of a host that was already read, with a port.
  package init(_ host: IPAddress, port: UInt16) {
    let octets = host.octets
    self = octets.count == 4 ? .v4(octets, port: port) : .v6(octets, port: port, scope: 0)
  }
}

// SPDX-License-Identifier: Apache-2.0
package import Octets

/// A place where the house takes mail in.
package enum ListenAddress: Hashable, Sendable {
  /// A TCP address; port 0 takes any free one.
  case tcp(IPAddress, port: UInt16)
  /// A Unix socket in the file system.
  case unix(path: String)

  /// Whether the system chooses the port.
  package var takesAnyPort: Bool { if case .tcp(_, 0) = self { true } else { false } }

  /// Whether only this machine can reach it.
  package var isLocal: Bool {
    switch self {
    case .tcp(let address, _): address.isLoopback
    case .unix: true
    }
  }
}

extension ListenAddress: SingleSettingValue {
  static var kind: String { "address" }

  init(written text: String) throws(ValueRefusal) {
    let form = "write 127.0.0.1:25, [::1]:25 or unix:/path"
    if text.hasPrefix("unix:") {
      let path = String(text.dropFirst("unix:".utf8.count))
      guard path.hasPrefix("/"), path.utf8.count <= 107, !path.hasControlCharacter else {
        throw ValueRefusal("is not the path of a Unix socket", "write unix: and an absolute path of at most 107 bytes")
      }
      self = .unix(path: path)
      return
    }
    guard let colon = text.lastIndex(of: ":") else { throw ValueRefusal("has no port", form) }
    let host = text[..<colon]
    let digits = text[text.index(after: colon)...]
    let isBracketed = host.hasPrefix("[") && host.hasSuffix("]") && host.utf8.count > 2
    guard let address = IPAddress(String(isBracketed ? host.dropFirst().dropLast() : host)), address.isIPv4 != isBracketed else {
      let isName = HostName(host) != nil && !host.utf8.isEmpty
      throw ValueRefusal("is not a listening address", isName ? "write a numeric address; \(form)" : form)
    }
    guard digits == "0" || (try? UInt16(written: String(digits))) != nil, let port = UInt16(digits) else {
      throw ValueRefusal("has no port between 0 and 65535", "write a number behind the colon; 0 takes any free port")
    }
    self = .tcp(address, port: port)
  }

  var text: String { description }
}

extension ListenAddress: CustomStringConvertible {
  package var description: String {
    switch self {
    case .tcp(let address, let port): address.isIPv4 ? "\(address):\(port)" : "[\(address)]:\(port)"
    case .unix(let path): "unix:\(path)"
    }
  }
}

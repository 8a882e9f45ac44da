// SPDX-License-Identifier: Apache-2.0
package import Octets

/// Where mail goes to: a machine, or a directory that plays one.
package enum UpstreamHost: Hashable, Sendable {
  /// A name, to be resolved.
  case name(HostName)
  /// A numeric address.
  case address(IPAddress)
  /// A Maildir into which everything is delivered, for trying things out.
  case capture(directory: String)

  /// Whether the way there never leaves this machine.
  package var isLocal: Bool {
    switch self {
    case .name(let host):
      host.name.lowercased() == "localhost" || host.name.lowercased().hasSuffix(".localhost")
    case .address(let address): address.isLoopback
    case .capture: true
    }
  }
}

extension UpstreamHost: SingleSettingValue {
  static var kind: String { "host" }

  init(written text: String) throws(ValueRefusal) {
    if text.hasPrefix("capture:") {
      let directory = String(text.dropFirst("capture:".utf8.count))
      guard directory.hasPrefix("/"), !directory.hasControlCharacter else {
        throw ValueRefusal("names no directory", "write capture: and an absolute path, such as capture:/var/lib/posthouse/captured")
      }
      self = .capture(directory: directory)
      return
    }
    let isBracketed = text.hasPrefix("[") && text.hasSuffix("]")
    if let address = IPAddress(String(isBracketed ? text.dropFirst().dropLast() : text[...])) {
      self = .address(address)
      return
    }
    if text.holds("://") { throw ValueRefusal("is not a host", "write the name alone, without a scheme") }
    if let colon = text.lastIndex(of: ":"), HostName(text[..<colon]) != nil || text[..<colon].hasSuffix("]") {
      let port = text[text.index(after: colon)...]
      throw ValueRefusal("has the port in it", "write Host=\(text[..<colon]) and Port=\(port)")
    }
    guard let name = HostName(text) else {
      throw ValueRefusal("is not a host", "write a name such as smtp.example.com, an address, or capture:/directory")
    }
    self = .name(name)
  }

  var text: String { description }
}

extension UpstreamHost: CustomStringConvertible {
  package var description: String {
    switch self {
    case .name(let host): host.name
    case .address(let address): address.description
    case .capture(let directory): "capture:\(directory)"
    }
  }
}

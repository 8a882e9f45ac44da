// SPDX-License-Identifier: Apache-2.0
import EventLoop
import Octets
import Settings
import Timekeeping

/// SOCKS 5 (RFC 1928) with user and password (RFC 1929).
///
///     methods ──► chosen ──(user and password)──► request ──► reply ──► the upstream's bytes
///
/// Each answer is read to its last byte and no further, because the upstream speaks first.
@Loop struct SOCKSTunnel {
  let user: String?
  let password: Secret?
  let deadline: Moment

  /// Asks for the way.
  func open(_ wire: inout Wire, to host: UpstreamHost, port: UInt16) async throws(ProxyTunnel.Refusal) {
    wire.output.append(user == nil ? [SOCKSTunnel.version, 1, Method.nobody] : [SOCKSTunnel.version, 2, Method.nobody, Method.password])
    try await wire.await(2, until: deadline)
    let (version, method) = (wire.input.bytes[0], wire.input.bytes[1])
    guard version == SOCKSTunnel.version else { throw .unwilling("does not speak SOCKS 5\(SOCKSTunnel.hint(version))") }
    wire.input.consume(2)
    switch method {
    case Method.nobody: break
    case Method.password where user != nil: try await logIn(&wire)
    case Method.none:
      throw .unwilling(user == nil ? "wants a login; put user:password@ before its host" : "takes neither user and password nor nobody")
    default: throw .unwilling("chose a way to log in that was not offered (\(method))")
    }
    request(&wire, host, port)
    try await reply(&wire)
  }

  private func logIn(_ wire: inout Wire) async throws(ProxyTunnel.Refusal) {
    let name = Array((user ?? "").utf8)
    let secret = password ?? Secret("")
    guard (1...255).contains(name.count), secret.count <= 255 else { throw .unwilling("has no room for a user or password that long") }
    wire.output.append([1, UInt8(name.count)] + name)
    wire.output.append(UInt8(secret.count))
    wire.output.append(secret.bytes)
    try await wire.await(2, until: deadline)
    let status = wire.input.bytes[1]
    wire.input.consume(2)
    guard status == 0 else { throw .unwilling("refused user and password") }
  }

  private func request(_ wire: inout Wire, _ host: UpstreamHost, _ port: UInt16) {
    wire.output.append([SOCKSTunnel.version, 1, 0])
    switch host {
    case .address(let address): wire.output.append([address.isIPv4 ? AddressForm.v4 : AddressForm.v6] + address.octets)
    case .name(let host):
      let name = Array(host.name.utf8)
      wire.output.append([AddressForm.name, UInt8(name.count)] + name)
    case .capture: preconditionFailure("only a machine is behind a proxy")
    }
    wire.output.append([UInt8(port >> 8), UInt8(port & 0xff)])
  }

  private func reply(_ wire: inout Wire) async throws(ProxyTunnel.Refusal) {
    try await wire.await(2, until: deadline)
    let (version, code) = (wire.input.bytes[0], wire.input.bytes[1])
    guard version == SOCKSTunnel.version else { throw .unwilling("does not keep to SOCKS 5") }
    guard code == 0 else { throw SOCKSTunnel.refusal(code) }
    // Where the proxy connects from means nothing to us, but stands before the upstream's bytes.
    try await wire.await(5, until: deadline)
    let length: Int
    switch wire.input.bytes[3] {
    case AddressForm.v4: length = 4
    case AddressForm.v6: length = 16
    case AddressForm.name: length = 1 + Int(wire.input.bytes[4])
    default: throw .unwilling("does not keep to SOCKS 5")
    }
    try await wire.await(4 + length + 2, until: deadline)
    wire.input.consume(4 + length + 2)
  }

  private static func refusal(_ code: UInt8) -> ProxyTunnel.Refusal {
    switch code {
    case 1: .unable("cannot reach the upstream (SOCKS code 1, general failure)")
    case 2: .unwilling("does not allow this connection by its rules (SOCKS code 2)")
    case 3: .unable("cannot reach the upstream's network (SOCKS code 3)")
    case 4: .unable("cannot reach the upstream, or does not find its name (SOCKS code 4)")
    case 5: .unable("was refused by the upstream (SOCKS code 5)")
    case 6: .unable("lost its way to the upstream (SOCKS code 6, TTL expired)")
    case 7: .unwilling("does not connect for others (SOCKS code 7, command not supported)")
    case 8: .unwilling("does not know this kind of address (SOCKS code 8)")
    default: .unable("answered with SOCKS code \(code), which has no meaning")
    }
  }

  /// What else it may be that answers.
  private static func hint(_ byte: UInt8) -> String {
    switch byte {
    case 0, 4: "; it speaks SOCKS 4"
    case UInt8(ascii: "H"): "; it seems to be an HTTP proxy: write http:// in Proxy="
    case UInt8(ascii: "2"): "; it seems to be a mail server"
    default: ""
    }
  }

  private static let version: UInt8 = 5

  private enum Method {
    static let nobody: UInt8 = 0
    static let password: UInt8 = 2
    static let none: UInt8 = 0xff
  }

  private enum AddressForm {
    static let v4: UInt8 = 1
    static let name: UInt8 = 3
    static let v6: UInt8 = 4
  }
}

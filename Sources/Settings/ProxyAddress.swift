// SPDX-License-Identifier: Apache-2.0
package import Octets

/// A proxy that leads to the upstream: `socks5://user:password@host:1080`, `http://host:3128`.
package struct ProxyAddress: Equatable, Sendable {
  /// How it is spoken to.
  package let form: Form
  /// Where it is: a name or an address.
  package let host: UpstreamHost
  /// Its port.
  package let port: UInt16
  /// Who we are there; nil for nobody.
  package let user: String?
  /// The password, where it stands in the address.
  package let password: Secret?

  /// How a proxy is spoken to.
  package enum Form: String, Hashable, Sendable {
    /// RFC 1928.
    case socks5
    /// CONNECT (RFC 9110 §9.3.6).
    case http
  }

  /// Where it is, without anything secret.
  package var place: String { "\(form.rawValue)://\(authority)" }

  private var authority: String {
    if case .address(let address) = host, !address.isIPv4 { return "[\(address)]:\(port)" }
    return "\(host):\(port)"
  }
}

extension ProxyAddress: SingleSettingValue {
  static var kind: String { "proxy" }

  init(written text: String) throws(ValueRefusal) {
    let remedy =
      "write socks5://proxy.example.com:1080 or http://proxy.example.com:3128, with user:password@ before the host if it wants them"
    // Whatever is wrong: what stands before the @ may be a password.
    let shown = ProxyAddress.withoutLogin(text)
    func refusal(_ what: String) -> ValueRefusal { ValueRefusal(what, remedy, part: shown) }
    guard let (scheme, rest) = ProxyAddress.cutScheme(text) else { throw refusal("is not a proxy") }
    guard let form = ProxyAddress.forms[scheme.lowercased()] else { throw refusal("is a proxy of a kind that is not spoken here") }
    let end = rest.hasSuffix("/") ? rest.dropLast() : rest[...]
    let login = end.lastIndex(of: "@").map { end[..<$0] }
    let address = end.lastIndex(of: "@").map { end[end.index(after: $0)...] } ?? end
    guard let colon = address.lastIndex(of: ":"), let port = try? UInt16(written: String(address[address.index(after: colon)...])) else {
      throw refusal("names no port")
    }
    guard let host = try? UpstreamHost(written: String(address[..<colon])), !host.isDirectory else { throw refusal("names no host") }
    let parts = login?.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(ProxyAddress.decoded)
    guard parts?.contains(nil) != true, parts?.first != "" else { throw refusal("has a user or password that cannot be read") }
    let (user, password) = (parts?.first ?? nil, parts?.count == 2 ? parts?.last ?? nil : nil)
    guard (user ?? "").utf8.count <= 255, (password ?? "").utf8.count <= 255 else {
      throw refusal("has a user or password of more than 255 bytes")
    }
    guard form != .http || user?.contains(":") != true else { throw refusal("has a colon in the user, which HTTP has no room for") }
    self.init(form: form, host: host, port: port, user: user, password: password.map { Secret($0) })
  }

  var text: String {
    guard let user else { return place }
    let login = ProxyAddress.encoded(user) + (password == nil ? "" : ":\(Setting.hidden)")
    return "\(form.rawValue)://\(login)@\(authority)"
  }

  private static func cutScheme(_ text: String) -> (scheme: String, rest: String)? {
    guard let (scheme, rest) = text.cutOnce(at: ":"), rest.hasPrefix("//") else { return nil }
    return (scheme, String(rest.dropFirst(2)))
  }

  /// The text with whatever may be a login taken out.
  private static func withoutLogin(_ text: String) -> String {
    guard let at = text.lastIndex(of: "@") else { return text }
    let scheme = cutScheme(text).map { $0.scheme + "://" } ?? ""
    return "\(scheme)\(Setting.hidden)\(text[at...])"
  }

  /// A text with its `%41` read; nil when one is broken, or hides a control character.
  private static func decoded(_ text: Substring) -> String? {
    var bytes: [UInt8] = []
    var rest = text.utf8
    while let byte = rest.popFirst() {
      guard byte == UInt8(ascii: "%") else {
        bytes.append(byte)
        continue
      }
      guard let digits = String(rest.prefix(2)), digits.utf8.count == 2, digits.allSatisfy(\.isHexDigit),
        let byte = UInt8(digits, radix: 16)
      else { return nil }
      rest = rest.dropFirst(2)
      bytes.append(byte)
    }
    guard let text = String(validating: bytes, as: UTF8.self), !text.hasControlCharacter else { return nil }
    return text
  }

  private static func encoded(_ text: String) -> String {
    text.utf8.reduce(into: "") { result, byte in
      let isPlain = byte.isASCIILetter || byte.isASCIIDigit || "-._~".utf8.contains(byte)
      result += isPlain ? String(UnicodeScalar(byte)) : "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16, uppercase: true)
    }
  }

  private static let forms: [String: Form] = ["socks5": .socks5, "socks5h": .socks5, "http": .http]
}

extension UpstreamHost {
  /// Whether it is no machine at all.
  fileprivate var isDirectory: Bool { if case .capture = self { true } else { false } }
}

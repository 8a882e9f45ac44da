// SPDX-License-Identifier: Apache-2.0
internal import Glibc
internal import LinuxSystem

/// The names an administrator gives to addresses by hand (hosts(5)), which go before DNS.
///
/// A name found here is not asked for in DNS, in neither family: who overrides a name with an IPv4 address does not expect its IPv6 address
/// from elsewhere. The file is read anew for each look-up, as the C library does.
struct HostsFile {
  private let path: String

  init(path: String) { self.path = path }

  /// The addresses of a name, in the order of the file; none when the file is not there.
  func addresses(of name: String, port: UInt16) -> [SocketAddress] {
    guard let stream = unsafe fopen(path, "re") else { return [] }
    defer { unsafe fclose(stream) }
    var found: [SocketAddress] = []
    var line = [CChar](repeating: 0, count: HostsFile.longestLine)
    for _ in 0..<HostsFile.mostLines {
      guard found.count < HostsFile.mostAddresses, unsafe fgets(&line, Int32(line.count), stream) != nil else { break }
      let text = String(decoding: line.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
      if let address = HostsFile.address(in: text, of: name, port: port), !found.contains(address) { found.append(address) }
    }
    return found
  }

  /// The address that one line gives to `name`.
  static func address(in line: String, of name: String, port: UInt16) -> SocketAddress? {
    let words = line.prefix { $0 != "#" }.split { $0.isWhitespace }
    guard let first = words.first, words.dropFirst().contains(where: { $0.lowercased() == name.lowercased() }) else { return nil }
    return SocketAddress(numeric: String(first), port: port)
  }

  private static let longestLine = 1024
  private static let mostLines = 100_000
  private static let mostAddresses = 32
}

// SPDX-License-Identifier: Apache-2.0
internal import LinuxSystem

/// What a configured host can be before anybody is asked: an address, this machine, or a name to look up.
enum HostName: Equatable {
  /// It is an address.
  case address(SocketAddress)
  /// It is `localhost` or below it, which never leaves the machine (RFC 6761 §6.3).
  case thisMachine
  /// A name of good form; without the dot at its end if `isComplete` says that there was one.
  case name(String, isComplete: Bool)

  /// Judges `text`; brackets around an address are allowed.
  init(_ text: String, port: UInt16) throws(ResolutionFailure) {
    let bare = text.hasPrefix("[") && text.hasSuffix("]") ? String(text.dropFirst().dropLast()) : text
    if let address = SocketAddress(numeric: bare, port: port) {
      self = .address(address)
      return
    }
    let isComplete = text.hasSuffix(".")
    let name = isComplete ? String(text.dropLast()) : text
    try HostName.check(name)
    let lower = name.lowercased()
    self = lower == "localhost" || lower.hasSuffix(".localhost") ? .thisMachine : .name(name, isComplete: isComplete)
  }

  private static func check(_ name: String) throws(ResolutionFailure) {
    if name.isEmpty { throw .badName(name, reason: "it is empty") }
    if name.utf8.count > 253 { throw .badName(name, reason: "it is longer than 253 characters") }
    for byte in name.utf8 {
      if byte >= 0x80 { throw .badName(name, reason: "it has characters outside of ASCII") }
      let isAllowed = (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte & 0xdf) || byte == 0x2d || byte == 0x2e || byte == 0x5f
      if !isAllowed { throw .badName(name, reason: "it has characters that no host's name has") }
    }
    let labels = name.split(separator: ".", omittingEmptySubsequences: false)
    if labels.contains(where: \.isEmpty) { throw .badName(name, reason: "two dots stand side by side") }
    if labels.contains(where: { $0.utf8.count > 63 }) { throw .badName(name, reason: "a part is longer than 63 characters") }
    if let last = labels.last, last.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
      throw .badName(name, reason: "it looks like an address but is none")
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
/// The layers of the house: a room may use rooms of lower layers only, and never a neighbour of its own.
enum LayerTable {
  /// The rooms by layer, lowest first.
  static let layers: [[String]] = [
    ["Octets", "Timekeeping"],
    ["Mail", "Settings", "Varlink", "TLSTerms"],
    ["SMTP", "Policy", "Scheduling", "Telemetry"],
    ["LinuxSystem", "TLS"],
    ["EventLoop"],
    ["Resolver", "Secrets", "ServiceManager", "Spool", "TLSTransport"],
    ["Submission", "Delivery", "Control"],
    ["Relay"],
    ["posthoused", "posthouse", "posthouse-bench", "bare-ceiling", "bench-peer"],
  ]

  /// Who may use a C library's shim.
  static let shims: [String: Set<String>] = [
    "COctets": ["Octets"], "CLinux": ["LinuxSystem", "EventLoop"], "COpenSSL": ["TLS"], "CCares": ["Resolver"],
    "CSystemd": ["ServiceManager"], "CBenchWire": ["bare-ceiling", "bench-peer", "posthouse-bench"],
  ]

  /// Who may use what was made for the tests, besides the tests.
  static let guests: [String: Set<String>] = ["posthouse-bench": ["Harness"]]

  /// Modules from outside that a room may import.
  static let outside: Set<String> = ["Glibc", "Synchronization"]

  /// The rooms in which `unsafe` may stand: those that touch memory of the kernel, of C libraries, or of their own making.
  static let unsafeRooms: Set<String> = ["Octets", "LinuxSystem", "TLS", "EventLoop", "Resolver", "Secrets", "ServiceManager", "posthouse"]

  /// The layer of a room, from 0.
  static func layer(of room: String) -> Int? { layers.firstIndex { $0.contains(room) } }

  /// What is wrong with `user` using `used`, and what to do; nil when it is in order.
  static func complaint(_ user: String, using used: String) -> String? {
    if let users = shims[used] {
      return users.contains(user)
        ? nil : "only \(users.sorted().joined(separator: " and ")) may use \(used); ask that room for what is needed"
    }
    if guests[user]?.contains(used) == true { return nil }
    guard let upper = layer(of: user) else { return "\(user) has no layer; give it one in the layer table" }
    guard let lower = layer(of: used) else {
      return outside.contains(used) ? nil : "\(used) is no room of this house; do without it, or add it to the layer table"
    }
    if lower < upper { return nil }
    return lower == upper
      ? "\(user) and \(used) are neighbours in layer \(upper); move what both need into a lower room, or join them in a higher one"
      : "\(used) (layer \(lower)) stands above \(user) (layer \(upper)); turn the dependency round, or pass what is needed in from above"
  }
}

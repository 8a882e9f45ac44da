// SPDX-License-Identifier: Apache-2.0

/// What a test writes into the configuration of its daemon: `settings["Retry.First"] = "1s"`.
///
/// It begins with what suits a test: any free port, a spool of small segments, retries within seconds.
package struct DaemonSettings: Sendable {
  private var values: [String: String] = [
    "Relay.Hostname": "relay.test",
    "Listen.Address": "127.0.0.1:0",
    "Retry.First": "1s",
    "Retry.Max": "2s",
    "Retry.Jitter": "0%",
    "Spool.SegmentSize": "4M",
    "Spool.Reserve": "0",
    "Log.Level": "debug",
  ]

  /// Settings with which mail goes nowhere yet: the upstream is missing.
  package init() {}

  /// One setting by section and name; nil leaves it out.
  package subscript(key: String) -> String? {
    get { values[key] }
    set { values[key] = newValue }
  }

  /// The default upstream on a loopback port, in clear.
  package mutating func useUpstream(port: UInt16) {
    self["Upstream.Host"] = "127.0.0.1"
    self["Upstream.Port"] = "\(port)"
    self["Upstream.TLS"] = "none"
  }

  /// The default upstream with STARTTLS, a login and the authority that it is to be trusted by.
  package mutating func useUpstream(_ postfix: PostfixUpstream) {
    self["Upstream.Host"] = "localhost"
    self["Upstream.Port"] = "\(postfix.port)"
    self["Upstream.TLS"] = "starttls"
    self["Upstream.CAFile"] = postfix.authority.certificatePath
    self["Upstream.User"] = PostfixUpstream.user
    self["Upstream.Password"] = PostfixUpstream.password
  }

  /// The whole file.
  package var text: String {
    var sections: [String: [String]] = [:]
    for (key, value) in values.sorted(by: { $0.key < $1.key }) {
      let parts = key.split(separator: ".", maxSplits: 1)
      precondition(parts.count == 2, "a setting is named Section.Name")
      sections[String(parts[0]), default: []].append("\(parts[1])=\(value)")
    }
    return sections.sorted { $0.key < $1.key }.map { "[\($0.key)]\n" + $0.value.joined(separator: "\n") + "\n" }.joined(separator: "\n")
  }
}

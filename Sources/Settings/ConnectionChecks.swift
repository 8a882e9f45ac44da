// SPDX-License-Identifier: Apache-2.0
internal import Octets

/// What settings about single connections say against each other.
extension SettingsChecks {
  /// Checks the way that connections of one upstream take.
  mutating func checkConnection() { checkSources() }

  private mutating func checkSources() {
    guard areReadable("Upstream.SourceAddress", "Upstream.Host") else { return }
    let sources = settings.upstream.connection.sources
    for source in sources where source.isUnspecified {
      refuse(
        "Upstream.SourceAddress", "Upstream.SourceAddress \"\(source)\" is no address of a machine; take it away to let the system choose")
    }
    for isIPv4 in [true, false] {
      let twins = sources.filter { $0.isIPv4 == isIPv4 }
      guard twins.count > 1 else { continue }
      let family = isIPv4 ? "IPv4" : "IPv6"
      refuse(
        "Upstream.SourceAddress",
        "Upstream.SourceAddress \"\(twins[1])\" is a second \(family) address beside \"\(twins[0])\"; name one of each family")
    }
    if case .address(let host) = settings.upstream.host, !sources.isEmpty, !sources.contains(where: { $0.isIPv4 == host.isIPv4 }) {
      refuse(
        "Upstream.SourceAddress",
        "Upstream.SourceAddress \"\(sources[0])\" cannot reach Upstream.Host \"\(host)\", which is of the other family; "
          + "name a source address of its family")
    }
  }
}

// SPDX-License-Identifier: Apache-2.0
/// What an authentication can be tied to, so that nobody can relay it over another connection.
package enum TLSChannelBinding: Hashable, Sendable {
  /// `tls-server-end-point`: the server's certificate (RFC 5929 §4).
  case serverEndPoint
  /// `tls-exporter`: the keys of the connection (RFC 9266).
  case exporter

  /// Its name in SASL.
  package var name: String {
    switch self {
    case .serverEndPoint: "tls-server-end-point"
    case .exporter: "tls-exporter"
    }
  }
}

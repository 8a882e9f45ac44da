// SPDX-License-Identifier: Apache-2.0
/// Why no mechanism was chosen, known before a word of a login is said.
package enum SASLRefusal: Error, Hashable, Sendable {
  /// The secret would have been readable on the way.
  case channelUnsafe(UpstreamChannel)
  /// The upstream offers no authentication at all.
  case notOffered
  /// The upstream offers only mechanisms that we lack or that are switched off.
  case nothingInCommon(offered: [String], wanted: [String])
  /// What it offers and we may use does not go with our credentials; why is said of the first.
  case credentialsUnfit(offered: [String], UpstreamCredentials.Misfit)
}

extension SASLRefusal: CustomStringConvertible {
  package var description: String {
    switch self {
    case .channelUnsafe: "no AUTH without verified TLS"
    case .notOffered: "AUTH was not offered"
    case .nothingInCommon(let offered, let wanted):
      "AUTH offers \(offered.joined(separator: " ")), we may use \(wanted.joined(separator: " "))"
    case .credentialsUnfit(let offered, let misfit): "AUTH with \(offered.joined(separator: " ")) is impossible: \(misfit)"
    }
  }
}

extension UpstreamCredentials.Misfit: CustomStringConvertible {
  package var description: String {
    switch self {
    case .anotherKind: "our credentials are of another kind (password, token or certificate)"
    case .needsPreparation: "user or password has characters beyond printable ASCII; allow PLAIN or LOGIN, or change the password"
    case .nothingToBind: "the connection has nothing to bind the login to; allow the same without -PLUS"
    }
  }
}

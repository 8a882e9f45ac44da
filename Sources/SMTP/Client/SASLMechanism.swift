// SPDX-License-Identifier: Apache-2.0
package import Octets

/// A way of proving to an upstream who we are (RFC 4422).
package enum SASLMechanism: String, Hashable, Sendable, CaseIterable {
  /// User and password in one message (RFC 4616).
  case plain = "PLAIN"
  /// User and password in two messages, never standardised; the only one some servers have.
  case login = "LOGIN"

  /// The first mechanism of `order` that the upstream offers and the credentials fit; throws when nothing may or can be used.
  ///
  /// None is ever chosen on a channel that does not carry credentials: every mechanism here shows the password to whoever listens.
  package static func choose(
    from offered: [String], order: [SASLMechanism] = allCases, credentials: UpstreamCredentials, channel: UpstreamChannel
  ) throws(SASLRefusal) -> SASLMechanism {
    guard channel.carriesCredentials else { throw .channelUnsafe(channel) }
    guard !offered.isEmpty else { throw .notOffered }
    guard let mechanism = order.first(where: { offered.contains($0.rawValue) && credentials.fit($0) }) else {
      throw .nothingInCommon(offered: offered, wanted: order.map(\.rawValue))
    }
    return mechanism
  }
}

/// What we prove it with.
package struct UpstreamCredentials: Sendable, Equatable {
  /// The name of the account; may be shown.
  package let user: String
  /// Its password.
  package let password: Secret

  /// Credentials of an account; nil when no mechanism could send them: empty, with a NUL, or longer than a command line can be.
  package init?(user: String, password: Secret) {
    guard !user.isEmpty, user.utf8.count <= 2048, !user.utf8.contains(0) else { return nil }
    guard !password.isEmpty, password.count <= 4096, password.bytes.firstIndex(of: 0) == nil else { return nil }
    self.user = user
    self.password = password
  }

  func fit(_ mechanism: SASLMechanism) -> Bool {
    switch mechanism {
    case .plain, .login: true
    }
  }
}

/// Why no mechanism was chosen.
package enum SASLRefusal: Error, Hashable, Sendable {
  /// The password would have been readable on the way.
  case channelUnsafe(UpstreamChannel)
  /// The upstream offers no authentication at all.
  case notOffered
  /// The upstream offers only mechanisms that we lack or that are switched off.
  case nothingInCommon(offered: [String], wanted: [String])
}

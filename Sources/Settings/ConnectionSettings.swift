// SPDX-License-Identifier: Apache-2.0
package import Octets

/// What `[Upstream]` says about single connections: which way they take, how long each step may last, and when they are renewed.
package struct ConnectionSettings: Equatable, Sendable {
  /// Our own addresses to connect from, at most one of each family; empty lets the kernel choose.
  package internal(set) var sources: [IPAddress] = []
  /// Age after which a connection takes no more mail.
  package internal(set) var maxAge: Duration = .seconds(600)
  /// How long it may take to greet; nil is as long as any command.
  package internal(set) var greetingTimeout: Duration?
  /// How long it may take to answer MAIL; nil is as long as any command.
  package internal(set) var mailTimeout: Duration?
  /// How long it may take to answer RCPT; nil is as long as any command.
  package internal(set) var recipientTimeout: Duration?
  /// How long it may take to answer DATA; nil is two minutes, or as long as any command if that is less.
  package internal(set) var dataCommandTimeout: Duration?
}

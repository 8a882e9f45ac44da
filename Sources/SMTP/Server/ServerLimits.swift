// SPDX-License-Identifier: Apache-2.0
package import Octets

/// How much one connection may ask for. Everything a client can make grow is bounded by one of these.
package struct ServerLimits: Hashable, Sendable {
  /// The largest message, as it is after decoding.
  package var messageSize = ByteCount.mebibytes(25)
  /// The most recipients of one message; RFC 5321 wants at least 100.
  package var recipients = 1000
  /// The longest command, its CRLF included.
  package var commandLine = 2048
  /// The longest line of an AUTH exchange (RFC 4954 §4), its CRLF included.
  package var authLine = 12_288
  /// The longest line of a message that is text, its CRLF included; nil is no limit, since honest programs break RFC 5321's 1,000.
  package var textLine: Int?
  /// The largest header section.
  package var headerSection = ByteCount.mebibytes(1)
  /// The most `Received:` fields a message may bring; more means that it goes round in circles (RFC 5321 §6.3).
  package var hops = 100
  /// The most chunks of one message.
  package var chunks = 10_000
  /// The mistakes after which a connection is closed.
  package var errors = 20
  /// The most messages on one connection; nil is no limit.
  package var transactions: Int?

  /// The limits where nothing else is said.
  package init() {}
}
